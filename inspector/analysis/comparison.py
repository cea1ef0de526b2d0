"""Two passes beside each other: which tokens stand against each other, and how each head changed.

The measure of a head is the mean Jensen–Shannon divergence, in bits, of its attention rows on both
sides. A row is compared over the keys that stand against each other, and everything else that it
gives (to words that only one side has, or to a sink that was dropped) counts as one more key:

    p = (A_i,j1, …, A_i,jK, 1 − Σ A_i,jk),  q the same on the other side,  JSD(p, q)

0 where both rows are the same, 1 where they have nothing in common. Rows are those of tokens that
stand against each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal

import numpy as np

from inspector.analysis.measures import distributions, jensen_shannon_bits
from inspector.records import Array, Float64, Inspected, Text, Trace, TracedLayer
from inspector.records.comparison import Alignment, HeadChange, Place


def align(
    first: Text, second: Text, of: Literal["text", "target"] = "text", *, by_ids: bool
) -> Alignment:
    """Lay two texts beside each other by a diff of their tokens.

    Equal tokens stand against each other, and so do those of a run that stands in the place of one
    of as many tokens; what one side has more stands alone.

    Parameters
    ----------
    by_ids:
        Whether tokens are the same where their ids are, as one vocabulary has them; else where
        they stand for the same letters.
    """
    ours, theirs = (_names(text, by_ids=by_ids) for text in (first, second))
    # Not SequenceMatcher's guess of what is too frequent to be a match: in a text that is "the".
    found = SequenceMatcher(None, ours, theirs, autojunk=False)
    places: list[Place] = []
    for tag, begin, end, other, until in found.get_opcodes():
        if end - begin == until - other:
            equal = tag == "equal"
            both = zip(range(begin, end), range(other, until), strict=True)
            places += [Place(one, two, equal) for one, two in both]
        else:
            places += [Place(at, None, equal=False) for at in range(begin, end)]
            places += [Place(None, at, equal=False) for at in range(other, until)]
    return Alignment(of, tuple(places))


def _names(text: Text, *, by_ids: bool) -> list[tuple[bool, str | int]]:
    """Return what each token is known by, and whether it is special."""
    if by_ids:
        return [(False, int(one)) for one in text.ids]
    shown = zip(text.special.tolist(), text.pieces, text.shown, strict=True)
    return [(special, piece if special else name.strip() or name) for special, piece, name in shown]


def why_apart(first: Inspected, second: Inspected) -> str | None:
    """Say why the heads of two models do not correspond; None where they do."""
    ours, theirs = first.checkpoint, second.checkpoint
    if ours.family != theirs.family:
        return (
            f"{ours.title} is of the family {ours.family} and {theirs.title} of {theirs.family}: "
            "a head of one has no counterpart in the other"
        )
    if _shape(first.trace) != _shape(second.trace):
        return (
            f"{ours.title} has {_size(first.trace)} and {theirs.title} {_size(second.trace)}: "
            "a head of one has no counterpart in the other"
        )
    return None


def _shape(trace: Trace) -> list[tuple[str, int, int]]:
    return [(layer.site, layer.layer, len(layer.attention)) for layer in trace.layers]


def _size(trace: Trace) -> str:
    return f"{len(trace.layers)} layers × {trace.heads} heads"


def head_changes(
    first: Trace, second: Trace, alignments: tuple[Alignment, ...]
) -> tuple[HeadChange, ...]:
    """Return how much every head changed, in the order of the layers.

    None of a site whose texts have no token that stands against another.
    """
    pairs = {alignment.of: alignment.pairs for alignment in alignments}
    found: list[HeadChange] = []
    for one, two in zip(first.layers, second.layers, strict=True):
        of = ["text" if text is first.text else "target" for text in first.texts(one.site)]
        rows, keys = (pairs["text" if which == "text" else "target"] for which in of)
        if rows and keys:
            found += _layer_changes(one, two, np.array(rows).T, np.array(keys).T)
    return tuple(found)


def _layer_changes(
    one: TracedLayer, two: TracedLayer, rows: Array, keys: Array
) -> Iterator[HeadChange]:
    ours = _between(one.attention, rows[0], keys[0])
    theirs = _between(two.attention, rows[1], keys[1])
    bits = divergence(ours, theirs).mean(axis=1)
    moved = np.abs(theirs - ours)
    for head in range(len(ours)):
        row, key = np.unravel_index(int(moved[head].argmax()), moved[head].shape)
        yield HeadChange(
            one.site,
            one.layer,
            head,
            jsd_bits=float(bits[head]),
            first_cell=(int(rows[0, row]), int(keys[0, key])),
            second_cell=(int(rows[1, row]), int(keys[1, key])),
            first_weight=float(ours[head, row, key]),
            second_weight=float(theirs[head, row, key]),
        )


def _between(attention: Array, rows: Array, keys: Array) -> Float64:
    """Return the weights between some tokens, (H, R, K), in float64."""
    exact: Float64 = attention[:, rows[:, None], keys].astype(np.float64)
    return exact


def divergence(first: Float64, second: Float64) -> Float64:
    """Return the Jensen–Shannon divergence of rows over some keys, (H, R), in bits.

    ``first`` and ``second``, (H, R, K), are weights; what a row lacks to 1 is one more key.
    """
    every = np.ones(first.shape[-1], dtype=np.bool_)
    (ours,), (theirs,) = (distributions(each, [every], has_sink=True) for each in (first, second))
    return jensen_shannon_bits(ours, theirs)


def same_before(trace: Trace, alignment: Alignment) -> int | None:
    """Return how many places stand before the first difference, where only what follows can change.

    None where a token sees what comes after it, and where there is no difference.
    """
    if trace.target is not None or any(np.triu(one.attention[0], 1).any() for one in trace.layers):
        return None
    return next((n for n, place in enumerate(alignment.places) if not place.equal), None)


def same_length(first: Trace, second: Trace) -> bool:
    """Say whether both sides have as many tokens, a decoder's too."""
    return all(
        one is not None and two is not None and len(one) == len(two)
        for one, two in zip_longest(first.sides, second.sides)
    )
