"""From files to sentences, one after another, so that no corpus is too large.

A text file holds a sentence a line, a ``.jsonl`` file an object a line whose column is one, a
``.conllu`` file trees. What cannot be read stops the run with the number of the line, before any
work is done; only a broken tree is passed on, to be counted and left out.
"""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from inspector.corpus.inputs import Input, opened
from inspector.corpus.treebank.conllu import BrokenSentence, TreebankSentence, parse_conllu
from inspector.errors import InputError
from inspector.files import MIB
from inspector.plain import visible
from inspector.record import record

_ROW_BITS = 40
#: Reasons of skipped lines that are kept to be shown; the rest is only counted.
_SHOWN = 5
#: Columns that a message names.
_COLUMNS = 8
#: Bytes of a line, which need never end.
_LINE = 16 * MIB


@record(frozen=True, slots=True)
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
        with opened(one) as file:
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
        with opened(one) as file:
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
