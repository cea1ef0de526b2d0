"""Pieces of a text as a reader sees them, whatever their vocabulary calls them."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby, pairwise

#: What vocabularies write a space with.
_SPACES = ("▁", "Ġ")
#: Carries a mark that stands without its letter.
_CIRCLE = "\N{DOTTED CIRCLE}"


def read_pieces(text: str, pieces: Sequence[str], spans: Sequence[tuple[int, int]]) -> list[str]:
    """Return pieces as they stand in the text, without the space before them.

    ``spans`` are where they stand. A character that several pieces share, since each has only some
    of its bytes, is named with which of them this is: ``我 1/3``.
    """
    shared = _shared(spans)
    return [
        _read(text, at, piece, span, shared)
        for at, (piece, span) in enumerate(zip(pieces, spans, strict=True))
    ]


def _shared(spans: Sequence[tuple[int, int]]) -> dict[int, list[int]]:
    """Return which pieces share a character, of every character that several share."""
    in_order = sorted(spans)
    if all(end <= start for (_, end), (start, _) in pairwise(in_order)):
        return {}
    owners: dict[int, list[int]] = defaultdict(list)
    for at, (start, end) in enumerate(spans):
        for place in range(start, end):
            owners[place].append(at)
    return {place: several for place, several in owners.items() if len(several) > 1}


def _read(
    text: str, at: int, piece: str, span: tuple[int, int], shared: dict[int, list[int]]
) -> str:
    start, end = span
    if start == end:
        # Nothing of the text: the space that the tokenizer put before it, or took off the span.
        return " " if piece in _SPACES else piece
    if shared.keys().isdisjoint(range(start, end)):
        whole = text[start:end]
        return whole if whole.isspace() else _standing(whole.strip()) or piece
    parts = []
    for several, places in groupby(range(start, end), key=lambda place: shared.get(place, [])):
        part = _standing("".join(text[place : place + 1] for place in places).strip())
        if part and several:
            part += f" {several.index(at) + 1}/{len(several)}"
        parts.append(part)
    return " ".join(filter(None, parts)) or piece


def _standing(part: str) -> str:
    """Return a part with something under a mark that it begins with."""
    return _CIRCLE + part if part and unicodedata.category(part[0]).startswith("M") else part
