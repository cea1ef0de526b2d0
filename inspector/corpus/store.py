"""Finished shards on disk: what an interruption, a crash or a full disk leaves to go on from.

A folder ``shards`` holds ``plan.json``, which says what they are shards of, and a file each. Files
appear whole or not at all, so whatever is there is finished.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from inspector.corpus.record import Record
from inspector.errors import InputError, MachineError
from inspector.files import make_folder, refusals, write_whole

#: Changes when what a shard holds or how it is computed does.
SCHEMA = 1

_FOLDER = "shards"
_PLAN = "plan.json"
_LOCK = ".lock"


@contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Keep other runs out of a folder as long as one writes into it; the system frees it at death.

    Raises
    ------
    InputError
        When another run has it.
    MachineError
        When the machine refuses.
    """
    shards = folder / _FOLDER
    make_folder(folder)
    make_folder(shards)
    lock = FileLock(shards / _LOCK, timeout=0)
    with refusals(folder):
        try:
            lock.acquire()
        except Timeout as error:
            raise InputError(
                f"Another run is writing into {folder}.",
                "Wait until it has ended, or name another folder with --out.",
            ) from error
    try:
        yield
    finally:
        lock.release()


class Store:
    """The shards of one plan.

    Parameters
    ----------
    folder:
        The folder of the run, which must be ours (``only_run``); the shards have a folder in it.
    plan:
        What decides the results, in words: each part is compared with what is there.
    restart:
        Begin anew whatever is there.

    Raises
    ------
    InputError
        When there are shards of another plan.
    MachineError
        When the machine refuses.
    """

    def __init__(self, folder: Path, plan: Mapping[str, object], *, restart: bool) -> None:
        self._folder = folder / _FOLDER
        said = {"schema": SCHEMA} | dict(plan)
        path = self._folder / _PLAN
        # As it comes back from the file: a tuple becomes a list.
        said = json.loads(json.dumps(said))
        if restart:
            self._clear()
        elif (there := _read_plan(path)) is not None and there != said:
            changed = [name for name in said if there.get(name) != said[name]]
            raise InputError(
                f"{folder} holds a run with another {' and another '.join(changed)}.",
                "Give --restart to begin anew, or another folder with --out.",
            )
        if not path.exists():
            self._clear()
            write_whole(path, json.dumps(said, indent=1).encode())

    def finished(self, index: int) -> bool:
        """Say whether a shard is there and undamaged."""
        path = self._path(index)
        try:
            Record.from_bytes(path.read_bytes())
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return False
        return True

    def write(self, index: int, record: bytes) -> None:
        """Keep a finished shard.

        Raises
        ------
        MachineError
            When the machine refuses.
        """
        write_whole(self._path(index), record)

    def records(self, count: int) -> Iterator[Record]:
        """Read the shards in their order, one at a time."""
        for index in range(count):
            yield Record.from_bytes(self._path(index).read_bytes())

    def _path(self, index: int) -> Path:
        return self._folder / f"{index:06}.npz"

    def _clear(self) -> None:
        try:
            (self._folder / _PLAN).unlink(missing_ok=True)
            for path in self._folder.glob("[0-9]*.npz"):
                path.unlink()
        except OSError as error:
            raise MachineError(
                f"{self._folder} cannot be emptied: {(error.strerror or str(error)).lower()}.",
                "Check its permissions, or name another folder with --out.",
            ) from error


def _read_plan(path: Path) -> dict[str, object] | None:
    try:
        plan = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} cannot be read.", "Give --restart to begin anew, or another folder with --out."
        ) from error
    return plan if isinstance(plan, dict) else {}
