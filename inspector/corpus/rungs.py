"""The ladder on one sentence of a corpus: how near every rung comes to the model's attention.

As in ``analysis/agreement.py``, but over the queries and keys that all statistics of a corpus are
taken over: queries are content tokens, keys all tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inspector.analogy.ladder import LAYER_MEAN, RUNGS, UNIFORM, applies, weights
from inspector.analysis.measures import (
    average_ranks,
    centred,
    distributions,
    jensen_shannon_bits,
    negative_entropy,
    spearman,
    top1_agreement,
    tops,
)
from inspector.forward.recompute import recompute
from inspector.records import Array, CapturedLayer, Float64, Mask, RebuiltLayer, Run

if TYPE_CHECKING:
    from inspector.records.batch import Encoded
    from inspector.referee.loading import LoadedModel

_MEASURES = ("jsd_bits", "rank_correlation", "top1")
_ALL = (*RUNGS, UNIFORM, LAYER_MEAN)
#: The rung whose raw scores are no distribution: it has no divergence.
_RAW = "classroom"

NAMES = tuple(f"{rung.name}_{measure}" for rung in _ALL for measure in _MEASURES)


def sentence_ladder(loaded: LoadedModel, encoded: Encoded) -> tuple[Float64, Float64]:
    """Return sums over the content queries, and of how many of them: (N, H, K) each.

    0 of 0 where a rung has no such measure or the family no such rung.
    """
    from inspector.referee.capture import capture
    from inspector.referee.encoding import as_text

    run = capture(loaded, as_text(loaded.tokenizer, encoded))
    return measure_run(run, ~encoded.special)


def measure_run(run: Run, content: Mask) -> tuple[Float64, Float64]:
    """Return the same of a text that was captured; ``content`` is (T,)."""
    measured = [
        _layer(captured, rebuilt, content)
        for captured, rebuilt in zip(run.layers, recompute(run), strict=True)
    ]
    return np.stack([sums for sums, _ in measured]), np.stack([counts for _, counts in measured])


def _layer(captured: CapturedLayer, layer: RebuiltLayer, content: Mask) -> tuple[Float64, Float64]:
    """Return (H, K) sums and counts of one layer."""
    visible = layer.visible[content]
    model = _Rows(captured.attention[:, content], visible)
    heads = len(captured.attention)
    sums, counts = np.zeros((heads, len(NAMES))), np.zeros((heads, len(NAMES)))
    for place, rung in enumerate(_ALL):
        if rung is UNIFORM:
            matrices = layer.visible / layer.visible.sum(axis=1, keepdims=True)
        elif rung is LAYER_MEAN:
            matrices = captured.attention.mean(axis=0)
        elif applies(rung, layer):
            matrices = weights(rung, layer)
        else:
            continue
        rows = _Rows(
            matrices.reshape(-1, *matrices.shape[-2:])[:, content], visible, raw=rung.name == _RAW
        )
        for offset, values in enumerate(_compare(model, rows)):
            if values is None:
                continue
            column = place * len(_MEASURES) + offset
            sums[:, column] = np.nansum(values, axis=1)
            counts[:, column] = (~np.isnan(values)).sum(axis=1)
    return sums, counts


class _Rows:
    """Matrices (H or 1, R, S) made ready to be compared."""

    def __init__(self, matrices: Array, visible: Mask, *, raw: bool = False) -> None:
        self.shares: Float64 | None = None if raw else distributions(matrices)[0]
        self.entropy = None if self.shares is None else negative_entropy(self.shares)
        self.ranks = centred(average_ranks(matrices, visible), visible)
        self.tops = tops(matrices, visible)


def _compare(model: _Rows, rung: _Rows) -> tuple[Float64 | None, Float64, Float64]:
    """Return the three measures of every row, (H, R); a divergence only between distributions."""
    divergence = None
    if (
        model.shares is not None
        and model.entropy is not None
        and rung.shares is not None
        and rung.entropy is not None
    ):
        divergence = jensen_shannon_bits(model.shares, rung.shares, model.entropy, rung.entropy)
    return divergence, spearman(model.ranks, rung.ranks), top1_agreement(model.tops, rung.tops)
