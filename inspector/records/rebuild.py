"""The attention as it was recomputed, and from what."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inspector.record import record
from inspector.records.checkpoint import Projection, Rope
from inspector.records.shapes import Array, Mask, SiteName, Tier


@record(frozen=True, slots=True)
class DistanceVectors:
    """The keys and the queries that the distances of a text have in disentangled attention."""

    #: (T + S − 1,) the row of each distance j − i, from 1 − T to S − 1.
    rows: NDArray[np.intp]
    #: (H, R, d) what queries are multiplied with, and what keys are; None where a part is missing.
    keys: Array | None
    queries: Array | None


@record(frozen=True, slots=True)
class Bias:
    """What positions add to scale·q·k, as compact as it comes: one of three."""

    #: (H, S) by the key's place.
    by_key: Array | None = None
    #: (H, T + S − 1) by the distance j − i, from that of the last query and the first key on.
    by_distance: Array | None = None
    #: By distance and by what is asked and offered there; multiplied by the scale, as q·k is.
    vectors: DistanceVectors | None = None


@record(frozen=True, slots=True, kw_only=True)
class RecomputedLayer:
    """One attention layer recomputed: all that both tiers know of it.

    Where the model's own queries, keys and values were captured, they are taken on trust, and only
    the last step was recomputed. ``RebuiltLayer`` is the stronger proof.
    """

    site: SiteName
    layer: int
    #: (H, T, d), (KV, S, d), (KV, S, e)
    query: Array
    key: Array
    value: Array
    #: What q·k is multiplied by, what caps the scores, and the (H,) score of one more key that
    #: takes part in the softmax and is then dropped; None for neither.
    scale: float
    softcap: float | None = None
    sink: Array | None = None
    #: (T, S) True where a query may attend to a key.
    visible: Mask
    #: (H, T, S) rows sum to 1, or to less where a sink takes part.
    attention: Array
    #: What the recomputing ends with: the sub-layer's output, (T, D), or where q, k and v were
    #: captured A·V with the heads side by side, (T, H·e).
    output: Array
    #: Whether the model may take its softmax, or the sines of positions, in float32 even where it
    #: runs in float64.
    float32_softmax: bool = False


@record(frozen=True, slots=True, kw_only=True)
class RebuiltLayer(RecomputedLayer):
    """One attention layer recomputed from ``TracedLayer.hidden`` and the checkpoint's weights."""

    #: (T, D) X: what the query and key projections receive.
    states: Array
    #: Wo and its bias, which turned A·V into ``output``.
    output_projection: Projection
    #: (S, D) Y: what keys and values are made from in cross-attention; None where that is X.
    encoder_states: Array | None = None
    #: How positions turned queries and keys; what they add to the scores; None for neither.
    rope: Rope | None = None
    bias: Bias | None = None
    #: Queries and keys after their norms; None where positions did not turn them after that.
    after_norm: tuple[Array, Array] | None = None
    #: Queries and keys as they came out of their projections; None where they have no norms.
    as_projected: tuple[Array, Array] | None = None

    @property
    def key_states(self) -> Array:
        """(S, D) what keys and values are made from: Y in cross-attention, else X itself."""
        return self.states if self.encoder_states is None else self.encoder_states

    @property
    def has_positions(self) -> bool:
        """Whether positions act on the scores."""
        return self.rope is not None or self.bias is not None

    @property
    def before_positions(self) -> tuple[Array, Array]:
        """Queries and keys with their norms but without positions."""
        return self.after_norm or (self.query, self.key)

    @property
    def before_norms(self) -> tuple[Array, Array]:
        """Queries and keys as projected."""
        return self.as_projected or self.before_positions


@record(frozen=True, slots=True)
class Rebuild:
    """What was recomputed of a trace, in the strongest tier that the model allows."""

    tier: Tier
    #: N layers in the order of the trace; none where nothing could be recomputed.
    layers: tuple[RecomputedLayer, ...]
    #: The same layers where they were rebuilt from the weights, else none.
    from_weights: tuple[RebuiltLayer, ...]
    #: Why they were not rebuilt from the weights; None where they were.
    reason: str | None
