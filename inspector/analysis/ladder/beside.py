"""The rungs of some layers beside the model's attention, a few rows of all their heads at a time.

What is gone over stays in the cache: the rows of every matrix are made ready once for all choices
of keys (sums, logarithms, order), and are compared with everything while they are there. A matrix
that serves all heads is made ready once a layer, not once a head, and one array is never compared
twice. Layers that are alike go together: of a short text one layer's arrays are so small that
Python's own work would be most of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from inspector.analysis.ladder.ranking import (
    RankedRows,
    SortedRows,
    agreeing_tops,
    correlation,
    rank_rows,
    same_order,
    sort_rows,
)
from inspector.analysis.measures import (
    Distributions,
    distributions,
    divergence_from_one_key,
    jensen_shannon_bits,
    parts,
)
from inspector.record import record
from inspector.records import Array, Float64, Mask

Whole = NDArray[np.intp]

#: Entries that are worked on at a time: so many that two threads seldom wait for each other's
#: Python, and few enough for the cache that they share.
_BLOCK = 2**19
#: So many rows of a matrix at least, before more layers go together.
_ROWS = 32


@record(frozen=True, slots=True)
class RowMeasures:
    """What is beside the model's attention, query by query: (H, R) float64 each.

    NaN where a row has no such number. Of L layers (L, H, R), of several candidates (C, L, H, R).
    """

    jsd_bits: Float64
    rank_correlation: Float64
    top1_agreement: Float64
    #: Whether anything is left of a row, on both sides, (H, R).
    counted: Mask

    def of(self, *place: int) -> RowMeasures:
        """Return one candidate's, or one candidate's on one layer: a view."""
        return RowMeasures(
            self.jsd_bits[place],
            self.rank_correlation[place],
            self.top1_agreement[place],
            self.counted[place],
        )

    def rows(self, some: slice | Mask) -> RowMeasures:
        """Return those of some queries; a view where they are a slice."""
        return RowMeasures(
            self.jsd_bits[..., some],
            self.rank_correlation[..., some],
            self.top1_agreement[..., some],
            self.counted[..., some],
        )


@record(frozen=True, slots=True)
class Candidate:
    """What is to be compared with the model's attention, one matrix for each of the layers."""

    #: Its weights, (R, S) for all heads or (H, R, S).
    matrices: Sequence[Array]
    #: What the keys are ranked by in every row, of the same shape.
    orders: Sequence[Array]
    #: Whether its rows are distributions; raw scores have no divergence.
    spread: bool = True
    #: Whether every row is one key, the query's own, or all visible keys alike: then its measures
    #: follow from less.
    one_key: bool = False
    all_alike: bool = False
    #: Whether every head has a matrix of its own.
    per_head: bool = False


@record(frozen=True, slots=True)
class Layers:
    """What R queries give to S keys on layers with as many heads, and how it is to be measured."""

    #: (H, R, S) of each.
    model: Sequence[Array]
    #: (R, S) which keys a query may attend to; None where it is all of them.
    visible: Mask | None
    #: Which keys are measured over, (S,), for each of several choices.
    choices: Sequence[Mask]
    has_sink: bool


def layers_together(matrices: int, rows: int, keys: int) -> int:
    """Return how many layers with so many matrices, (R, S) each, are best measured at once."""
    return max(1, _BLOCK // max(1, matrices * min(rows, _ROWS) * keys))


def measure_rows(
    layers: Layers, candidates: Sequence[Candidate], rows: Whole
) -> tuple[list[RowMeasures], list[Callable[[], None]]]:
    """Return where (C, L, H, R) measures of all candidates are to stand, and what puts them there.

    The measures are for each choice of keys; they are whole once everything of the second list was
    called, in any order or side by side. ``rows``, (R,), is which query of the text each of them
    is.
    """
    heads, _, size = layers.model[0].shape
    shape = (len(candidates), len(layers.model), heads, len(rows))
    found = [
        RowMeasures(
            jsd_bits=np.full(shape, np.nan),
            rank_correlation=np.full(shape, np.nan),
            top1_agreement=np.full(shape, np.nan),
            counted=np.ones(shape, dtype=np.bool_),
        )
        for _ in layers.choices
    ]
    shared = _Shared(candidates)

    def measure(some: slice) -> None:
        block = _Block(layers, some, rows[some], [of.rows(some) for of in found])
        block.compare_shared(shared)
        block.compare_heads(candidates)

    entries = len(layers.model) * (heads + len(candidates)) * size
    return found, [partial(measure, some) for some in parts(len(rows), entries, _BLOCK)]


class _Shared:
    """The candidates that serve all heads, by what has to be worked out of them."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        shared = [(place, of) for place, of in enumerate(candidates) if not of.per_head]
        self.one_key = [place for place, of in shared if of.one_key]
        self.all_alike = [place for place, of in shared if of.all_alike]
        self.spread = [(place, of.matrices) for place, of in shared if of.spread and not of.one_key]
        ranked = [(place, of.orders) for place, of in shared if not (of.one_key or of.all_alike)]
        known = {_identity(orders): orders for _, orders in ranked}
        #: What is sorted, and which candidates are ranked by which of it.
        self.orders = list(known.values())
        self.ranked = [place for place, _ in ranked]
        self.ranked_by = [list(known).index(_identity(orders)) for _, orders in ranked]


class _Block:
    """A block of rows of the model's attention, made ready, and where its measures go."""

    def __init__(self, layers: Layers, some: slice, at: Whole, found: list[RowMeasures]) -> None:
        self.layers, self.some, self.at, self.found = layers, some, at, found
        self.visible = None if layers.visible is None else layers.visible[some]
        model = self._stacked(layers.model)
        *shape, self.keys = model.shape
        self.spread = self._distributions(model)
        self.rows = self._sorted(model)
        self.ranked = [rank_rows(self.rows, keys) for keys in layers.choices]
        #: (L, H, R) which of the sorted rows is whose.
        self.everyone: Whole = np.arange(len(self.rows.values)).reshape(shape)
        for into, spread, ranked in zip(found, self.spread, self.ranked, strict=True):
            into.counted[:] = spread.alive & (ranked.counts[self.everyone] > 0)

    def compare_shared(self, shared: _Shared) -> None:
        """Compare with matrices for all heads."""
        shares = self._distributions(np.stack([self._stacked(of) for _, of in shared.spread]))
        rows = self._sorted(np.stack([self._stacked(orders) for orders in shared.orders]))
        for choice, keys in enumerate(self.layers.choices):
            into, ranked = self.found[choice], rank_rows(rows, keys)
            ours = self.spread[choice]
            for several in parts(len(shared.spread), ours.shares.size, _BLOCK):
                places = [place for place, _ in shared.spread[several]]
                theirs = shares[choice][several, :, None]
                into.jsd_bits[places] = jensen_shannon_bits(ours, theirs)
                into.counted[places] &= theirs.alive
            ranks, tops = self._ranks_and_tops(choice, ranked)
            into.rank_correlation[shared.ranked] = ranks[shared.ranked_by]
            into.top1_agreement[shared.ranked] = tops[shared.ranked_by]
            for place in shared.all_alike:
                counts = self.ranked[choice].counts[self.everyone]
                into.top1_agreement[place] = 1 / np.maximum(counts, 1)
            for place in shared.one_key:
                self._one_key(choice, into.of(place))

    def compare_heads(self, candidates: Sequence[Candidate]) -> None:
        """Compare with matrices of which every head has its own; the same array only once."""
        done: dict[tuple[int, ...], int] = {}
        itself = _identity(self.layers.model)
        for place, of in enumerate(candidates):
            if not of.per_head:
                continue
            which = _identity(of.matrices)
            if (before := done.setdefault(which, place)) != place:
                for into in self.found:
                    _copy(into.of(before), into.of(place))
            elif which == itself:
                self._itself(place)
            else:
                self._per_head(place, self._stacked(of.matrices))

    def _per_head(self, place: int, theirs: Array) -> None:
        shares = self._distributions(theirs)
        flat = theirs.reshape(-1, self.keys)
        # Where the model's order is theirs too, nothing has to be sorted again.
        others = np.flatnonzero(~same_order(self.rows, flat))
        seen = None if self.rows.visible is None else self.rows.visible[others]
        rows = sort_rows(flat[others], seen)
        for choice, keys in enumerate(self.layers.choices):
            into, model, ranked = self.found[choice], self.ranked[choice], rank_rows(rows, keys)
            ranks = correlation(model.squares, model.squares, model.squares)
            product = np.vecdot(model.ranks[others], ranked.ranks)
            ranks[others] = correlation(product, model.squares[others], ranked.squares)
            tops = np.ones(len(flat))
            tops[others] = agreeing_tops(model, ranked, (others, np.arange(len(others))))
            into.jsd_bits[place] = jensen_shannon_bits(self.spread[choice], shares[choice])
            into.rank_correlation[place] = ranks[self.everyone]
            into.top1_agreement[place] = tops[self.everyone]
            into.counted[place] &= shares[choice].alive

    def _itself(self, place: int) -> None:
        """Compare the model's matrix with itself: no arithmetic, except where keys tie."""
        for into, model in zip(self.found, self.ranked, strict=True):
            squares = model.squares[self.everyone]
            into.jsd_bits[place] = 0
            into.rank_correlation[place] = correlation(squares, squares, squares)
            into.top1_agreement[place] = agreeing_tops(model, model, (self.everyone, self.everyone))

    def _one_key(self, choice: int, into: RowMeasures) -> None:
        """Compare with rows that give everything to the query's own place."""
        model, keys = self.ranked[choice], self.layers.choices[choice]
        if not keys.any():
            into.counted[:] = False
            return
        rows = np.arange(len(self.at))
        kept = keys[self.at]
        seen = kept if self.visible is None else kept & self.visible[rows, self.at]
        among = np.maximum(np.cumsum(keys) - 1, 0)[self.at]
        into.jsd_bits[:] = divergence_from_one_key(self.spread[choice].shares[..., rows, among])
        into.counted[:] &= kept
        # Of n centred ranks one is (n − 1)/2 and the others −1/2. Where one's own place cannot be
        # seen there is nothing to rank, and every visible key has as little as the others.
        counts = model.counts[: len(rows)].astype(np.float64)
        into.rank_correlation[:] = correlation(
            model.ranks[self.everyone, self.at] * (counts / 2),
            model.squares[self.everyone],
            np.where(seen, counts * (counts - 1) / 4, 0),
        )
        tops = (model.top[self.everyone] == self.at).astype(np.float64)
        unclear = np.nonzero(model.unclear[self.everyone])
        marks = model.tops(self.everyone[unclear])
        own = marks[np.arange(len(marks)), self.at[unclear[-1]]]
        tops[unclear] = own / np.maximum(marks.sum(axis=1), 1)
        into.top1_agreement[:] = np.where(seen, tops, 1 / np.maximum(counts, 1))

    def _ranks_and_tops(self, choice: int, ranked: RankedRows) -> tuple[Float64, Float64]:
        """Return rank correlations and agreements with M matrices for all heads: (M, L, H, R)."""
        model = self.ranked[choice]
        layers, _, count = self.everyone.shape
        ours = model.ranks.reshape(*self.everyone.shape, self.keys)
        theirs = ranked.ranks.reshape(-1, layers, count, self.keys)
        product = ours.transpose(0, 2, 1, 3) @ theirs.transpose(1, 2, 3, 0)
        rows = np.arange(len(ranked.top)).reshape(-1, layers, 1, count)
        ranks = correlation(
            product.transpose(3, 0, 2, 1), model.squares[self.everyone], ranked.squares[rows]
        )
        return ranks, agreeing_tops(model, ranked, (self.everyone, rows))

    def _stacked(self, matrices: Sequence[Array]) -> Array:
        """Return the block's rows of every layer's matrix, (L, …, R, S)."""
        return np.stack([matrix[..., self.some, :] for matrix in matrices])

    def _distributions(self, matrices: Array) -> list[Distributions]:
        return distributions(matrices, self.layers.choices, has_sink=self.layers.has_sink)

    def _sorted(self, matrices: Array) -> SortedRows:
        """Sort the rows of (…, R, S)."""
        seen = None
        if self.visible is not None:
            seen = np.broadcast_to(self.visible, matrices.shape).reshape(-1, self.keys)
        return sort_rows(matrices.reshape(-1, self.keys), seen)


def _identity(matrices: Sequence[Array]) -> tuple[int, ...]:
    """Say which arrays these are, to know them again as long as they are there."""
    return tuple(map(id, matrices))


def _copy(measured: RowMeasures, into: RowMeasures) -> None:
    into.jsd_bits[:] = measured.jsd_bits
    into.rank_correlation[:] = measured.rank_correlation
    into.top1_agreement[:] = measured.top1_agreement
    into.counted[:] = measured.counted
