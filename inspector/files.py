"""Files that appear whole or not at all.

A file is written beside its final place, flushed to the disk, and renamed into place; so a reader
never sees half of it, and an older file stays as it was until the new one is finished.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inspector.errors import InputError, MachineError


def refuse_place(path: Path | None) -> None:
    """Refuse, before the work begins, a place where no file can be.

    Raises
    ------
    InputError
        When the path is a folder, or its folder does not exist.
    MachineError
        When the machine cannot even look there.
    """
    if path is None:
        return
    with refusals(path):
        if path.is_dir():
            raise InputError(f"{path} is a folder.", "Name a file in it.")
        if not path.parent.is_dir():
            raise InputError(
                f"There is no folder {path.parent}.", "Make it first, or name another one."
            )


def make_folder(path: Path) -> None:
    """Make a folder for many files, or take the one that is there.

    Raises
    ------
    InputError
        When a file is in its place, or when the folder it should be in does not exist.
    MachineError
        When the machine refuses.
    """
    with refusals(path):
        if path.exists() and not path.is_dir():
            raise InputError(f"{path} is a file, not a folder.", "Name a folder with --out.")
        if not path.absolute().parent.is_dir():
            raise InputError(f"There is no folder {path.parent}.", "Make it first.")
        path.mkdir(exist_ok=True)


def write_whole(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path``, replacing an older file only by the finished one.

    Raises
    ------
    InputError
        As ``refuse_place``.
    MachineError
        When the machine refuses: permission, disk space, file size.
    """
    refuse_place(path)
    temporary = None
    try:
        with refusals(path):
            handle, temporary = tempfile.mkstemp(prefix=".inspector.", dir=path.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(_mode(path))
            Path(temporary).replace(path)
            temporary = None
            _sync_folder(path.parent)
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Remove a file that is no longer true, if it is there.

    Raises
    ------
    MachineError
        When the machine refuses.
    """
    with refusals(path):
        path.unlink(missing_ok=True)


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Turn what the machine refuses into a sentence.

    Raises
    ------
    MachineError
        When the machine refuses.
    """
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise MachineError(
            f"{path} could not be written: {reason}.",
            "Name another place, or make room there; an older file is as it was.",
        ) from error


def _mode(path: Path) -> int:
    """Return the mode of the file to be replaced, or what a new file would get."""
    if path.exists():
        return path.stat().st_mode & 0o777
    # The mask can only be read by setting it.
    mask = os.umask(0o022)
    os.umask(mask)
    return 0o666 & ~mask


def _sync_folder(folder: Path) -> None:
    """Make the rename last; not every system can open a folder, and then it cannot be done."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
