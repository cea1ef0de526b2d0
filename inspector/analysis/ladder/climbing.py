"""The rungs of the ladder measured row by row beside the model's attention, layers side by side.

Over any choice of queries and keys: ``agreement.py`` chooses them for one sentence,
``corpus/measured/rungs.py`` for a corpus.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from inspector.analogy.ladder import (
    LAYER_MEAN,
    RUNGS,
    UNIFORM,
    Rung,
    applies,
    defined,
    interactions,
    is_rebuild,
    of_each_head,
    ordered_by,
    weights,
)
from inspector.analysis.ladder.beside import (
    Candidate,
    Layers,
    RowMeasures,
    layers_together,
    measure_rows,
)
from inspector.analysis.measures import parts, row_mean
from inspector.parallel import parallel_map
from inspector.record import record
from inspector.records import Array, Float64, Mask, RebuiltLayer, SiteName, Trace, TracedLayer

#: Every rung, and the two references behind them.
ALL_RUNGS = (*RUNGS, UNIFORM, LAYER_MEAN)
#: Weights of the layers that are measured at once: what their rungs give is held meanwhile.
_HELD = 2**25


@record(frozen=True, slots=True)
class Selection:
    """Which queries are measured, (T,), and which keys they are measured over, (S,)."""

    queries: Mask
    keys: Mask


@record(frozen=True, slots=True)
class Averages:
    """One rung's measures on one layer, averaged over the queries: (H,) each, NaN without any.

    Of C rungs on L layers, (C, L, H).
    """

    jsd_bits: Float64
    rank_correlation: Float64
    top1_agreement: Float64
    #: How many rows have nothing to rank, and of how many nothing is left: () or (C, L).
    constant_rows: NDArray[np.intp]
    empty_rows: NDArray[np.intp]

    def of(self, *place: int) -> Averages:
        """Return one rung's on one layer."""
        return Averages(*(getattr(self, name)[place] for name in self.__slots__))


@record(frozen=True, slots=True)
class MeasuredRung:
    """One rung on one layer: its matrix if it has one for all heads, and measures by selection."""

    matrix: Array | None
    rows: tuple[RowMeasures, ...]
    averages: tuple[Averages, ...]


def present_rungs(rebuilt: tuple[RebuiltLayer, ...]) -> list[Rung]:
    """Return the rungs that some layer has."""
    return [rung for rung in RUNGS if any(applies(rung, layer) for layer in rebuilt)]


def measure_rungs(
    trace: Trace,
    rebuilt: Sequence[RebuiltLayer],
    rungs: list[Rung],
    selections: Mapping[SiteName, Sequence[Selection]],
) -> list[dict[str, MeasuredRung]]:
    """Measure the rungs, and both references, on every layer and over each selection of its site.

    Layers that are alike are measured together, of a model with many or large ones some at a time.
    """
    largest = max(layer.attention.size for layer in trace.layers)
    measured: list[dict[str, MeasuredRung]] = []
    for some in parts(len(rebuilt), largest, _HELD):
        pairs = zip(trace.layers[some], rebuilt[some], strict=True)
        measured += _measure_some(list(pairs), rungs, selections, trace.longest)
    return measured


def _measure_some(
    layers: Sequence[tuple[TracedLayer, RebuiltLayer]],
    rungs: list[Rung],
    selections: Mapping[SiteName, Sequence[Selection]],
    tokens: int,
) -> list[dict[str, MeasuredRung]]:
    climbed = parallel_map(
        lambda pair: _Climbed(*pair, rungs, selections[pair[0].site]), layers, tokens=tokens
    )
    alike: dict[Hashable, list[_Climbed]] = {}
    for layer in climbed:
        alike.setdefault(layer.kind, []).append(layer)
    groups = [
        _Group(kin[some], selections[kin[0].site])
        for kin in alike.values()
        for some in parts(len(kin), 1, kin[0].together)
    ]
    work = [each for group in groups for each in group.work]
    parallel_map(lambda each: each(), work, tokens=tokens)
    measured = {id(layer): of_layer for group in groups for layer, of_layer in group.measured()}
    return [measured[id(layer)] for layer in climbed]


class _Climbed:
    """One layer, and what every rung that it has gives there."""

    def __init__(
        self,
        traced: TracedLayer,
        rebuilt: RebuiltLayer,
        rungs: list[Rung],
        selections: Sequence[Selection],
    ) -> None:
        model, visible = traced.attention, rebuilt.visible
        asking = np.any([at.queries for at in selections], axis=0)
        taken = _Taken(np.flatnonzero(asking), all_of_them=bool(asking.all()))
        products = interactions(rebuilt)
        there = [rung for rung in rungs if defined(rung, rebuilt)]
        self.site = traced.site
        #: (T, S) of the rungs with one matrix for all heads, by their names.
        self.matrices = {
            rung.name: weights(rung, rebuilt, products) for rung in there if not rung.per_head
        }
        self.matrices[UNIFORM.name] = _uniform(visible, model)
        self.matrices[LAYER_MEAN.name] = model.mean(axis=0)
        self.rungs = [*there, UNIFORM, LAYER_MEAN]
        #: Of the measured queries: which of the text they are, what they see, what they give.
        self.rows = taken.rows
        self.visible = None if visible.all() else visible[taken.rows]
        self.model = taken(model)
        #: What they give under every rung, and what that is ranked by.
        self.given = [
            _rows_of(rung, self.matrices.get(rung.name), rebuilt, taken) for rung in self.rungs
        ]
        self.orders = [
            ordered_by(rung, given, taken(products))
            for rung, given in zip(self.rungs, self.given, strict=True)
        ]
        self.has_sink = rebuilt.sink is not None

    @property
    def together(self) -> int:
        """How many layers like this one are best measured at once."""
        heads, rows, keys = self.model.shape
        return layers_together(heads + len(self.rungs), rows, keys)

    @property
    def kind(self) -> Hashable:
        """What layers have in common that can be measured together."""
        names = tuple(rung.name for rung in self.rungs)
        arrays = list(map(id, (self.model, *self.given)))
        same = tuple(map(arrays.index, arrays))
        seen = None if self.visible is None else self.visible.tobytes()
        return self.site, self.model.shape, names, same, seen, self.has_sink


class _Group:
    """Layers that are alike, and their measures, which stand there once all ``work`` was done."""

    def __init__(self, layers: Sequence[_Climbed], selections: Sequence[Selection]) -> None:
        self._layers, self._selections = layers, selections
        first = layers[0]
        # Where no token is special, two selections are over the same keys.
        choices = {at.keys.tobytes(): at.keys for at in selections}
        beside = Layers(
            [layer.model for layer in layers],
            visible=first.visible,
            choices=list(choices.values()),
            has_sink=first.has_sink,
        )
        candidates = [
            Candidate(
                [layer.given[place] for layer in layers],
                [layer.orders[place] for layer in layers],
                spread=rung.name != "classroom",
                one_key=rung.name == "strangers",
                all_alike=rung is UNIFORM,
                per_head=rung.per_head,
            )
            for place, rung in enumerate(first.rungs)
        ]
        found, self.work = measure_rows(beside, candidates, first.rows)
        self._found = dict(zip(choices, found, strict=True))

    def measured(self) -> Iterator[tuple[_Climbed, dict[str, MeasuredRung]]]:
        """Return every layer with what was measured on it."""
        rows = self._layers[0].rows
        over = [self._found[at.keys.tobytes()].rows(at.queries[rows]) for at in self._selections]
        averages = [_averaged(measures) for measures in over]
        for index, layer in enumerate(self._layers):
            yield (
                layer,
                {
                    rung.name: MeasuredRung(
                        layer.matrices.get(rung.name),
                        tuple(measures.of(place, index) for measures in over),
                        tuple(averaged.of(place, index) for averaged in averages),
                    )
                    for place, rung in enumerate(layer.rungs)
                },
            )


def _averaged(rows: RowMeasures) -> Averages:
    """Average the measures of C candidates on L layers, all at once: by itself each is tiny."""
    counted = rows.counted
    return Averages(
        jsd_bits=row_mean(rows.jsd_bits, counted),
        rank_correlation=row_mean(rows.rank_correlation, counted),
        top1_agreement=row_mean(rows.top1_agreement, counted),
        constant_rows=(np.isnan(rows.rank_correlation) & counted).sum(axis=(-2, -1)),
        empty_rows=(~counted).sum(axis=(-2, -1)),
    )


class _Taken:
    """The measured queries' rows of matrices; of one matrix always the same array."""

    def __init__(self, rows: NDArray[np.intp], *, all_of_them: bool) -> None:
        self.rows = rows
        self._all = all_of_them
        self._known: dict[int, tuple[Array, Array]] = {}

    def __call__(self, matrices: Array) -> Array:
        """Return some rows of (T, S) or (H, T, S)."""
        if self._all:
            return matrices
        if id(matrices) not in self._known:
            # The whole is kept beside its rows: its id could be another's as soon as it is gone.
            self._known[id(matrices)] = matrices, matrices[..., self.rows, :]
        return self._known[id(matrices)][1]


def _rows_of(rung: Rung, matrix: Array | None, rebuilt: RebuiltLayer, taken: _Taken) -> Array:
    """Return the measured queries' weights, of one that is known whole or worked out for them."""
    if matrix is not None:
        return taken(matrix)
    if is_rebuild(rung, rebuilt):
        return taken(rebuilt.attention)
    return of_each_head(rung, rebuilt, taken.rows)


def _uniform(visible: Mask, like: Array) -> Array:
    """Return 1 / visible keys at every visible key, (T, S)."""
    share: Array = (visible / np.maximum(visible.sum(axis=1, keepdims=True), 1)).astype(like.dtype)
    return share
