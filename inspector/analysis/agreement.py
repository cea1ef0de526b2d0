"""How near every rung of the ladder comes to the model's attention, head by head.

This is the one place where the ladder is measured. ``measure_rungs`` compares one layer row by row
over any choice of queries and keys: for one sentence they are all tokens, and once more the content
tokens only, where the rows and columns of special tokens are dropped and the rows renormalised;
over a corpus (``corpus/measured/rungs.py``) the queries are content tokens and the keys all tokens.
Where only some layers have a rung, such as a mask, it is the rung before it on the others, so that
all rungs are averaged over the same layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

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
from inspector.analysis.beside import Candidate, Layer, RowMeasures, measure_rows
from inspector.analysis.measures import row_mean
from inspector.analysis.sample import half_interval, measured_rows
from inspector.parallel import parallel_map
from inspector.record import record
from inspector.records import (
    Agreement,
    Array,
    Mask,
    RebuiltLayer,
    RungResult,
    SiteName,
    Trace,
    TracedLayer,
)

_MEASURES = ("jsd_bits", "rank_correlation", "top1_agreement")

#: Every rung, and the two references behind them.
ALL_RUNGS = (*RUNGS, UNIFORM, LAYER_MEAN)
_REFERENCES = frozenset({UNIFORM.name, LAYER_MEAN.name})


@record(frozen=True, slots=True)
class Selection:
    """Which queries are measured, (T,), and which keys they are measured over, (S,)."""

    queries: Mask
    keys: Mask


@record(frozen=True, slots=True)
class MeasuredRung:
    """One rung on one layer: its matrix if it has one for all heads, and measures by selection."""

    matrix: Array | None
    rows: tuple[RowMeasures, ...]


def measure_ladder(trace: Trace, rebuilt: tuple[RebuiltLayer, ...]) -> tuple[RungResult, ...]:
    """Measure every rung and both references on one text.

    Without a rebuild from the weights nobody knows what the projections receive, so the rungs are
    listed without measures.
    """
    if not rebuilt:
        return tuple(_unmeasured(rung) for rung in ALL_RUNGS)
    rungs = present_rungs(rebuilt)
    selections = {site: _everything_and_content(trace, site) for site in trace.sites}
    climbed = parallel_map(
        lambda pair: measure_rungs(*pair, rungs, selections[pair[0].site]),
        zip(trace.layers, rebuilt, strict=True),
        tokens=trace.longest,
    )
    results = []
    for rung in ALL_RUNGS:
        layers = [layer.get(rung.name) for layer in climbed]
        found = _collect(rung, layers, _where(rung, rebuilt), trace.heads)
        results.append(replace(found, jsd_bits_error=_sampling_error(layers, trace)))
    return tuple(results)


def present_rungs(rebuilt: tuple[RebuiltLayer, ...]) -> list[Rung]:
    """Return the rungs that some layer has."""
    return [rung for rung in RUNGS if any(applies(rung, layer) for layer in rebuilt)]


def measure_rungs(
    traced: TracedLayer,
    rebuilt: RebuiltLayer,
    rungs: list[Rung],
    selections: Sequence[Selection],
) -> dict[str, MeasuredRung]:
    """Measure the rungs, and both references, on one layer and over each selection."""
    model, visible = traced.attention, rebuilt.visible
    asking = np.any([at.queries for at in selections], axis=0)
    rows = np.flatnonzero(asking)
    taken = _Taken(rows, all_of_them=bool(asking.all()))
    products = interactions(rebuilt)
    there = [rung for rung in rungs if defined(rung, rebuilt)]
    matrices = {rung.name: weights(rung, rebuilt, products) for rung in there if not rung.per_head}
    matrices |= {UNIFORM.name: _uniform(visible, model), LAYER_MEAN.name: model.mean(axis=0)}
    there += [UNIFORM, LAYER_MEAN]
    candidates = [
        _candidate(rung, _rows_of(rung, matrices.get(rung.name), rebuilt, taken), taken(products))
        for rung in there
    ]
    # Where no token is special, two selections are over the same keys.
    choices = {at.keys.tobytes(): at.keys for at in selections}
    layer = Layer(
        taken(model),
        visible=None if visible.all() else visible[rows],
        choices=list(choices.values()),
        has_sink=rebuilt.sink is not None,
    )
    by_keys = dict(zip(choices, measure_rows(layer, candidates, rows), strict=True))
    measured = [by_keys[at.keys.tobytes()].rows(at.queries[rows]) for at in selections]
    return {
        rung.name: MeasuredRung(
            matrices.get(rung.name), tuple(by_choice.of(place) for by_choice in measured)
        )
        for place, rung in enumerate(there)
    }


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


def _candidate(rung: Rung, matrix: Array, products: Array) -> Candidate:
    return Candidate(
        matrix,
        ordered_by(rung, matrix, products),
        spread=rung.name != "classroom",
        one_key=rung.name == "strangers",
        all_alike=rung is UNIFORM,
        per_head=rung.per_head,
    )


def _everything_and_content(trace: Trace, site: SiteName) -> tuple[Selection, Selection]:
    """Return the two selections of one sentence, over the same queries."""
    asking, attended = trace.texts(site)
    drawn, keys = measured_rows(trace, site), ~attended.special
    return Selection(drawn, np.ones_like(keys)), Selection(drawn & ~asking.special, keys)


def _where(rung: Rung, rebuilt: tuple[RebuiltLayer, ...]) -> tuple[SiteName, ...]:
    """Return the sites at which some layer has the rung; the references stand everywhere."""
    has = (layer.site for layer in rebuilt if rung.name in _REFERENCES or applies(rung, layer))
    return tuple(dict.fromkeys(has))


def _averaged(layers: Sequence[RowMeasures | None], heads: int) -> Agreement:
    """Average every layer over its queries, (N, ``heads``) each; NaN for None and where no head is.

    Layers with as many heads and queries are averaged together: by itself each is tiny.
    """
    means = {name: np.full((len(layers), heads), np.nan) for name in _MEASURES}
    constant = empty = 0
    alike: dict[tuple[int, ...], list[int]] = {}
    for place, rows in enumerate(layers):
        if rows is not None:
            alike.setdefault(rows.counted.shape, []).append(place)
    for (count, _), places in alike.items():
        counted = np.stack([rows.counted for at in places if (rows := layers[at])])
        numbers = np.array([[getattr(layers[at], name) for at in places] for name in _MEASURES])
        for mean, of_places in zip(means.values(), row_mean(numbers, counted), strict=True):
            mean[places, :count] = of_places
        unranked = np.isnan(numbers[_MEASURES.index("rank_correlation")])
        constant += int((unranked & counted).sum())
        empty += int((~counted).sum())
    return Agreement(**means, constant_rows=constant, empty_rows=empty)


def _sampling_error(layers: list[MeasuredRung | None], trace: Trace) -> float | None:
    """Return half of the 95 % interval of a rung's mean divergence; None where it is exact.

    The sites are sampled each by itself, and weigh as much as they have heads.
    """
    squares, heads = 0.0, 0
    for site in trace.sites:
        over_all = [layer.rows[0] for at in trace.indices(site) if (layer := layers[at])]
        values = [
            np.where(rows.counted, rows.jsd_bits, np.nan)
            for rows in over_all
            if not np.isnan(rows.jsd_bits).all()
        ]
        if values:
            every_head = np.concatenate(values)
            error = half_interval(every_head, len(trace.texts(site)[0]))
            squares += (len(every_head) * error) ** 2
            heads += len(every_head)
    return squares**0.5 / heads if squares else None


def _uniform(visible: Mask, like: Array) -> Array:
    """Return 1 / visible keys at every visible key, (T, S)."""
    share: Array = (visible / np.maximum(visible.sum(axis=1, keepdims=True), 1)).astype(like.dtype)
    return share


def _collect(
    rung: Rung, layers: list[MeasuredRung | None], sites: tuple[SiteName, ...], heads: int
) -> RungResult:
    """Put one rung's layers together, None standing for those that do not have it."""
    if not any(layers):
        return _unmeasured(rung)

    def averaged(selection: int) -> Agreement:
        return _averaged([layer.rows[selection] if layer else None for layer in layers], heads)

    matrices = [
        None
        if layer is None or layer.matrix is None
        else layer.matrix.astype(np.float32, copy=False)
        for layer in layers
    ]
    return RungResult(
        name=rung.name,
        formula=rung.formula,
        adds=rung.adds,
        reference=rung.name in _REFERENCES,
        applies=True,
        all_tokens=averaged(0),
        content=averaged(1),
        matrices=None if rung.per_head else tuple(matrices),
        sites=sites,
    )


def _unmeasured(rung: Rung) -> RungResult:
    return RungResult(
        name=rung.name,
        formula=rung.formula,
        adds=rung.adds,
        reference=rung.name in _REFERENCES,
        applies=False,
        all_tokens=None,
        content=None,
        matrices=None,
        sites=(),
    )
