"""The rebuilt attention, and how far it lies from the model's."""

from __future__ import annotations

from dataclasses import dataclass

from inspector.records.model import Projection, Rope
from inspector.records.shapes import Array, Float64, Mask, SiteName, Tier, Verdict


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
    #: (H, T, S) rows sum to 1.
    attention: Array
    #: (T, D)
    output: Array
    #: Wo and its bias, which turned A·V into ``output``.
    output_projection: Projection
    #: How positions turned queries and keys, and what caps their scores; None for neither.
    rope: Rope | None = None
    softcap: float | None = None
    #: Query and key as they came out of their norms; None where positions did not turn them after.
    normed: tuple[Array, Array] | None = None
    #: Query and key as they came out of their projections; None where they have no norms.
    plain: tuple[Array, Array] | None = None

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
