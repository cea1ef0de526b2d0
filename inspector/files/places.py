"""The one place that decides what may be written where, before the work begins.

A file may be new, or replace an older regular file of its own kind. Through a symbolic link its
target is written, and made where it is missing: that is where whoever made the link wants the file.
Everything else is refused in a sentence: folders, devices and pipes, files of another kind, files
that are read-only or somebody else's, two outputs in one file.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from inspector.errors import InputError, MachineError
from inspector.files.kinds import Kind
from inspector.files.temporary import sweep, try_folder
from inspector.record import record


@record(frozen=True, slots=True)
class Output:
    """A file that is to be written."""

    #: What asked for it, such as ``--out``.
    name: str
    path: Path
    kind: Kind


def refuse_places(outputs: Sequence[Output]) -> None:
    """Refuse, before the work begins, what ``refuse_place`` refuses, and two outputs in one file.

    Raises
    ------
    InputError, MachineError
        As ``refuse_place``; and InputError when two outputs would be one file.
    """
    taken: dict[Path, Output] = {}
    for output in outputs:
        place = refuse_place(output.path, output.kind)
        other = taken.setdefault(place, output)
        if other is not output:
            raise InputError(
                f"{other.name} and {output.name} would be one file, {output.path}.",
                "Name another file for one of them.",
            )


def refuse_place(path: Path, kind: Kind | None = None) -> Path:
    """Refuse a place where a file cannot or may not be, and return where it will really be.

    The folder is tried out: a file is made in it and removed again. Without a ``kind`` any regular
    file may be replaced.

    Raises
    ------
    InputError
        When the path is a folder, a device or a pipe, when its folder does not exist, or when what
        is there is of another kind.
    MachineError
        When the machine refuses, when the file is read-only, or somebody else's.
    """
    place = final_place(path, kind)
    with refusals(path):
        sweep(place.parent)
        try_folder(place.parent)
    return place


def final_place(path: Path, kind: Kind | None) -> Path:
    """Return where a file will really be, as ``refuse_place``, without trying the folder out."""
    with refusals(path):
        place = through_links(path)
        found = _look(path)
        if found is None:
            if not place.parent.is_dir():
                raise InputError(
                    f"There is no folder {path.parent if not path.is_symlink() else place.parent}.",
                    "Make it first, or name another one.",
                )
        elif stat.S_ISDIR(found.st_mode):
            raise InputError(f"{path} is a folder.", "Name a file in it.")
        else:
            _refuse_older(path, found, kind)
    return place


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


def through_links(path: Path) -> Path:
    """Return where a path's links lead, whether anything is there or not.

    Raises
    ------
    OSError
        When they lead in a circle, or when the machine refuses.
    """
    try:
        return path.resolve()
    except RuntimeError as error:
        # Until Python 3.13 a loop of links is no OSError.
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from error


def _look(path: Path) -> os.stat_result | None:
    """Return what stands at the end of a path's links; None where nothing does."""
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _refuse_older(path: Path, found: os.stat_result, kind: Kind | None) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise InputError(f"{path} is a device or a pipe, no file.", "Name a file.")
    if any(_is(found, stream) for stream in (1, 2)):
        raise InputError(f"{path} is where the command's own words go.", "Name another file.")
    mine = getattr(os, "geteuid", lambda: found.st_uid)()
    if found.st_uid != mine:
        raise MachineError(f"{path} belongs to somebody else.", "Name another file.")
    if not found.st_mode & 0o222 or not os.access(path, os.W_OK):
        raise MachineError(
            f"{path} is read-only.", "Name another file, or let it be written (chmod u+w)."
        )
    if kind is not None and not kind.holds(path):
        raise InputError(
            f"{path} is there already and is not {kind.name}.",
            "Name another file, or move that one away.",
        )


def _is(found: os.stat_result, stream: int) -> bool:
    """Say whether a file is the one behind an open stream."""
    try:
        return os.path.samestat(found, os.fstat(stream))
    except OSError:
        return False
