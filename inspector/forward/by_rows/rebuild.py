"""Some query rows of a layer rebuilt from what entered it: what of a long text is proved."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inspector.forward.by_rows.rows import prepare, whole_rows
from inspector.forward.casting import cast
from inspector.forward.core import visible
from inspector.forward.products import project
from inspector.records import Array, AttentionLayer, RecomputedLayer


def rebuild_rows(
    layer: int, hidden: Array, known: AttentionLayer, rows: NDArray[np.intp]
) -> RecomputedLayer:
    """Return R rows of every head, (H, R, T), and of the output, (R, D), from (T, D) states.

    Everything is in the dtype of ``hidden``; queries are those of the rows alone.
    """
    known = cast(known, hidden.dtype.type)
    config, tokens = known.config, len(hidden)
    prepared = prepare(hidden, known)
    attention, mixed = whole_rows(prepared, known, rows)
    allowed = np.concatenate([visible(config, 1, tokens, None, at) for at in rows.tolist()])
    return RecomputedLayer(
        site="self",
        layer=layer,
        query=prepared.asked.query[:, rows],
        key=prepared.offered.key,
        value=prepared.offered.value,
        scale=config.scale,
        softcap=config.softcap,
        sink=known.weights.sink,
        visible=allowed,
        attention=attention,
        output=project(mixed.reshape(len(rows), -1), known.weights.output),
        float32_softmax=config.float32_softmax,
    )
