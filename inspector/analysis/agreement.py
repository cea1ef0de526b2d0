"""How near every rung of the ladder comes to the model's attention, head by head.

Each measure is taken twice: over all tokens, and over content tokens only, where the rows and
columns of special tokens are dropped and the rows renormalised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from inspector.analogy.ladder import LAYER_MEAN, RUNGS, UNIFORM, Rung, applies, weights
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
from inspector.attention.core import cachefuls
from inspector.attention.recompute import spread
from inspector.records import (
    Agreement,
    Array,
    CapturedLayer,
    Float64,
    Mask,
    RebuiltLayer,
    Run,
    RungResult,
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
    special = run.text.special
    climbed = spread(
        lambda pair: _climb(*pair, special),
        zip(run.layers, rebuilt, strict=True),
        tokens=len(special),
    )
    return tuple(
        _collect(rung, [layer[rung.name] for layer in climbed if rung.name in layer])
        for rung in (*RUNGS, UNIFORM, LAYER_MEAN)
    )


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


def _climb(captured: CapturedLayer, rebuilt: RebuiltLayer, special: Mask) -> dict[str, _Measured]:
    """Measure every rung that applies, and the references, on one layer."""
    model = captured.attention
    visible = rebuilt.visible
    candidates = [(rung, weights(rung, rebuilt)) for rung in RUNGS if applies(rung, rebuilt)]
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


def _prepare(matrices: Array, visible: Mask, special: Mask, *, raw: bool, has_sink: bool) -> _Both:
    ranks = average_ranks(matrices, visible)
    content = ~special
    inside = np.ix_(content, content)
    ranks_inside = ranks_without(ranks, matrices, visible, list(np.flatnonzero(special)))
    sink = sink_masses(matrices) if has_sink else None
    return _Both(
        all_tokens=_rows(matrices, sink, ranks, visible, raw=raw),
        content=_rows(
            matrices[:, content][:, :, content],
            None if sink is None else sink[:, content],
            ranks_inside[:, content][:, :, content],
            visible[inside],
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
    """Put measures together: heads of a layer by ``concatenate``, layers by ``stack``."""
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


def _collect(rung: Rung, layers: list[_Measured]) -> RungResult:
    """Put one rung's layers together."""
    if not layers:
        return _unmeasured(rung)
    matrices = [layer.matrix for layer in layers if layer.matrix is not None]
    return RungResult(
        name=rung.name,
        formula=rung.formula,
        adds=rung.adds,
        reference=rung in (UNIFORM, LAYER_MEAN),
        applies=True,
        all_tokens=_together([layer.all_tokens for layer in layers], np.stack),
        content=_together([layer.content for layer in layers], np.stack),
        matrices=np.stack(matrices).astype(np.float32, copy=False) if matrices else None,
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
    )
