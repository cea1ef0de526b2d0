"""Finished shards on disk: what an interruption, a crash or a full disk leaves to go on from.

A folder ``shards`` holds ``plan.json``, which says what they are shards of, and a file each. A file
ends in a checksum over plan, place and content: what has it is finished, is this plan's, and stands
where it belongs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping

from inspector.corpus.record import Record
from inspector.errors import InputError, MachineError
from inspector.files import OutputFolder

#: Changes when what a shard holds or how it is computed does.
SCHEMA = 3

FOLDER = "shards"
_PLAN = f"{FOLDER}/plan.json"


def shard_names(count: int) -> list[str]:
    """Return the names, in the run's folder, of everything that the shards need."""
    return [_PLAN, *(_shard(index) for index in range(count))]


class Store:
    """The shards of one plan.

    Parameters
    ----------
    folder:
        The folder of the run, in which ``shard_names`` are claimed; the run begins with this.
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

    def __init__(self, folder: OutputFolder, plan: Mapping[str, object], *, restart: bool) -> None:
        self._folder = folder
        said = json.dumps({"schema": SCHEMA} | dict(plan), indent=1).encode()
        self._plan = hashlib.sha256(said).digest()
        there = None if restart else self._read_plan()
        if there is not None and there != (wanted := json.loads(said)):
            changed = [name for name in wanted if there.get(name) != wanted[name]]
            raise InputError(
                f"{folder.path} holds a run with another {' and another '.join(changed)}.",
                "Give --restart to begin anew, or another folder with --out.",
            )
        folder.begin()
        if there is None:
            folder.remove(folder.listed(FOLDER))
        folder.write(_PLAN, said)

    def finished(self, index: int) -> bool:
        """Say whether a shard is there and undamaged."""
        return self._read(index) is not None

    def write(self, index: int, record: bytes) -> None:
        """Keep a finished shard.

        Raises
        ------
        MachineError
            When the machine refuses.
        """
        self._folder.write(_shard(index), self._seal(index, record))

    def records(self, count: int) -> Iterator[Record]:
        """Read the shards in their order, one at a time.

        Raises
        ------
        MachineError
            When one has been changed since it was looked at.
        """
        for index in range(count):
            record = self._read(index)
            if record is None:
                raise MachineError(
                    f"{self._folder.path / _shard(index)} was damaged while the command ran.",
                    "Run the same command again: it is made anew.",
                )
            yield Record.from_bytes(record)

    def _read(self, index: int) -> bytes | None:
        """Return a shard's record, and None where it is not there or damaged."""
        try:
            sealed = (self._folder.path / _shard(index)).read_bytes()
        except OSError:
            return None
        record = sealed[: -hashlib.sha256().digest_size]
        if self._seal(index, record) != sealed:
            return None
        self._folder.keep(_shard(index), sealed)
        return record

    def _seal(self, index: int, record: bytes) -> bytes:
        place = f"{_shard(index)}\0".encode()
        return record + hashlib.sha256(self._plan + place + record).digest()

    def _read_plan(self) -> dict[str, object] | None:
        path = self._folder.path / _PLAN
        try:
            plan = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(
                f"{path} cannot be read.",
                "Give --restart to begin anew, or another folder with --out.",
            ) from error
        return plan if isinstance(plan, dict) else {}


def _shard(index: int) -> str:
    return f"{FOLDER}/{index:06}.npz"
