"""How near every rung of the ladder comes to the model's attention, head by head.

Each measure is taken twice: over all tokens, and over content tokens only, where the rows and
columns of special tokens are dropped and the rows renormalised. Where only some layers have a
rung, such as a mask, it is the rung before it on the others, so that all rungs are averaged over
the same layers.
"""

from __future__ import annotations

from collections.abc import Callable
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
from inspector.forward.core import cachefuls
from inspector.parallel import parallel_map
from inspector.records import (
    Agreement,
    Array,
    CapturedLayer,
    Float64,
    Mask,
    RebuiltLayer,
    Run,
    RungResult,
    SiteName,
)

#: The rung whose raw scores are no distribution: it has no divergence.
_RAW = "classroom"


def measure_ladder(run: Run, rebuilt: tuple[RebuiltLayer, ...] | None) -> tuple[RungResult, ...]:
    """Measure every rung and both references on one text.

    Without a rebuild nobody knows what the projections receive, so the rungs are listed without
    measures.
    """
    if rebuilt is None:
        return tuple(_unmeasured(rung) for rung in (*RUNGS, UNIFORM, LAYER_MEAN))
    special = {site: _Special(*(text.special for text in run.texts(site))) for site in run.sites}
    rungs = [rung for rung in RUNGS if any(applies(rung, layer) for layer in rebuilt)]
    climbed = parallel_map(
        lambda pair: _climb(*pair, rungs, special[pair[0].site]),
        zip(run.layers, rebuilt, strict=True),
        tokens=run.longest,
    )
    return tuple(
        _collect(
            rung,
            [layer.get(rung.name) for layer in climbed],
            _where(rung, rebuilt),
            run.model.heads,
        )
        for rung in (*RUNGS, UNIFORM, LAYER_MEAN)
    )


def _where(rung: Rung, rebuilt: tuple[RebuiltLayer, ...]) -> tuple[SiteName, ...]:
    """Return the sites at which some layer has the rung; the references stand everywhere."""
    has = (layer.site for layer in rebuilt if rung not in RUNGS or applies(rung, layer))
    return tuple(dict.fromkeys(has))


@dataclass(frozen=True, slots=True)
class _Special:
    """Which tokens are special, among those that ask, (T,), and among those listened to, (S,)."""

    rows: Mask
    cols: Mask


@dataclass(frozen=True, slots=True)
class _Rows:
    """Matrices (H or 1, T, S) made ready to be compared with others."""

    #: float64, every row summing to 1, what it gives to hidden keys included, and to a sink as one
    #: more key; None for raw scores.
    shares: Float64 | None
    #: ``negative_entropy`` of ``shares``.
    entropy: Float64 | None
    #: (…, T) whether anything is left of a row.
    alive: Mask
    #: Centred ranks and largest entries among the visible keys.
    ranks: Float64
    tops: Mask


@dataclass(frozen=True, slots=True)
class _Both:
    """The same matrices over all tokens and over content tokens only."""

    all_tokens: _Rows
    content: _Rows


@dataclass(frozen=True, slots=True)
class _Measured:
    """One rung on one layer: its matrix if it has one for all heads, and measures of (H,)."""

    matrix: Array | None
    all_tokens: Agreement
    content: Agreement


def _climb(
    captured: CapturedLayer, rebuilt: RebuiltLayer, rungs: list[Rung], special: _Special
) -> dict[str, _Measured]:
    """Measure the rungs, and the references, on one layer."""
    model = captured.attention
    visible = rebuilt.visible
    candidates = [(rung, weights(rung, rebuilt)) for rung in rungs if defined(rung, rebuilt)]
    candidates.append((UNIFORM, _uniform(visible, model)))
    candidates.append((LAYER_MEAN, model.mean(axis=0)))
    has_sink = rebuilt.sink is not None

    def prepare(matrices: Array, *, raw: bool = False) -> _Both:
        return _prepare(matrices, visible, special, raw=raw, has_sink=has_sink and not raw)

    shared = {
        rung.name: prepare(matrix[None], raw=rung.name == _RAW)
        for rung, matrix in candidates
        if not rung.per_head
    }
    scores: dict[str, list[tuple[Agreement, Agreement]]] = {rung.name: [] for rung, _ in candidates}
    for heads in cachefuls(model):
        reference = prepare(model[heads])
        for rung, matrix in candidates:
            rows = shared.get(rung.name) or prepare(matrix[heads])
            scores[rung.name].append(
                (
                    _compare(reference.all_tokens, rows.all_tokens),
                    _compare(reference.content, rows.content),
                )
            )
    return {
        rung.name: _Measured(
            matrix=None if rung.per_head else matrix,
            all_tokens=_together([part for part, _ in scores[rung.name]], np.concatenate),
            content=_together([part for _, part in scores[rung.name]], np.concatenate),
        )
        for rung, matrix in candidates
    }


def _prepare(
    matrices: Array, visible: Mask, special: _Special, *, raw: bool, has_sink: bool
) -> _Both:
    ranks = average_ranks(matrices, visible)
    rows, cols = ~special.rows, ~special.cols
    ranks_inside = ranks_without(ranks, matrices, visible, list(np.flatnonzero(special.cols)))
    sink = sink_masses(matrices) if has_sink else None
    return _Both(
        all_tokens=_rows(matrices, sink, ranks, visible, raw=raw),
        content=_rows(
            matrices[:, rows][:, :, cols],
            None if sink is None else sink[:, rows],
            ranks_inside[:, rows][:, :, cols],
            visible[np.ix_(rows, cols)],
            raw=raw,
        ),
    )


def _rows(
    matrices: Array, sink: Float64 | None, ranks: Float64, visible: Mask, *, raw: bool
) -> _Rows:
    shares = entropy = None
    alive = np.broadcast_to(visible.any(axis=-1), matrices.shape[:-1])
    if not raw:
        shares, any_left = distributions(matrices, sink)
        alive = alive & any_left
        entropy = negative_entropy(shares)
    return _Rows(shares, entropy, alive, centred(ranks, visible), tops(matrices, visible))


def _compare(model: _Rows, rung: _Rows) -> Agreement:
    """Compare the model's rows, (H, T, S), with a rung's, which may be (1, T, S)."""
    counted = model.alive & rung.alive
    ranks = spearman(model.ranks, rung.ranks)
    divergence = np.full(counted.shape, np.nan)
    if (
        model.shares is not None
        and model.entropy is not None
        and rung.shares is not None
        and rung.entropy is not None
    ):
        divergence = jensen_shannon_bits(model.shares, rung.shares, model.entropy, rung.entropy)
    return Agreement(
        jsd_bits=row_mean(divergence, counted),
        rank_correlation=row_mean(ranks, counted),
        top1_agreement=row_mean(top1_agreement(model.tops, rung.tops), counted),
        constant_rows=int((np.isnan(ranks) & counted).sum()),
        empty_rows=int((~counted).sum()),
    )


def _together(parts: list[Agreement], arrange: Callable[[list[Float64]], Float64]) -> Agreement:
    """Put measures together: heads of a layer by ``concatenate``, layers as rows."""
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
    rung: Rung, layers: list[_Measured | None], sites: tuple[SiteName, ...], heads: int
) -> RungResult:
    """Put one rung's layers together, None standing for those that do not have it."""
    if not any(layers):
        return _unmeasured(rung)
    nothing = np.full(heads, np.nan)
    absent = Agreement(nothing, nothing, nothing, constant_rows=0, empty_rows=0)

    def arrange(numbers: list[Float64]) -> Float64:
        return np.stack([np.append(of, nothing[len(of) :]) for of in numbers])

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
        all_tokens=_together([layer.all_tokens if layer else absent for layer in layers], arrange),
        content=_together([layer.content if layer else absent for layer in layers], arrange),
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
