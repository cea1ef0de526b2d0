"""A folder of outputs: one run at a time, and a record of what in it is ours.

``run.json`` lists under ``written`` every file of a finished run with its SHA-256. It goes before
anything is changed and comes last. In between, and after a run that was killed, ``.inspector.json``
lists what is ours. Only what one of the two lists is replaced or removed: never a file because of
its name, and nothing through a link.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from inspector import signals
from inspector.errors import InputError
from inspector.files.kinds import PAGE
from inspector.files.lock import only_run
from inspector.files.places import refusals, through_links
from inspector.files.temporary import sweep, try_folder
from inspector.files.writing import write_whole

RECORD = "run.json"
_LEDGER = ".inspector.json"
_DEPTH = 2


@contextmanager
def output_folder(path: Path, verb: str) -> Iterator[OutputFolder]:
    """Make a folder or take the one that is there, and keep other runs out of it.

    Parameters
    ----------
    path:
        The folder; the one that it is in must be there.
    verb:
        Whose outputs they are, such as ``corpus``: what another verb wrote is not replaced.

    Raises
    ------
    InputError
        When there can be no folder, when another run has it, or when what is there is another
        verb's.
    MachineError
        When the machine refuses.
    """
    made = False
    try:
        with signals.held():
            made = _make(path)
        with only_run(path):
            with refusals(path):
                sweep(path)
                try_folder(path)
            yield OutputFolder(path, verb)
    finally:
        if made:
            # Refused where there is something in it.
            with signals.held(), suppress(OSError):
                path.rmdir()


class OutputFolder:
    """A folder that is this run's; ``output_folder`` gives it.

    Names are relative to the folder, with ``/`` between its parts.
    """

    def __init__(self, path: Path, verb: str) -> None:
        self.path = path
        self._verb = verb
        self._begun = False
        self._ours = self._listed(RECORD) | self._listed(_LEDGER)
        self._written: dict[str, str] = {}

    def claim(self, names: Iterable[str]) -> None:
        """Say which files this run will write; before ``begin`` nothing is changed by that.

        Raises
        ------
        InputError
            When something stands there that no run into this folder wrote.
        """
        wanted = set(names)
        with refusals(self.path):
            for name in sorted(wanted):
                self._refuse_stranger(name)
        self._ours |= wanted
        if self._begun:
            self._keep_ledger()

    def claim_matching(self, folder: str, pattern: str) -> None:
        """Refuse what is in a folder of it under such a name, where it is not an earlier run's.

        Raises
        ------
        InputError
            When something there is not, or when the folder is a link.
        """
        place = self.path / folder
        if place.is_symlink():
            raise InputError(
                f"{place} is a link to another folder.", "Name another folder with --out."
            )
        self.claim(f"{folder}/{path.name}" for path in place.glob(pattern))

    def begin(self) -> None:
        """Take away the record of the run before, which is not true any more.

        Raises
        ------
        MachineError
            When the machine refuses.
        """
        self._begun = True
        self._keep_ledger()
        with refusals(self.path):
            (self.path / RECORD).unlink(missing_ok=True)

    def listed(self, folder: str) -> list[str]:
        """Return the names in a folder of it that are this run's or an earlier one's."""
        return sorted(
            name for name in self._ours if PurePosixPath(name).parent.as_posix() == folder
        )

    def write(self, name: str, data: bytes) -> None:
        """Write a file that was claimed.

        Raises
        ------
        InputError
            When somebody has put something there in the meantime.
        MachineError
            When the machine refuses.
        """
        path = self.path / name
        with refusals(path):
            self._refuse_stranger(name)
            path.parent.mkdir(exist_ok=True)
        write_whole(path, data)
        self._written[name] = hashlib.sha256(data).hexdigest()

    def keep(self, name: str, data: bytes) -> None:
        """Take over a file of an earlier run, which holds ``data``."""
        self._written[name] = hashlib.sha256(data).hexdigest()

    def remove(self, names: Iterable[str]) -> None:
        """Remove files that are ours, and of what is there no others.

        Raises
        ------
        MachineError
            When the machine refuses.
        """
        for name in names:
            path = self.path / name
            with refusals(path):
                if name in self._ours and self._replaceable(name):
                    path.unlink(missing_ok=True)
            self._written.pop(name, None)

    def finish(self, record: dict[str, Any]) -> None:
        """Remove what earlier runs wrote and this one did not, and write ``run.json``.

        Raises
        ------
        MachineError
            When the machine refuses.
        """
        self.remove(sorted(self._ours - set(self._written)))
        for folder in {PurePosixPath(name).parent.as_posix() for name in self._ours} - {"."}:
            # Refused where there is something in it.
            with suppress(OSError):
                (self.path / folder).rmdir()
        said = record | {"verb": self._verb, "written": dict(sorted(self._written.items()))}
        write_whole(self.path / RECORD, _json(said))
        with refusals(self.path):
            (self.path / _LEDGER).unlink(missing_ok=True)

    def _keep_ledger(self) -> None:
        said = {"verb": self._verb, "written": dict.fromkeys(sorted(self._ours))}
        write_whole(self.path / _LEDGER, _json(said))

    def _listed(self, record: str) -> set[str]:
        """Return what a record says is ours."""
        path = self.path / record
        with refusals(path):
            if not path.is_symlink() and not path.exists():
                return set()
        said: Any = None
        if path.is_file() and not path.is_symlink():
            with refusals(path), suppress(ValueError, RecursionError):
                said = json.loads(path.read_bytes())
        if not isinstance(said, dict) or not isinstance(said.get("written"), dict):
            raise InputError(
                f"{path} is there already and is no record of the inspector.",
                "Name another folder with --out.",
            )
        if said.get("verb") != self._verb:
            raise InputError(
                f"{self.path} holds the outputs of another command than inspect {self._verb}.",
                "Name another folder with --out.",
            )
        return {name for name in said["written"] if _plain(name)}

    def _refuse_stranger(self, name: str) -> None:
        if not self._replaceable(name):
            raise InputError(
                f"{self.path / name} is there already, and no run into this folder wrote it.",
                "Name another folder with --out, or move that away.",
            )

    def _replaceable(self, name: str) -> bool:
        """Say whether nothing is at a name, or what an earlier run wrote there."""
        path = self.path / name
        if path.parent != self.path and path.parent.is_symlink():
            return False
        try:
            found = path.lstat()
        except FileNotFoundError:
            return True
        except NotADirectoryError:
            return False
        if name not in self._ours or not stat.S_ISREG(found.st_mode):
            return False
        return path.suffix != ".html" or PAGE.holds(path)


def _make(path: Path) -> bool:
    """Make a folder, and say whether it was not there."""
    with refusals(path):
        if path.exists() and not path.is_dir():
            raise InputError(f"{path} is a file, not a folder.", "Name a folder with --out.")
        if path.is_dir():
            return False
        place = through_links(path)
        if not place.parent.is_dir():
            raise InputError(f"There is no folder {path.parent}.", "Make it first.")
        place.mkdir(exist_ok=True)
    return True


def _plain(name: str) -> bool:
    """Say whether a name of a record leads to a file in the folder, whoever wrote the record."""
    parts = name.split("/")
    return len(parts) <= _DEPTH and all(
        part and not part.startswith(".") and part.isprintable() and "\\" not in part
        for part in parts
    )


def _json(said: dict[str, Any]) -> bytes:
    return json.dumps(said, indent=1).encode()
