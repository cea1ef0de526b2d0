"""How near every rung of the ladder comes to the model's attention, head by head.

This is the one place where the ladder is measured. ``measure_rungs`` compares one layer row by row
over any choice of queries and keys: for one sentence they are all tokens, and once more the content
tokens only, where the rows and columns of special tokens are dropped and the rows renormalised;
over a corpus (``corpus/rungs.py``) the queries are content tokens and the keys all tokens. Where
only some layers have a rung, such as a mask, it is the rung before it on the others, so that all
rungs are averaged over the same layers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from inspector.analogy.ladder import LAYER_MEAN, RUNGS, UNIFORM, Rung, applies, defined, weights
from inspector.analysis.measures import (
    average_ranks,
    centred,
    distributions,
    jensen_shannon_bits,
    negative_entropy,
    ranks_without,
    row_mean,
    sink_masses,
    spearman,
    top1_agreement,
    tops,
)
from inspector.forward.core import head_blocks
from inspector.parallel import parallel_map
from inspector.records import (
    Agreement,
    Array,
    Float64,
    Mask,
    RebuiltLayer,
    RungResult,
    SiteName,
    Trace,
    TracedLayer,
)

#: Every rung, and the two references behind them.
ALL_RUNGS = (*RUNGS, UNIFORM, LAYER_MEAN)
#: The rung whose raw scores are no distribution: it has no divergence.
_RAW = "classroom"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which queries are measured, (T,), and which keys they are measured over, (S,)."""

    queries: Mask
    keys: Mask


@dataclass(frozen=True, slots=True)
class RowMeasures:
    """One rung beside the model's attention, query by query: (H, R) float64 each.

    NaN where a row has no such number.
    """

    jsd_bits: Float64
    rank_correlation: Float64
    top1_agreement: Float64
    #: Whether anything is left of a row, on both sides, (H, R).
    counted: Mask


@dataclass(frozen=True, slots=True)
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
    return tuple(
        _collect(
            rung, [layer.get(rung.name) for layer in climbed], _where(rung, rebuilt), trace.heads
        )
        for rung in ALL_RUNGS
    )


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
    model = traced.attention
    visible = rebuilt.visible
    candidates = [(rung, weights(rung, rebuilt)) for rung in rungs if defined(rung, rebuilt)]
    candidates.append((UNIFORM, _uniform(visible, model)))
    candidates.append((LAYER_MEAN, model.mean(axis=0)))
    has_sink = rebuilt.sink is not None

    def prepare(matrices: Array, *, raw: bool = False) -> list[_Rows]:
        return _prepare(matrices, visible, selections, raw=raw, has_sink=has_sink and not raw)

    shared = {
        rung.name: prepare(matrix[None], raw=rung.name == _RAW)
        for rung, matrix in candidates
        if not rung.per_head
    }
    found: dict[str, list[list[RowMeasures]]] = {rung.name: [] for rung, _ in candidates}
    for heads in head_blocks(model):
        reference = prepare(model[heads])
        for rung, matrix in candidates:
            ours = shared.get(rung.name) or prepare(matrix[heads])
            found[rung.name].append(list(map(_compare, reference, ours)))
    return {
        rung.name: MeasuredRung(
            matrix=None if rung.per_head else matrix,
            rows=tuple(map(_side_by_side, zip(*found[rung.name], strict=True))),
        )
        for rung, matrix in candidates
    }


def _everything_and_content(trace: Trace, site: SiteName) -> tuple[Selection, Selection]:
    """Return the two selections of one sentence."""
    asking, attended = trace.texts(site)
    rows, cols = asking.special, attended.special
    return Selection(np.ones_like(rows), np.ones_like(cols)), Selection(~rows, ~cols)


def _where(rung: Rung, rebuilt: tuple[RebuiltLayer, ...]) -> tuple[SiteName, ...]:
    """Return the sites at which some layer has the rung; the references stand everywhere."""
    has = (layer.site for layer in rebuilt if rung not in RUNGS or applies(rung, layer))
    return tuple(dict.fromkeys(has))


@dataclass(frozen=True, slots=True)
class _Rows:
    """Matrices (H or 1, R, S) made ready to be compared with others."""

    #: float64, every row summing to 1, what it gives to hidden keys included, and to a sink as one
    #: more key; None for raw scores.
    shares: Float64 | None
    #: ``negative_entropy`` of ``shares``.
    entropy: Float64 | None
    #: (…, R) whether anything is left of a row.
    alive: Mask
    #: Centred ranks and largest entries among the visible keys.
    ranks: Float64
    tops: Mask


def _prepare(
    matrices: Array, visible: Mask, selections: Sequence[Selection], *, raw: bool, has_sink: bool
) -> list[_Rows]:
    ranks = average_ranks(matrices, visible)
    sink = sink_masses(matrices) if has_sink else None
    return [_selected(matrices, sink, ranks, visible, at, raw=raw) for at in selections]


def _selected(
    matrices: Array,
    sink: Float64 | None,
    ranks: Float64,
    visible: Mask,
    at: Selection,
    *,
    raw: bool,
) -> _Rows:
    """Cut matrices, (…, T, S), to a selection, their ranks too without sorting again."""
    if not at.keys.all():
        ranks = ranks_without(ranks, matrices, visible, list(np.flatnonzero(~at.keys)))
    rows, cols = at.queries, at.keys
    if not (rows.all() and cols.all()):
        matrices, ranks = matrices[:, rows][:, :, cols], ranks[:, rows][:, :, cols]
        visible = visible[np.ix_(rows, cols)]
        sink = None if sink is None else sink[:, rows]
    shares = entropy = None
    alive = np.broadcast_to(visible.any(axis=-1), matrices.shape[:-1])
    if not raw:
        shares, any_left = distributions(matrices, sink)
        alive = alive & any_left
        entropy = negative_entropy(shares)
    return _Rows(shares, entropy, alive, centred(ranks, visible), tops(matrices, visible))


def _compare(model: _Rows, rung: _Rows) -> RowMeasures:
    """Compare the model's rows, (H, R, S), with a rung's, which may be (1, R, S)."""
    counted = model.alive & rung.alive
    divergence = np.full(counted.shape, np.nan)
    if (
        model.shares is not None
        and model.entropy is not None
        and rung.shares is not None
        and rung.entropy is not None
    ):
        divergence = jensen_shannon_bits(model.shares, rung.shares, model.entropy, rung.entropy)
    return RowMeasures(
        jsd_bits=divergence,
        rank_correlation=spearman(model.ranks, rung.ranks),
        top1_agreement=top1_agreement(model.tops, rung.tops),
        counted=counted,
    )


def _side_by_side(blocks: tuple[RowMeasures, ...]) -> RowMeasures:
    """Put blocks of heads together."""
    return RowMeasures(
        jsd_bits=np.concatenate([block.jsd_bits for block in blocks]),
        rank_correlation=np.concatenate([block.rank_correlation for block in blocks]),
        top1_agreement=np.concatenate([block.top1_agreement for block in blocks]),
        counted=np.concatenate([block.counted for block in blocks]),
    )


def _averaged(rows: RowMeasures) -> Agreement:
    """Average over the queries: (H,) each."""
    constant = np.isnan(rows.rank_correlation) & rows.counted
    return Agreement(
        jsd_bits=row_mean(rows.jsd_bits, rows.counted),
        rank_correlation=row_mean(rows.rank_correlation, rows.counted),
        top1_agreement=row_mean(rows.top1_agreement, rows.counted),
        constant_rows=int(constant.sum()),
        empty_rows=int((~rows.counted).sum()),
    )


def _together(parts: list[Agreement], arrange: Callable[[list[Float64]], Float64]) -> Agreement:
    """Put the measures of all layers together."""
    return Agreement(
        jsd_bits=arrange([part.jsd_bits for part in parts]),
        rank_correlation=arrange([part.rank_correlation for part in parts]),
        top1_agreement=arrange([part.top1_agreement for part in parts]),
        constant_rows=sum(part.constant_rows for part in parts),
        empty_rows=sum(part.empty_rows for part in parts),
    )


def _uniform(visible: Mask, like: Array) -> Array:
    """Return 1 / visible keys at every visible key, (T, S)."""
    share: Array = (visible / visible.sum(axis=1, keepdims=True)).astype(like.dtype)
    return share


def _collect(
    rung: Rung, layers: list[MeasuredRung | None], sites: tuple[SiteName, ...], heads: int
) -> RungResult:
    """Put one rung's layers together, None standing for those that do not have it."""
    if not any(layers):
        return _unmeasured(rung)
    nothing = np.full(heads, np.nan)
    absent = Agreement(nothing, nothing, nothing, constant_rows=0, empty_rows=0)

    def arrange(numbers: list[Float64]) -> Float64:
        return np.stack([np.append(of, nothing[len(of) :]) for of in numbers])

    def averaged(selection: int) -> list[Agreement]:
        return [_averaged(layer.rows[selection]) if layer else absent for layer in layers]

    matrices = [
        None if layer is None or layer.matrix is None else layer.matrix.astype(np.float32)
        for layer in layers
    ]
    return RungResult(
        name=rung.name,
        formula=rung.formula,
        adds=rung.adds,
        reference=rung in (UNIFORM, LAYER_MEAN),
        applies=True,
        all_tokens=_together(averaged(0), arrange),
        content=_together(averaged(1), arrange),
        matrices=None if rung.per_head else tuple(matrices),
        sites=sites,
    )


def _unmeasured(rung: Rung) -> RungResult:
    return RungResult(
        name=rung.name,
        formula=rung.formula,
        adds=rung.adds,
        reference=rung in (UNIFORM, LAYER_MEAN),
        applies=False,
        all_tokens=None,
        content=None,
        matrices=None,
        sites=(),
    )
