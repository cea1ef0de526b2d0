"""What float32 could not verify, decided in float64.

Model and rebuild run again in float64, where rounding all but vanishes and a real difference stays.
What falls inside the float64 bound was ``rounding``, what stays outside is a ``mismatch``. Where q,
k and v are the model's own, agreement is called ``consistent`` here too.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from inspector.records import Float64, LayerCheck, RecomputedLayer, Tier, TracedLayer, Verdict
from inspector.verify.compare import absolute_difference, worst

#: The largest |Δ| of a weight, and where the model takes its softmax in float32 all the same.
ARBITRATION_BOUND = 1e-10
FLOAT32_SOFTMAX_BOUND = 1e-6


def needs_arbitration(checks: tuple[LayerCheck, ...]) -> bool:
    """Say whether any head's weights lie outside the float32 bounds."""
    return any("mismatch" in check.head_verdicts for check in checks)


def arbitrate(
    check: LayerCheck, traced: TracedLayer, recomputed: RecomputedLayer, tier: Tier
) -> LayerCheck:
    """Judge again, from a float64 run, the heads of ``check`` that float32 could not verify."""
    bound = FLOAT32_SOFTMAX_BOUND if recomputed.float32_softmax else ARBITRATION_BOUND
    cleared: Verdict = "rounding" if tier == "weights" else "consistent"
    difference = absolute_difference(traced.attention, recomputed.attention)
    largest: Float64 = difference.max(axis=(1, 2)).astype(np.float64)
    in_question = np.array([verdict == "mismatch" for verdict in check.head_verdicts])
    heads: list[Verdict] = []
    for verdict, error in zip(check.head_verdicts, largest, strict=True):
        if verdict != "mismatch":
            heads.append(verdict)
        else:
            heads.append(cleared if error <= bound else "mismatch")
    return replace(
        check,
        verdict=worst((*heads, check.output_verdict)),
        head_verdicts=tuple(heads),
        arbitrated_max_abs_error=np.where(in_question, largest, np.nan),
    )
