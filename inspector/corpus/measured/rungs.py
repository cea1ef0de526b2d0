"""The ladder on one sentence of a corpus: how near every rung comes to the model's attention.

Measured as everywhere (``analysis/ladder/climbing.py``), over the queries and keys that all
statistics of a corpus are taken over: queries are content tokens, keys all tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inspector.analysis.ladder.climbing import (
    ALL_RUNGS,
    Selection,
    measure_rungs,
    present_rungs,
)
from inspector.forward.rebuilding.recompute import recompute
from inspector.records import Float64, RebuiltLayer, Text, Trace

if TYPE_CHECKING:
    from inspector.referee.loading import LoadedModel

#: What the columns call the measures, and what ``RowMeasures`` does.
_MEASURES = {
    "jsd_bits": "jsd_bits",
    "rank_correlation": "rank_correlation",
    "top1": "top1_agreement",
}

NAMES = tuple(f"{rung.name}_{measure}" for rung in ALL_RUNGS for measure in _MEASURES)


def sentence_ladder(loaded: LoadedModel, text: Text) -> tuple[Float64, Float64]:
    """Return sums over the content queries, and of how many of them: (N, H, K) each.

    0 of 0 where a rung has no such measure or the family no such rung.

    Raises
    ------
    ValueError
        When the family has no rebuild from the weights.
    """
    from inspector.referee.capture import capture

    if loaded.checkpoint.attention is None:
        raise ValueError("a model that is not rebuilt from its weights has no ladder")
    trace = capture(loaded, text)
    return ladder_sums(trace, recompute(loaded.checkpoint.attention, trace))


def ladder_sums(trace: Trace, rebuilt: tuple[RebuiltLayer, ...]) -> tuple[Float64, Float64]:
    """Return the same of a trace and its rebuild."""
    content = Selection(~trace.text.special, np.ones(len(trace.text), dtype=np.bool_))
    selections = {site: [content] for site in trace.sites}
    sums = np.zeros((len(rebuilt), trace.heads, len(NAMES)))
    counts = np.zeros_like(sums)
    climbed = measure_rungs(trace, rebuilt, present_rungs(rebuilt), selections)
    for index, of_layer in enumerate(climbed):
        for name, measured in of_layer.items():
            (rows,) = measured.rows
            for column, measure in _MEASURES.items():
                values = np.where(rows.counted, getattr(rows, measure), np.nan)
                at = index, slice(len(values)), NAMES.index(f"{name}_{column}")
                sums[at] = np.nansum(values, axis=1)
                counts[at] = (~np.isnan(values)).sum(axis=1)
    return sums, counts
