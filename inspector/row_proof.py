"""A long text proved: some rows of every head, layer by layer and from the ids alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from inspector.forward.by_rows.model import forward_by_rows
from inspector.forward.by_rows.rebuild import rebuild_rows
from inspector.forward.by_rows.rows import Prepared, whole_rows
from inspector.proof import Progress
from inspector.records import (
    Array,
    AttentionLayer,
    Rebuild,
    RecomputedLayer,
    Trace,
    TracedLayer,
    Verification,
)
from inspector.records.long_text import LongFindings
from inspector.verify.compare import worst
from inspector.verify.end_to_end import verify_end_to_end
from inspector.verify.verification import nothing_compared, verify

if TYPE_CHECKING:
    from inspector.referee.loading import LoadedModel


def prove_rows(
    model: LoadedModel, found: LongFindings, progress: Progress = lambda _stage: None
) -> Verification:
    """Compare the rows that were kept, and every state at the end, with the real model's.

    Where float32 does not agree, float64 decides, as for short texts. A model whose attention
    function cannot be asked in parts is not compared, and the reason says so.
    """
    from inspector.referee.long_text import can_be_watched, capture_rows

    attention = found.checkpoint.attention
    known = found.checkpoint.model
    if attention is None or known is None or not can_be_watched(model):
        reason = (
            f"the attention of {found.checkpoint.title} does not go through transformers' "
            "interface, and cannot be asked for some rows of a long text"
        )
        return nothing_compared("not_recomputed", Rebuild("none", (), (), reason))

    def run(*, exact: bool) -> tuple[Trace, Rebuild]:
        rebuilt: list[RecomputedLayer] = []

        def rebuild(layer: TracedLayer) -> None:
            progress(f"Letting the real model read layer {layer.layer} of {len(attention)}")
            rebuilt.append(
                rebuild_rows(layer.layer, layer.hidden, attention[layer.layer], found.rows)
            )

        trace = capture_rows(model, found.text, found.rows, rebuild, exact=exact)
        return trace, Rebuild("weights", tuple(rebuilt), (), None)

    @cache
    def in_float64() -> tuple[Trace, Rebuild]:
        return run(exact=True)

    trace, rebuilt = run(exact=False)
    by_layer = verify(trace, rebuilt, in_float64)
    whole = verify_end_to_end(
        trace,
        _ours(found, [layer.rows for layer in found.layers], found.final, found.logits),
        lambda: (in_float64()[0], _in_float64(found)),
        float32_parts=known.float32_parts,
    )
    return replace(by_layer, end_to_end=whole, verdict=worst((by_layer.verdict, whole.verdict)))


def _ours(found: LongFindings, rows: Sequence[Array], final: Array, logits: Array | None) -> Trace:
    """Lay out what our own forward kept as the real model's pass is laid out."""
    layers = [
        TracedLayer("self", layer, final[found.rows], kept, None) for layer, kept in enumerate(rows)
    ]
    return Trace(text=found.text, layers=tuple(layers), final=final, logits=logits)


def _in_float64(found: LongFindings) -> Trace:
    """Run our own forward once more in float64, for the same rows."""
    kept: list[Array] = []

    def read(_layer: int, _hidden: Array, prepared: Prepared, known: AttentionLayer) -> None:
        kept.append(whole_rows(prepared, known, found.rows)[0])

    passed = forward_by_rows(
        found.checkpoint, found.text, read, rows=[len(found.text) - 1], dtype=np.float64
    )
    return _ours(found, kept, passed.final, passed.logits)
