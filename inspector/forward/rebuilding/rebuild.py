"""What can be recomputed of a trace, in the strongest tier that its checkpoint allows."""

from __future__ import annotations

from typing import Any

import numpy as np

from inspector.forward.rebuilding.recompute import recompute
from inspector.forward.rebuilding.replay import replay
from inspector.records import Checkpoint, Rebuild, Trace


def rebuild(
    checkpoint: Checkpoint, trace: Trace, dtype: type[np.floating[Any]] = np.float32
) -> Rebuild:
    """Recompute every layer: from the weights, else from captured q, k and v, else not at all.

    ``dtype`` is float32, or float64 where the trace was made in float64.
    """
    if checkpoint.attention is not None:
        rebuilt = recompute(checkpoint.attention, trace, dtype)
        return Rebuild(tier="weights", layers=rebuilt, from_weights=rebuilt, reason=None)
    reason = checkpoint.no_rebuild
    if all(layer.captured is not None for layer in trace.layers):
        return Rebuild("captured", replay(trace, dtype), (), reason)
    return Rebuild("none", (), (), reason)
