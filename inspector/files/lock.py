"""One run at a time to a folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from inspector import signals
from inspector.errors import InputError
from inspector.files.places import refusals

if TYPE_CHECKING:
    from filelock import FileLock

LOCK = ".inspector.lock"


@contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Hold a folder's lock; the system frees it when the process dies."""
    # Imported here: most commands write into no folder, and need not wait for it.
    from filelock import FileLock

    path = folder / LOCK
    with refusals(folder):
        if path.is_symlink():
            raise InputError(f"{path} is a link.", "Remove it, or name another folder with --out.")
        lock = FileLock(path, timeout=0)
    try:
        with refusals(folder), signals.held():
            _take(lock, path)
        yield
    finally:
        if lock.is_locked:
            # Removed before it is free, so that nobody's lock is taken away.
            with signals.held(), suppress(OSError):
                path.unlink()
            lock.release()


def _take(lock: FileLock, path: Path) -> None:
    from filelock import Timeout

    while True:
        try:
            lock.acquire()
        except Timeout as error:
            raise InputError(
                f"Another run is writing into {path.parent}.",
                "Wait until it has ended, or name another folder with --out.",
            ) from error
        if path.exists():
            return
        # The run before has removed the file between its being opened and locked.
        lock.release()
