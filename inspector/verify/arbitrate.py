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
#: The largest |Δ| of an output, times max(1, max|o|), and the same where the softmax is float32.
OUTPUT_ARBITRATION_BOUND = 1e-9
FLOAT32_OUTPUT_BOUND = 1e-5


def needs_arbitration(checks: tuple[LayerCheck, ...]) -> bool:
    """Say whether any head's weights, or any output, lie outside the float32 bounds."""
    return any(check.verdict == "mismatch" for check in checks)


def arbitrate(
    check: LayerCheck, traced: TracedLayer, recomputed: RecomputedLayer, tier: Tier
) -> LayerCheck:
    """Judge again, from a float64 run, what of ``check`` float32 could not verify.

    Sums over thousands of tokens part by rounding in outputs too, not only in weights.
    """
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
    output = check.output_verdict
    theirs = traced.output if traced.captured is None else traced.captured.mixed
    if output == "mismatch" and theirs is not None:
        error = float(absolute_difference(theirs, recomputed.output).max())
        fixed = recomputed.float32_softmax
        allowed = FLOAT32_OUTPUT_BOUND if fixed else OUTPUT_ARBITRATION_BOUND
        inside = error <= allowed * max(1.0, float(np.abs(theirs).max()))
        output = cleared if inside else "mismatch"
    return replace(
        check,
        verdict=worst((*heads, output)),
        head_verdicts=tuple(heads),
        output_verdict=output,
        arbitrated_max_abs_error=np.where(in_question, largest, np.nan),
    )
