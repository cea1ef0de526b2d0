"""The rungs of one layer beside the model's attention, a few rows of all heads at a time.

What is gone over stays in the cache: the rows of every matrix are made ready once for all choices
of keys (sums, logarithms, order), and are compared with everything while they are there. A matrix
that serves all heads is made ready once a layer, not once a head, and one array is never compared
twice.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inspector.analysis.measures import (
    Distributions,
    distributions,
    divergence_from_one_key,
    jensen_shannon_bits,
    parts,
)
from inspector.analysis.ranking import (
    RankedRows,
    SortedRows,
    agreeing_tops,
    correlation,
    rank_rows,
    same_order,
    sort_rows,
)
from inspector.record import record
from inspector.records import Array, Float64, Mask

Whole = NDArray[np.intp]

#: Entries that are worked on at a time: so many that two threads seldom wait for each other's
#: Python, and few enough for the cache that they share.
_BLOCK = 2**19


@record(frozen=True, slots=True)
class RowMeasures:
    """What is beside the model's attention, query by query: (H, R) float64 each.

    NaN where a row has no such number. Of several candidates, (C, H, R).
    """

    jsd_bits: Float64
    rank_correlation: Float64
    top1_agreement: Float64
    #: Whether anything is left of a row, on both sides, (H, R).
    counted: Mask

    def of(self, place: int) -> RowMeasures:
        """Return one candidate's, a view."""
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
    """One matrix to be compared with the model's."""

    #: Its weights, (R, S) for all heads or (H, R, S).
    matrix: Array
    #: What the keys are ranked by in every row, of the same shape.
    order: Array
    #: Whether its rows are distributions; raw scores have no divergence.
    spread: bool = True
    #: Whether every row is one key, the query's own, or all visible keys alike: then its measures
    #: follow from less.
    one_key: bool = False
    all_alike: bool = False

    #: Whether every head has a matrix of its own.
    per_head: bool = False


@record(frozen=True, slots=True)
class Layer:
    """What R queries give to S keys on one layer, (H, R, S), and how it is to be measured."""

    model: Array
    #: (R, S) which keys a query may attend to; None where it is all of them.
    visible: Mask | None
    #: Which keys are measured over, (S,), for each of several choices.
    choices: Sequence[Mask]
    has_sink: bool


def measure_rows(layer: Layer, candidates: Sequence[Candidate], rows: Whole) -> list[RowMeasures]:
    """Measure (C, H, R) of all candidates, for each choice of keys.

    ``rows``, (R,), is which query of the text each of them is.
    """
    heads, _, size = layer.model.shape
    shape = (len(candidates), heads, len(rows))
    found = [
        RowMeasures(
            jsd_bits=np.full(shape, np.nan),
            rank_correlation=np.full(shape, np.nan),
            top1_agreement=np.full(shape, np.nan),
            counted=np.ones(shape, dtype=np.bool_),
        )
        for _ in layer.choices
    ]
    shared = _Shared(candidates)
    for some in parts(len(rows), (heads + len(candidates)) * size, _BLOCK):
        block = _Block(layer, some, rows[some], [of.rows(some) for of in found])
        block.compare_shared(shared)
        block.compare_heads(candidates)
    return found


class _Shared:
    """The candidates that serve all heads, by what has to be worked out of them."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        shared = [(place, of) for place, of in enumerate(candidates) if not of.per_head]
        self.one_key = [place for place, of in shared if of.one_key]
        self.all_alike = [place for place, of in shared if of.all_alike]
        self.spread = [(place, of.matrix) for place, of in shared if of.spread and not of.one_key]
        ranked = [(place, of.order) for place, of in shared if not (of.one_key or of.all_alike)]
        orders = {id(order): order for _, order in ranked}
        #: What is sorted, and which candidates are ranked by which of it.
        self.orders = list(orders.values())
        self.ranked = [place for place, _ in ranked]
        self.ranked_by = [list(orders).index(id(order)) for _, order in ranked]


class _Block:
    """A block of rows of the model's attention, made ready, and where its measures go."""

    def __init__(self, layer: Layer, some: slice, at: Whole, found: list[RowMeasures]) -> None:
        self.layer, self.some, self.at, self.found = layer, some, at, found
        self.visible = None if layer.visible is None else layer.visible[some]
        model = layer.model[:, some]
        self.heads, self.count, self.keys = model.shape
        self.spread = self._distributions(model)
        self.rows = self._sorted(model)
        self.ranked = [rank_rows(self.rows, keys) for keys in layer.choices]
        #: (H, R) which of the sorted rows is whose.
        self.everyone = np.arange(self.heads * self.count).reshape(self.heads, self.count)
        for into, spread, ranked in zip(found, self.spread, self.ranked, strict=True):
            into.counted[:] = spread.alive & (ranked.counts[self.everyone] > 0)

    def compare_shared(self, shared: _Shared) -> None:
        """Compare with matrices for all heads."""
        shares = self._distributions(np.stack([matrix[self.some] for _, matrix in shared.spread]))
        rows = self._sorted(np.stack([order[self.some] for order in shared.orders]))
        for choice, keys in enumerate(self.layer.choices):
            into, ranked = self.found[choice], rank_rows(rows, keys)
            ours = self.spread[choice]
            for several in parts(len(shared.spread), ours.shares.size, _BLOCK):
                places = [place for place, _ in shared.spread[several]]
                theirs = shares[choice][several, None]
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
        done: dict[int, int] = {}
        for place, of in enumerate(candidates):
            if not of.per_head:
                continue
            if (before := done.setdefault(id(of.matrix), place)) != place:
                for into in self.found:
                    _copy(into.of(before), into.of(place))
            elif of.matrix is self.layer.model:
                self._itself(place)
            else:
                self._per_head(place, of.matrix[:, self.some])

    def _per_head(self, place: int, theirs: Array) -> None:
        shares = self._distributions(theirs)
        flat = np.ascontiguousarray(theirs).reshape(-1, self.keys)
        # Where the model's order is theirs too, nothing has to be sorted again.
        others = np.flatnonzero(~same_order(self.rows, flat))
        seen = None if self.rows.visible is None else self.rows.visible[others]
        rows = sort_rows(flat[others], seen)
        for choice, keys in enumerate(self.layer.choices):
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
        model, keys = self.ranked[choice], self.layer.choices[choice]
        if not keys.any():
            into.counted[:] = False
            return
        rows = np.arange(self.count)
        kept = keys[self.at]
        seen = kept if self.visible is None else kept & self.visible[rows, self.at]
        among = np.maximum(np.cumsum(keys) - 1, 0)[self.at]
        into.jsd_bits[:] = divergence_from_one_key(self.spread[choice].shares[:, rows, among])
        into.counted[:] &= kept
        # Of n centred ranks one is (n − 1)/2 and the others −1/2. Where one's own place cannot be
        # seen there is nothing to rank, and every visible key has as little as the others.
        counts = model.counts[: self.count].astype(np.float64)
        into.rank_correlation[:] = correlation(
            model.ranks[self.everyone, self.at] * (counts / 2),
            model.squares[self.everyone],
            np.where(seen, counts * (counts - 1) / 4, 0),
        )
        tops = (model.top[self.everyone] == self.at).astype(np.float64)
        head, row = np.nonzero(model.unclear[self.everyone])
        marks = model.tops(self.everyone[head, row])
        tops[head, row] = marks[np.arange(len(row)), self.at[row]] / np.maximum(marks.sum(1), 1)
        into.top1_agreement[:] = np.where(seen, tops, 1 / np.maximum(counts, 1))

    def _ranks_and_tops(self, choice: int, ranked: RankedRows) -> tuple[Float64, Float64]:
        """Return rank correlations and agreements with M matrices for all heads: (M, H, R)."""
        model = self.ranked[choice]
        ours = model.ranks.reshape(self.heads, self.count, self.keys)
        theirs = ranked.ranks.reshape(-1, self.count, self.keys)
        product = ours.transpose(1, 0, 2) @ theirs.transpose(1, 2, 0)
        rows = np.arange(len(ranked.top)).reshape(-1, 1, self.count)
        ranks = correlation(
            product.transpose(2, 1, 0), model.squares[self.everyone], ranked.squares[rows]
        )
        return ranks, agreeing_tops(model, ranked, (self.everyone, rows))

    def _distributions(self, matrices: Array) -> list[Distributions]:
        return distributions(matrices, self.layer.choices, has_sink=self.layer.has_sink)

    def _sorted(self, matrices: Array) -> SortedRows:
        """Sort the rows of (M, R, S)."""
        seen = None
        if self.visible is not None:
            seen = np.broadcast_to(self.visible, matrices.shape).reshape(-1, self.keys)
        return sort_rows(np.ascontiguousarray(matrices).reshape(-1, self.keys), seen)


def _copy(measured: RowMeasures, into: RowMeasures) -> None:
    into.jsd_bits[:] = measured.jsd_bits
    into.rank_correlation[:] = measured.rank_correlation
    into.top1_agreement[:] = measured.top1_agreement
    into.counted[:] = measured.counted
