"""From files to sentences, one after another, so that no corpus is too large.

A text file holds a sentence a line, a ``.jsonl`` file an object a line whose column is one, a
``.conllu`` file trees. What cannot be read stops the run with the number of the line, before any
work is done; only a broken tree is passed on, to be counted and left out.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from glob import glob, has_magic
from io import BufferedReader
from pathlib import Path
from typing import IO, Literal

from inspector import signals
from inspector.corpus.treebank.conllu import BrokenSentence, TreebankSentence, parse_conllu
from inspector.errors import InputError, MachineError
from inspector.files import MIB, NOWHERE, standard_input
from inspector.plain import visible

Kind = Literal["text", "jsonl", "conllu"]
_KINDS: dict[str, Kind] = {".txt": "text", ".jsonl": "jsonl", ".conllu": "conllu"}

_ROW_BITS = 40
#: Reasons of skipped lines that are kept to be shown; the rest is only counted.
_SHOWN = 5
#: Columns that a message names.
_COLUMNS = 8
#: Bytes of a line, and of what comes through a pipe: neither need ever end.
_LINE = 16 * MIB
_PIPE = 4 << 30


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a corpus."""

    #: The file's place among the inputs, from 0, and in it the line of the sentence, from 1; in a
    #: treebank its running number, from 0.
    file: int
    row: int
    text: str
    #: Its tree, whose words go to the tokenizer as they are; None for plain text.
    tree: TreebankSentence | None = None

    @property
    def key(self) -> int:
        """One number for file and row; ``place_of`` reads it."""
        return self.file << _ROW_BITS | self.row


def place_of(key: int) -> tuple[int, int]:
    """Return file and row of a ``Sentence.key``."""
    return key >> _ROW_BITS, key & (1 << _ROW_BITS) - 1


@dataclass(frozen=True, slots=True)
class Input:
    """One file to be read."""

    #: What messages and records call it.
    name: str
    path: Path
    kind: Kind


@dataclass(slots=True)
class Survey:
    """What one reading of all inputs found, and what was left out of it."""

    sentences: int = 0
    blank: int = 0
    #: Where the first blank line is.
    first_blank: str = ""
    broken: int = 0
    #: Where the first of the broken ones is, and the first few, each in a sentence.
    first_broken: str = ""
    reasons: list[str] = field(default_factory=list)
    #: SHA-256 over the bytes of all inputs.
    sha256: str = ""


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


def survey(files: list[Input], *, column: str, strict: bool) -> Survey:
    """Read everything once, to see whether it can be read and how much it is.

    Raises
    ------
    InputError
        When a file cannot be read as what it is, or when there is no sentence in any.
    MachineError
        When the machine does not let it be read.
    """
    found = Survey()
    for _ in sentences(files, column=column, strict=strict, seen=found):
        found.sentences += 1
    if not found.sentences:
        named = ", ".join(one.name for one in files)
        reason = f" {found.reasons[0]}" if found.reasons else ""
        raise InputError(
            f"There is no sentence in {named}.{reason}", "Give a text file, a sentence a line."
        )
    digest = hashlib.sha256()
    for one in files:
        with _opened(one) as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    found.sha256 = digest.hexdigest()
    return found


def sentences(
    files: list[Input], *, column: str, strict: bool, seen: Survey | None = None
) -> Iterator[Sentence]:
    """Read the sentences of all files in order; ``seen`` counts what is left out.

    Raises
    ------
    InputError
        At the first line that cannot be read; at a broken tree only where ``strict``.
    MachineError
        When the machine does not let a file be read.
    """
    seen = seen or Survey()
    for number, one in enumerate(files):
        with _opened(one) as file:
            if one.kind == "conllu":
                yield from _trees(number, one, file, seen, strict=strict)
                continue
            for row, line in _lines(one, file):
                text = line if one.kind == "text" else _cell(one, row, line, column)
                if text.strip():
                    yield Sentence(number, row, text)
                else:
                    seen.blank += 1
                    seen.first_blank = seen.first_blank or f"{one.name}:{row}"


def _lines(source: Input, file: IO[bytes]) -> Iterator[tuple[int, str]]:
    # Only \n and \r\n end a line: what else Unicode calls a line end may stand in a sentence.
    for row, raw in enumerate(iter(lambda: file.readline(_LINE + 1), b""), 1):
        if len(raw) > _LINE:
            raise InputError(
                f"{visible(source.name)}, line {row}: it is longer than {_LINE // MIB} MiB.",
                "Give a sentence a line.",
            )
        data = (raw.removeprefix(codecs.BOM_UTF8) if row == 1 else raw).rstrip(b"\r\n")
        if b"\0" in data:
            raise InputError(f"{source.name} is binary.", "Give text in UTF-8, a sentence a line.")
        try:
            yield row, data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(
                f"{source.name}, line {row}: it is not valid UTF-8 at byte {error.start}.",
                "Convert the file to UTF-8.",
            ) from error


def _cell(source: Input, row: int, line: str, column: str) -> str:
    """Return a line's text; a blank line has none."""
    if not line.strip():
        return ""
    where = f"{source.name}, line {row}"
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{where}: it is not JSON.", "Give a JSON object a line (.jsonl)."
        ) from error
    if not isinstance(record, dict):
        raise InputError(f"{where}: it is no JSON object.", 'Give lines such as {"text": "…"}.')
    if column not in record:
        names = ", ".join(visible(str(name)) for name in [*record][:_COLUMNS]) or "none"
        raise InputError(
            f"{where}: there is no column {column!r}.", f"Name one with --column; it has {names}."
        )
    text = record[column]
    if not isinstance(text, str):
        raise InputError(
            f"{where}: the column {column!r} holds no text.", "Name another one with --column."
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"{where}: the text is not valid Unicode at character {error.start}.",
            "Mend the escapes of that line.",
        ) from error
    return text


def _trees(
    number: int, source: Input, file: IO[bytes], seen: Survey, *, strict: bool
) -> Iterator[Sentence]:
    for found in parse_conllu(file, visible(source.name), strict=strict):
        if isinstance(found, BrokenSentence):
            seen.broken += 1
            seen.first_broken = seen.first_broken or f"{source.name}:{found.line}"
            if len(seen.reasons) < _SHOWN:
                seen.reasons.append(f"{source.name}, line {found.line}: {found.reason}.")
        else:
            yield Sentence(number, found.row, " ".join(found.words), found)


@contextmanager
def _opened(source: Input) -> Iterator[BufferedReader]:
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
