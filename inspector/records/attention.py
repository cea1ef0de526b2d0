"""The rebuilt attention, and how far it lies from the model's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inspector.records.model import Projection, Rope
from inspector.records.shapes import Array, Float64, Mask, SiteName, Tier, Verdict


@dataclass(frozen=True, slots=True)
class DistanceVectors:
    """The keys and the queries that the distances of a text have in disentangled attention."""

    #: (T + S − 1,) the row of each distance j − i, from 1 − T to S − 1.
    rows: NDArray[np.intp]
    #: (H, R, d) what queries are multiplied with, and what keys are; None where a part is missing.
    keys: Array | None
    queries: Array | None


@dataclass(frozen=True, slots=True)
class Bias:
    """What positions add to scale·q·k, as compact as it comes: one of three."""

    #: (H, S) by the key's place.
    by_key: Array | None = None
    #: (H, T + S − 1) by the distance j − i, from 1 − T to S − 1.
    by_distance: Array | None = None
    #: By distance and by what is asked and offered there; multiplied by the scale, as q·k is.
    vectors: DistanceVectors | None = None


@dataclass(frozen=True, slots=True)
class RebuiltLayer:
    """The same attention layer, recomputed from ``CapturedLayer.hidden`` and the weights."""

    site: SiteName
    layer: int
    #: (T, D) X: what the query and key projections receive.
    states: Array
    #: (H, T, d), (KV, S, d), (KV, S, d)
    query: Array
    key: Array
    value: Array
    #: What q·k is multiplied by.
    scale: float
    #: (T, S) True where a query may hear a key.
    visible: Mask
    #: (H, T, S) rows sum to 1, or to less where a sink takes part.
    attention: Array
    #: (T, D)
    output: Array
    #: Wo and its bias, which turned A·V into ``output``.
    output_projection: Projection
    #: How positions turned queries and keys, and what caps their scores; None for neither.
    rope: Rope | None = None
    softcap: float | None = None
    #: What positions add to the scores, and the (H,) score of one more key that takes part in the
    #: softmax and is then dropped; None for neither.
    bias: Bias | None = None
    sink: Array | None = None
    #: Query and key as they came out of their norms; None where positions did not turn them after.
    normed: tuple[Array, Array] | None = None
    #: Query and key as they came out of their projections; None where they have no norms.
    plain: tuple[Array, Array] | None = None
    #: (S, D) Y: what keys and values are made from in cross-attention; None where that is X.
    key_states: Array | None = None

    @property
    def heard(self) -> Array:
        """(S, D) what is listened to: Y in cross-attention, else X itself."""
        return self.states if self.key_states is None else self.key_states

    @property
    def placed(self) -> bool:
        """Whether positions act on the scores."""
        return self.rope is not None or self.bias is not None

    @property
    def before_positions(self) -> tuple[Array, Array]:
        """Query and key with their norms but without positions."""
        return self.normed or (self.query, self.key)

    @property
    def before_norms(self) -> tuple[Array, Array]:
        """Query and key as projected."""
        return self.plain or self.before_positions


@dataclass(frozen=True, slots=True)
class ReplayedLayer:
    """The last step of an attention layer, recomputed from ``Executed``: a weaker proof.

    Queries, keys and values are the model's own, so projections, norms and positions are taken on
    trust; X, what the projections receive, is not known.
    """

    site: SiteName
    layer: int
    #: (H, T, d), (KV, S, d), (KV, S, e)
    query: Array
    key: Array
    value: Array
    #: What q·k is multiplied by.
    scale: float
    #: (T, S) True where a query may hear a key.
    visible: Mask
    #: (H, T, S) rows sum to 1, less what a sink takes.
    attention: Array
    #: (T, H·e) A·V with the heads side by side.
    mixed: Array


@dataclass(frozen=True, slots=True)
class LayerCheck:
    """How far the rebuilt layer lies from the model's."""

    site: SiteName
    layer: int
    #: The worst of the heads' verdicts and the output's.
    verdict: Verdict
    #: H verdicts, and (H,) float64 largest |Δ| and largest row sum of |Δ|, in float32 unless the
    #: head was arbitrated.
    head_verdicts: tuple[Verdict, ...]
    attention_max_abs_error: Float64
    attention_max_row_error: Float64
    #: The float64 arbitration's largest |Δ| per head, NaN where there was none.
    arbitrated_max_abs_error: Float64
    #: Largest |Δ| of the sub-layer's output and the bound it had to meet. Where q, k and v were
    #: captured, the output is A·V, before the output projection.
    output_verdict: Verdict
    output_max_abs_error: float
    output_bound: float


@dataclass(frozen=True, slots=True)
class Verification:
    """The verdict over every head of every layer; ``layers`` is empty when not recomputed."""

    verdict: Verdict
    attention_max_abs_error: float | None
    output_max_abs_error: float | None
    layers: tuple[LayerCheck, ...]
    #: Why nothing was recomputed, or not from the weights; else None.
    reason: str | None
    tier: Tier
