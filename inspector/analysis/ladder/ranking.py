"""Rows sorted once: ranks and top-1 keys of many rows, over any choice of their keys.

Sorting is what a rank correlation costs. Every row is sorted once, for all choices of keys, and
the ranks are dealt out along that order; keys with the same value then share their mean rank.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector.analysis.measures import top1_agreement, tops
from inspector.record import record
from inspector.records import Array, Float64, Mask

Whole = NDArray[np.intp]
#: Which rows are beside which, in two shapes that broadcast.
Pairs = tuple[Whole, Whole]

#: The half of a packed value that says where it stands, and what is above that of a hidden key:
#: more than any float32 has.
_PLACE = 0xFFFFFFFF
_HIDDEN = 0x7FFFFFFF << 32
#: Up to so many keys sums of products of ranks, all of them quarters below S³/12, are exact in
#: float32.
_EXACT = 256


@record(frozen=True, slots=True)
class SortedRows:
    """Rows, (n, S), and their order."""

    values: Array
    #: (n, S) which keys can be seen; None where all can.
    visible: Mask | None
    #: (n, S) where the entries stand in ``values.ravel()``: row by row from the smallest to the
    #: largest visible one, then the hidden ones.
    order: Whole
    #: (n,) whether two visible keys of a row have the same value.
    tied: Mask


@record(frozen=True, slots=True)
class RankedRows:
    """The same rows ranked over some of their keys."""

    rows: SortedRows
    #: (S,) which keys they are ranked over.
    keys: Mask
    #: (n,) how many keys are ranked, the hidden ones left out.
    counts: Whole
    #: (n, S) ranks less their row's mean, 0 at what is not ranked; and (n,) their squares' sum.
    ranks: Array
    squares: Float64
    #: (n,) the key with the largest value, and whether it is not the only one, or there is none.
    top: Whole
    unclear: Mask

    def tops(self, rows: Whole) -> Mask:
        """Mark every largest entry of some rows, (k, S)."""
        seen = True if self.rows.visible is None else self.rows.visible[rows]
        return tops(self.rows.values[rows], self.keys & seen)


def sort_rows(values: Array, visible: Mask | None) -> SortedRows:
    """Sort rows, (n, S) and contiguous; ``visible`` is (n, S), or None where all is visible."""
    count, size = values.shape
    if values.dtype == np.float32:
        order = _packed(values)
        if visible is not None:
            order[~visible] = order[~visible] & _PLACE | _HIDDEN
        order.sort(axis=-1)
        same = (order[:, 1:] ^ order[:, :-1]).view(np.uint64) <= _PLACE
        order &= _PLACE
    else:
        shown = values if visible is None else np.where(visible, values, np.inf)
        order = np.argsort(shown, axis=-1)
        ordered = np.take_along_axis(shown, order, axis=-1)
        same = ordered[:, 1:] == ordered[:, :-1]
    order += np.arange(0, count * size, size)[:, None]
    if visible is not None:
        # Among hidden keys nothing ties.
        same &= np.arange(1, size) < visible.sum(axis=-1, keepdims=True)
    tied: Mask = np.asarray(same.any(axis=-1))
    return SortedRows(values, visible, order, tied)


def _packed(values: Array) -> NDArray[np.int64]:
    """Put every value, as an integer of the same order, above its place in the row: one number.

    Sorting such numbers is up to twice as fast as ``argsort``.
    """
    # Adding 0 makes one zero of both.
    bits = (values + np.float32(0)).view(np.int32)
    # The magnitude of a negative float32 grows with its bits: turned round, they sort as it does.
    bits ^= (bits >> 31) & np.int32(0x7FFFFFFF)
    packed = bits.astype(np.int64)
    packed <<= 32
    packed |= np.arange(values.shape[-1])
    return packed


def rank_rows(rows: SortedRows, keys: Mask) -> RankedRows:
    """Rank sorted rows over some keys, (S,)."""
    values, order = rows.values, rows.order.ravel()
    count, size = values.shape
    width = int(keys.sum())
    exact: type[np.floating[Any]] = np.float32 if size <= _EXACT else np.float64
    if width == size:
        ranks = np.empty(values.size, exact)
    else:
        ranks = np.zeros(values.size, exact)
        order = order[np.tile(keys, count).take(order)]
    seen = None if rows.visible is None else rows.visible & keys
    counts = np.full(count, width) if seen is None else seen.sum(axis=-1)
    places: Array = np.arange(width, dtype=exact)
    dealt: Array = np.empty((count, width), exact)
    if seen is None:
        dealt[:] = places - (width - 1) / 2
    else:
        np.subtract(places, (counts[:, None] - 1) / 2, out=dealt, casting="same_kind")
        dealt *= places < counts[:, None]
    ranks[order] = dealt.ravel()
    unclear = counts == 0
    top = np.zeros(count, dtype=np.intp)
    if width:
        top = order[np.arange(0, count * width, width) + np.maximum(counts, 1) - 1] % size
    tied = np.flatnonzero(rows.tied)
    if tied.size:
        placed = order.reshape(count, width)[tied]
        first, lengths = _runs(values.ravel()[placed], counts[tied])
        # The places of a run's members, and the mean of their ranks.
        members = np.repeat(first - np.cumsum(lengths) + lengths, lengths) + np.arange(
            lengths.sum()
        )
        means = dealt[tied].ravel()[first] + (lengths - 1) / 2
        ranks[placed.ravel()[members]] = np.repeat(means, lengths)
        run_rows, last = np.divmod(first + lengths - 1, max(width, 1))
        unclear[tied[run_rows[last == counts[tied][run_rows] - 1]]] = True
    shaped: Array = ranks.reshape(count, size)
    squares = np.vecdot(shaped, shaped).astype(np.float64)
    return RankedRows(rows, keys, counts, shaped, squares, top, unclear)


def _runs(ordered: Array, counts: Whole) -> tuple[Whole, Whole]:
    """Return where runs of equal values begin in sorted rows, laid flat, and how long they are.

    Of each row, (k, W), only the first ``counts`` values count.
    """
    width = ordered.shape[1]
    same = ordered[:, 1:] == ordered[:, :-1]
    same &= np.arange(1, width) < counts[:, None]
    row, place = np.nonzero(same)
    flat = row * width + place
    begins = np.flatnonzero(np.diff(flat, prepend=-2) != 1)
    return flat[begins], np.diff(np.append(begins, len(flat))) + 1


def same_order(first: SortedRows, second: Array) -> Mask:
    """Say which rows of ``second``, (n, S), have the same order, without ties: (n,)."""
    ordered = second.ravel().take(first.order)
    rising = ordered[:, 1:] > ordered[:, :-1]
    if first.visible is not None:
        rising |= np.arange(1, rising.shape[1] + 1) >= first.visible.sum(axis=-1, keepdims=True)
    return ~first.tied & rising.all(axis=-1)


def correlation(product: Array, first: Float64, second: Float64) -> Float64:
    """Return Spearman's rank correlation from sums of products and squares of centred ranks.

    NaN where one side is constant.
    """
    squares = first * second
    result = np.full(product.shape, np.nan)
    np.divide(product, np.sqrt(squares), out=result, where=squares > 0)
    return result


def agreeing_tops(first: RankedRows, second: RankedRows, pairs: Pairs) -> Float64:
    """Return ``top1_agreement`` of pairs of rows, in the pairs' shape."""
    ours, theirs = pairs
    agreement: Float64 = (first.top[ours] == second.top[theirs]).astype(np.float64)
    unclear = np.nonzero(first.unclear[ours] | second.unclear[theirs])
    if unclear[0].size:
        ours, theirs = (np.broadcast_to(side, agreement.shape)[unclear] for side in pairs)
        agreement[unclear] = top1_agreement(first.tops(ours), second.tops(theirs))
    return agreement
