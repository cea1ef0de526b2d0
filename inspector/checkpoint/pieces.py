"""Where the pieces of a tokenizer stand in the text, and which words they are of.

Tokenizers that say where their pieces stand are believed but for two habits. Other tokenizers'
pieces are looked for in the text; where even that fails they are grouped by their names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

import numpy as np

from inspector.checkpoint.words import Span, number_given, number_pieces
from inspector.record import record
from inspector.records.text import Int64

_NOWHERE: Span = (-1, -1)
#: Writes a space before a word.
_SPACE = "▁"
_LAST_BYTE = "\xff"
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


def _byte_letters() -> dict[str, int]:
    """Return the letters that byte-level vocabularies write the 256 bytes with.

    Bytes that print are themselves; the others follow each other from U+0100 on.
    """
    printing = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in printing]
    return {chr(byte): byte for byte in printing} | {
        chr(0x100 + at): byte for at, byte in enumerate(others)
    }


_LETTERS = _byte_letters()


@record(frozen=True, slots=True)
class Placed:
    """T pieces in a text or a pair of texts."""

    #: (T,) the number of each piece's word, counted over both texts; −1 for none.
    words: Int64
    #: (T, 2) half-open character spans in the piece's own text; −1 where there is none.
    spans: Int64


def place_pieces(
    texts: Sequence[str],
    pieces: Sequence[str],
    sides: Sequence[int | None],
    special: Sequence[bool],
    spans: Sequence[Span] | None,
    *,
    words: Sequence[Span] | None = None,
) -> Placed:
    """Find out where pieces stand and which words they are of.

    Parameters
    ----------
    texts:
        The text, or both of a pair.
    pieces:
        T pieces in the tokenizer's own writing.
    sides:
        T numbers of the text that each piece is of; None for what the tokenizer put in.
    special:
        Which pieces are special: they are in no word and end the one before.
    spans:
        Where the pieces stand in their texts; None from a tokenizer that does not say.
    words:
        The words of the only text, where they are given and not to be found.
    """
    placed = np.full((len(pieces), 2), -1, dtype=np.int64)
    numbers = np.full(len(pieces), -1, dtype=np.int64)
    counted = 0
    for side, text in enumerate(texts):
        mine = [at for at, of in enumerate(sides) if of == side]
        names = [pieces[at] for at in mine]
        found = (
            _align(text, names) if spans is None else _mend(text, names, [spans[i] for i in mine])
        )
        if found is not None:
            placed[mine] = np.array(found, dtype=np.int64).reshape(-1, 2)
        content = [place for place, at in enumerate(mine) if not special[at]]
        if not content:
            continue
        if found is None:
            own = _by_name([names[place] for place in content])
        elif words is not None:
            own = number_given(text, [found[place] for place in content], words)
        else:
            cuts = [edge for place, at in enumerate(mine) if special[at] for edge in found[place]]
            own = number_pieces(text, [found[place] for place in content], cuts)
        numbers[[mine[place] for place in content]] = [-1 if n < 0 else n + counted for n in own]
        counted += max(own) + 1
    return Placed(numbers, placed)


def read_entry(piece: str, decoded: str) -> str:
    """Return an entry of a vocabulary as a reader would write it.

    ``decoded`` is what the tokenizer makes of it. Where that is not text, since the entry is part
    of a character, its bytes are given instead: ``0xE6 0x88``.
    """
    data = _bytes(piece) if "\N{REPLACEMENT CHARACTER}" in decoded or not decoded else None
    if not data:
        return decoded
    shown = "".join(
        f" 0x{ord(c) - 0xDC00:02X} " if "\udc80" <= c <= "\udcff" else c
        for c in data.decode("utf-8", "surrogateescape")
    )
    return shown.replace("  ", " ").strip() if "0x" in shown else shown


def _bytes(piece: str) -> bytes | None:
    """Return the bytes that a piece stands for, where its name is made of bytes; else None."""
    if found := _BYTE.fullmatch(piece):
        return bytes([int(found[1], 16)])
    if all(letter in _LETTERS for letter in piece):
        return bytes(_LETTERS[letter] for letter in piece)
    # A tokenizer that knows nothing but bytes names each by the character of its number.
    return piece.encode("latin-1") if _is_byte(piece) else None


def _is_byte(piece: str) -> bool:
    return len(piece) == 1 and piece <= _LAST_BYTE


def _mend(text: str, pieces: Sequence[str], spans: Sequence[Span]) -> list[Span]:
    """Return spans without two habits of the tokenizers library.

    A space that was put in before the first letter is said to stand where the letter does; and
    marks that were thrown away with the accents belong to no piece.
    """
    found = []
    for at, (piece, (start, stop)) in enumerate(zip(pieces, spans, strict=True)):
        end = stop
        if not piece.strip(_SPACE) and not text[start:end].replace(_SPACE, " ").isspace():
            found.append((start, start))
            continue
        limit = spans[at + 1][0] if at + 1 < len(spans) else len(text)
        while start < end < limit and unicodedata.category(text[end]).startswith("M"):
            end += 1
        found.append((start, end))
    return found


def _align(text: str, pieces: Sequence[str]) -> list[Span] | None:
    """Find pieces in a text one after another, white space aside; None where one is not there."""
    found = _align_bytes(text, pieces) or _align_letters(text, pieces, str)
    return found or _align_letters(text, pieces, _folded)


def _align_bytes(text: str, pieces: Sequence[str]) -> list[Span] | None:
    """Find pieces that are a byte each; None where they are anything else."""
    if not all(map(_is_byte, pieces)):
        return None
    owners = [at for at, character in enumerate(text) for _ in character.encode()]
    if "".join(pieces).encode("latin-1") != text.encode()[: len(pieces)]:
        return None
    return [(at, at + 1) for at in owners[: len(pieces)]]


def _align_letters(
    text: str, pieces: Sequence[str], fold: Callable[[str], str]
) -> list[Span] | None:
    """Find pieces by their letters, each as ``fold`` leaves it."""
    folded = [(letter, at) for at, c in enumerate(text) for letter in fold(c)]
    letters = "".join(letter for letter, _ in folded)
    reached, found = 0, []
    for piece in pieces:
        wanted = fold(_bare(piece))
        if wanted.isspace():
            # It may have been put in before the first letter.
            wanted = wanted if letters.startswith(wanted, reached) else ""
        else:
            wanted = wanted.strip()
            while reached < len(letters) and letters[reached].isspace():
                reached += 1
        if not letters.startswith(wanted, reached):
            return None
        start = folded[reached][1] if reached < len(folded) else len(text)
        reached += len(wanted)
        found.append((start, folded[reached - 1][1] + 1 if wanted else start))
    return _mend(text, pieces, found)


def _folded(text: str) -> str:
    """Return text whatever its case and accents."""
    parted = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in parted if not unicodedata.category(c).startswith("M"))


def _bare(piece: str) -> str:
    """Return a piece without what its vocabulary marks the middle and the ends of words with."""
    return piece.removeprefix("##").removesuffix("</w>").removesuffix("@@").replace(_SPACE, " ")


def _by_name(pieces: Sequence[str]) -> list[int]:
    """Count the words by how vocabularies mark their beginnings and ends; −1 where none does."""
    number = -1
    numbers = []
    spaced = any(piece.startswith(_SPACE) for piece in pieces)
    hashed = any(piece.startswith("##") for piece in pieces)
    ended = any(piece.endswith("</w>") for piece in pieces)
    parted = any(piece.endswith("@@") for piece in pieces)
    if not (spaced or hashed or ended or parted):
        return [-1] * len(pieces)
    before = ""
    for piece in pieces:
        goes_on = (
            (spaced and not piece.startswith(_SPACE))
            or (hashed and piece.startswith("##"))
            or (ended and not before.endswith("</w>"))
            or (parted and before.endswith("@@"))
        )
        number += not goes_on or number < 0
        numbers.append(number)
        before = piece
    return numbers
