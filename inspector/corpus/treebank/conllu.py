"""A treebank in CoNLL-U, read a sentence at a time.

The format: universaldependencies.org/format.html. A sentence is a block of lines that an empty line
ends; each word is a line of ten columns. A sentence that is broken is passed on as such, with
where and why, so that the caller can count it; the sentences after it are read as usual.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

from inspector.errors import InputError
from inspector.plain import visible
from inspector.record import record

COLUMNS = 10
#: Which of the columns hold what is read here.
_ID, _FORM, _HEAD, _RELATION = 0, 1, 6, 7
#: Lines with such a number are no words of the tree: `3-4` spans words, `3.1` is an empty node.
_NO_WORD = re.compile(r"[0-9]+[-.][0-9]+")
_NUMBER = re.compile(r"[0-9]+")
_TEXT = re.compile(r"#\s*text\s*=\s*(.*)")
#: Longer cells are cut where a reason quotes them.
_QUOTED = 20
#: What the head of a root is among places that count from 0.
ROOT = -1


@record(frozen=True, slots=True)
class TreebankSentence:
    """One sentence and its tree; multiword tokens and empty nodes are left out."""

    #: Running number in its file, from 0; broken sentences are counted as well.
    row: int
    #: The line on which it begins, from 1.
    line: int
    #: What ``# text`` says, None without it.
    text: str | None
    #: W words as the treebank spells them.
    words: tuple[str, ...]
    #: The place of each word's head among the words, from 0; ``ROOT`` for a root.
    heads: tuple[int, ...]
    #: Each word's relation to its head, as written.
    relations: tuple[str, ...]


@record(frozen=True, slots=True)
class BrokenSentence:
    """A sentence that cannot be read: where, and a reason why."""

    row: int
    #: A line at fault, from 1.
    line: int
    #: A clause without a full stop, safe to print.
    reason: str


class _BrokenError(Exception):
    """The line at fault and the reason."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def parse_conllu(
    lines: Iterable[bytes], source: str, *, strict: bool
) -> Iterator[TreebankSentence | BrokenSentence]:
    """Read lines of bytes, such as an open file; ``source`` is what messages call them.

    No more than one sentence is in memory at a time.

    Raises
    ------
    InputError
        With ``strict`` at the first broken sentence.
    """
    for row, block in enumerate(_blocks(lines)):
        try:
            yield _sentence(row, block)
        except _BrokenError as broken:
            if strict:
                raise InputError(
                    f"{source}, line {broken.line}: {broken.reason}.",
                    "Mend the sentence, or leave --strict out and it is skipped.",
                ) from None
            yield BrokenSentence(row, broken.line, broken.reason)


def _blocks(lines: Iterable[bytes]) -> Iterator[list[tuple[int, bytes]]]:
    """Part the lines at those that are empty; the last block needs no empty line after it."""
    block: list[tuple[int, bytes]] = []
    for number, raw in enumerate(lines, 1):
        data = raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw
        if data.strip():
            block.append((number, data.rstrip(b"\r\n")))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _sentence(row: int, block: list[tuple[int, bytes]]) -> TreebankSentence:
    text = None
    words: list[str] = []
    heads: list[str] = []
    relations: list[str] = []
    numbers: list[int] = []
    for number, data in block:
        line = _decode(number, data)
        if line.startswith("#"):
            said = _TEXT.match(line)
            text = said.group(1) if said else text
            continue
        cells = line.split("\t")
        if len(cells) != COLUMNS:
            raise _BrokenError(number, f"it has {_count(len(cells))}, not {COLUMNS}")
        if _NO_WORD.fullmatch(cells[_ID]):
            continue
        if cells[_ID] != str(len(words) + 1):
            raise _BrokenError(
                number, f"the word's number is {_quoted(cells[_ID])}, not {len(words) + 1}"
            )
        if not cells[_FORM].strip():
            raise _BrokenError(number, "the word has no form")
        if not cells[_RELATION].strip("_ "):
            raise _BrokenError(number, "the word has no relation")
        numbers.append(number)
        words.append(cells[_FORM])
        heads.append(cells[_HEAD])
        relations.append(cells[_RELATION])
    if not words:
        raise _BrokenError(block[0][0], "there is no word in the sentence")
    places = _places(heads, numbers)
    looped = _in_a_circle(places)
    if looped is not None:
        raise _BrokenError(numbers[looped], "the heads from this word on lead in a circle")
    return TreebankSentence(row, block[0][0], text, tuple(words), tuple(places), tuple(relations))


def _places(heads: list[str], numbers: list[int]) -> list[int]:
    """Return the heads' places from 0; ``numbers`` are the words' lines."""
    places = []
    last = len(heads)
    for head, number in zip(heads, numbers, strict=True):
        if not _NUMBER.fullmatch(head):
            raise _BrokenError(number, f"the head is {_quoted(head)}, not a number")
        # A number with more digits is larger, and Python reads only so many.
        if len(head.lstrip("0")) > len(str(last)) or int(head) > last:
            raise _BrokenError(
                number, f"the head is {_quoted(head)}, and the last word is number {last}"
            )
        places.append(int(head) - 1)
    return places


def _decode(number: int, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _BrokenError(number, f"it is not valid UTF-8 at byte {error.start}") from None


def _in_a_circle(heads: list[int]) -> int | None:
    """Return a word from which no root is reached; without a root that is every word."""
    leads_to_root = [head == ROOT for head in heads]
    for start in range(len(heads)):
        path: list[int] = []
        at = start
        while not leads_to_root[at]:
            # A path without a circle visits every word once.
            if len(path) == len(heads):
                return start
            path.append(at)
            at = heads[at]
        for word in path:
            leads_to_root[word] = True
    return None


def _quoted(cell: str) -> str:
    cut = cell if len(cell) <= _QUOTED else cell[: _QUOTED - 1] + "…"
    return visible(f"“{cut}”")


def _count(columns: int) -> str:
    return "one column" if columns == 1 else f"{columns} columns"
