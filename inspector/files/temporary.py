"""Files that are not finished: ``.inspector.PID.XXXXXXXX`` beside the place they will take.

Their writer holds a lock on them. A later run removes those whose writer is dead: no process has
the number in their name, and nobody holds the lock, so that a writer on another machine or in
another container is left alone.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from inspector import signals

#: Windows has none; there nothing is swept.
fcntl: Any = import_module("fcntl") if os.name == "posix" else None

_NAME = re.compile(r"\.inspector\.(?P<writer>\d+)\.[a-z0-9_]{8}")
#: Bytes that are tried out: a full disk refuses the first block.
_BLOCK = b"\0" * 4096


@contextmanager
def unfinished(folder: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """Open a file in ``folder`` that is gone in the end, unless it was renamed.

    Raises
    ------
    OSError
        When the machine refuses.
    """
    # Named before it is there, so that no interrupt comes between the file and its name.
    path = folder / f".inspector.{os.getpid()}.{secrets.token_hex(4)}"
    try:
        with open(path, "xb", opener=_for_us) as file:
            _lock(file.fileno())
            yield path, file
    finally:
        with signals.held():
            path.unlink(missing_ok=True)


def try_folder(folder: Path) -> None:
    """Make a small file in a folder and remove it.

    Raises
    ------
    OSError
        When the machine refuses.
    """
    with unfinished(folder) as (_, file):
        file.write(_BLOCK)
        file.flush()


def sweep(folder: Path) -> None:
    """Remove what runs left behind that were killed."""
    if fcntl is None:
        return
    with suppress(OSError):
        for path in folder.glob(".inspector.*"):
            named = _NAME.fullmatch(path.name)
            if named and path.is_file() and not path.is_symlink() and not _lives(int(named[1])):
                _remove_abandoned(path)


def _for_us(path: str, flags: int) -> int:
    """Open a file that nobody else may read until it is finished."""
    return os.open(path, flags, 0o600)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def _remove_abandoned(path: Path) -> None:
    # Refused where somebody holds the lock, or where the file is not ours to open.
    with suppress(OSError), path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()


def _lock(handle: int) -> None:
    if fcntl is not None:
        # Some network file systems know no locks: then a file there is known by its number alone.
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
