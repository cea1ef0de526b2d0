"""The files that a corpus is read from: found by their names, a pipe laid into one, each opened."""

from __future__ import annotations

import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from glob import glob, has_magic
from io import BufferedReader
from pathlib import Path
from typing import Literal

from inspector import signals
from inspector.errors import InputError, MachineError
from inspector.files import MIB, NOWHERE, standard_input
from inspector.plain import visible
from inspector.record import record

Kind = Literal["text", "jsonl", "conllu"]
_KINDS: dict[str, Kind] = {".txt": "text", ".jsonl": "jsonl", ".conllu": "conllu"}

#: Bytes of what comes through a pipe, which need never end.
_PIPE = 4 << 30


@record(frozen=True, slots=True)
class Input:
    """One file to be read."""

    #: What messages and records call it.
    name: str
    path: Path
    kind: Kind


@contextmanager
def inputs(names: Iterable[str]) -> Iterator[list[Input]]:
    """Find the files that the names mean: files, patterns such as ``*.txt``, ``-`` for a pipe.

    What comes through a pipe can be read only once, so it is laid into a temporary file.

    Raises
    ------
    InputError
        When there is no such file or its kind is unknown.
    MachineError
        When a pipe cannot be kept.
    """
    with ExitStack() as kept:
        with signals.held():
            folder = kept.enter_context(tempfile.TemporaryDirectory(prefix="inspector."))
        found: list[Input] = []
        for name in names:
            if name == "-":
                found.append(Input("standard input", _keep_pipe(Path(folder)), "text"))
            else:
                found += [Input(str(path), path, _kind(path)) for path in _paths(name)]
        yield found


def _keep_pipe(folder: Path) -> Path:
    path = folder / "stdin"
    if path.exists():
        raise InputError("Standard input was named twice.", "Give - once.")
    try:
        source = standard_input()
        with path.open("wb") as file:
            while part := source.read(MIB):
                if file.tell() + len(part) > _PIPE:
                    raise InputError(
                        f"Standard input holds more than {_PIPE >> 30} GiB, which is the limit.",
                        "Lay it into a file and name that.",
                    )
                file.write(part)
    except OSError as error:
        raise MachineError(
            f"Standard input could not be kept: {(error.strerror or str(error)).lower()}.",
            "Make room in the folder for temporary files, or give a file.",
        ) from error
    return path


def _paths(name: str) -> list[Path]:
    if not has_magic(name) or _is_there(Path(name)):
        return [Path(name)]
    # Path.glob takes no pattern that begins at the root.
    names = glob(name, recursive=True)  # noqa: PTH207
    found = sorted(path for path in map(Path, names) if path.is_file())
    if not found:
        raise InputError(f"No file matches {name}.", "Check the pattern.")
    return found


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        # Too long for a name: then it is a pattern.
        return False


def _kind(path: Path) -> Kind:
    kind = _KINDS.get(path.suffix.lower())
    if kind is None:
        raise InputError(
            f"{path} is of no kind that can be read.",
            "Give .txt (a sentence a line), .jsonl or .conllu.",
        )
    return kind


@contextmanager
def opened(source: Input) -> Iterator[BufferedReader]:
    """Open one file; what goes wrong with it, while it is read too, is said by its name.

    Raises
    ------
    InputError
        When there is no such file, or it cannot be read twice.
    MachineError
        When the machine does not let it be read.
    """
    try:
        if not stat.S_ISREG(source.path.stat().st_mode) and not source.path.is_dir():
            raise InputError(
                f"{visible(source.name)} is a device or a pipe, and is read more than once.",
                "Pipe it in, and give - as the file.",
            )
        with source.path.open("rb") as file:
            yield file
    except IsADirectoryError as error:
        raise InputError(
            f"{source.name} is a folder.", "Name its files, such as folder/*.txt."
        ) from error
    except OSError as error:
        if error.errno in NOWHERE:
            raise InputError(f"There is no file {source.name}.", "Check the name.") from error
        reason = (error.strerror or str(error)).lower()
        raise MachineError(
            f"{source.name} cannot be read: {reason}.", "Check its permissions."
        ) from error
