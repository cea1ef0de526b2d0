"""How far what was recomputed lies from the model's own."""

from __future__ import annotations

from inspector.record import record
from inspector.records.shapes import Float64, SiteName, Tier, Verdict


@record(frozen=True, slots=True)
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


@record(frozen=True, slots=True)
class EndToEnd:
    """How far our own forward, from the ids alone, lies from the real model's."""

    verdict: Verdict
    attention_max_abs_error: float
    #: Of the states at the end, in units of max(1, max|h|), and of the head's probabilities; None
    #: where one side has none.
    states_max_abs_error: float | None
    probability_max_abs_error: float | None
    #: Of the text's embedding and of those of both texts of a pair, in units of max(1, max|e|), and
    #: of the cosine between these two; None where one side has none.
    embedding_max_abs_error: float | None
    similarity_abs_error: float | None
    #: Site and number of the first layer whose attention weights part; None where none do.
    first_layer: tuple[SiteName, int] | None


@record(frozen=True, slots=True)
class Verification:
    """The verdict over every head of every layer.

    ``layers`` is empty where nothing was recomputed, and where nobody has compared it yet.
    """

    verdict: Verdict
    attention_max_abs_error: float | None
    output_max_abs_error: float | None
    layers: tuple[LayerCheck, ...]
    #: Why nothing was recomputed, or not from the weights; else None.
    reason: str | None
    tier: Tier
    #: The second proof, from the ids alone; None where it was not asked for or cannot be had.
    end_to_end: EndToEnd | None = None
