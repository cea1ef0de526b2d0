"""The verdict, head by head: is the rebuilt attention the model's.

Both sides are float32 first. A head whose weights agree within the bounds is ``verified``. A head
that does not is arbitrated: model and rebuild run again in float64, where rounding all but
vanishes and a real difference stays. What falls inside the float64 bound was ``rounding``, what
stays outside is a ``mismatch``. A comparison with NaN is false, so NaN never verifies. Where q, k
and v are the model's own, the word for agreement is ``consistent``, in either case: less is proved.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from inspector.records import (
    Array,
    CapturedLayer,
    Executed,
    Float64,
    LayerCheck,
    RebuiltLayer,
    ReplayedLayer,
    Tier,
    Verdict,
    Verification,
)

#: Float32: the largest |Δ| of a weight, and the largest Σ_j|Δ_ij| of a row.
WEIGHT_BOUND = 1e-5
ROW_BOUND = 1e-4
#: Float64: the largest |Δ| of a weight, and where the model takes its softmax in float32 all the
#: same.
ARBITRATION_BOUND = 1e-10
FLOAT32_SOFTMAX_BOUND = 1e-6
#: Float32: the largest |Δ| of the sub-layer's output, times max(1, max|o|).
OUTPUT_BOUND = 1e-5

_FROM_BEST_TO_WORST: tuple[Verdict, ...] = ("verified", "rounding", "consistent", "mismatch")


def check_layer(captured: CapturedLayer, rebuilt: RebuiltLayer) -> LayerCheck:
    """Compare one layer in float32; a head outside the bounds is a ``mismatch`` until arbitrated.

    Raises
    ------
    ValueError
        When the run did not capture the sub-layer's output.
    """
    if captured.output is None:
        raise ValueError("a layer without a captured output cannot be checked")
    return _check(captured, rebuilt.attention, (captured.output, rebuilt.output), "verified")


def check_replay(
    captured: CapturedLayer, executed: Executed, replayed: ReplayedLayer
) -> LayerCheck:
    """Compare one layer that was recomputed from the model's own q, k and v, in float32.

    A head within the bounds is ``consistent``: its attention follows from its queries and keys. It
    is never ``verified``, since nobody recomputed those.
    """
    return _check(captured, replayed.attention, (executed.mixed, replayed.mixed), "consistent")


def _check(
    captured: CapturedLayer, ours: Array, outputs: tuple[Array, Array], agrees: Verdict
) -> LayerCheck:
    """Compare attention and output, ``(model's, ours)``; ``agrees`` is what agreement is called."""
    difference = _absolute_difference(captured.attention, ours)
    largest = difference.max(axis=(1, 2)).astype(np.float64)
    row = difference.sum(axis=2).max(axis=1).astype(np.float64)
    heads: tuple[Verdict, ...] = tuple(
        agrees if good else "mismatch" for good in (largest <= WEIGHT_BOUND) & (row <= ROW_BOUND)
    )
    output_error = float(_absolute_difference(*outputs).max())
    output_bound = OUTPUT_BOUND * max(1.0, float(np.abs(outputs[0]).max()))
    output: Verdict = agrees if output_error <= output_bound else "mismatch"
    return LayerCheck(
        site=captured.site,
        layer=captured.layer,
        verdict=_worst((*heads, output)),
        head_verdicts=heads,
        attention_max_abs_error=largest,
        attention_max_row_error=row,
        arbitrated_max_abs_error=np.full(len(heads), np.nan),
        output_verdict=output,
        output_max_abs_error=output_error,
        output_bound=output_bound,
    )


def needs_arbitration(checks: tuple[LayerCheck, ...]) -> bool:
    """Say whether any head's weights lie outside the float32 bounds."""
    return any("mismatch" in check.head_verdicts for check in checks)


def arbitrate(
    check: LayerCheck,
    captured: CapturedLayer,
    rebuilt: RebuiltLayer | ReplayedLayer,
    *,
    float32_softmax: bool = False,
    cleared: Verdict = "rounding",
) -> LayerCheck:
    """Judge again, from a float64 run, the heads of ``check`` that float32 could not verify.

    ``float32_softmax`` where the model takes its softmax in float32 even then; ``cleared`` is what
    a head within the float64 bound is called.
    """
    bound = FLOAT32_SOFTMAX_BOUND if float32_softmax else ARBITRATION_BOUND
    difference = _absolute_difference(captured.attention, rebuilt.attention)
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
        verdict=_worst((*heads, check.output_verdict)),
        head_verdicts=tuple(heads),
        arbitrated_max_abs_error=np.where(in_question, largest, np.nan),
    )


def conclude(
    checks: tuple[LayerCheck, ...], *, tier: Tier = "weights", reason: str | None = None
) -> Verification:
    """Put the layers' checks together: the worst verdict and the largest differences.

    ``tier`` says from what the layers were rebuilt, ``reason`` why not from the weights.
    """
    return Verification(
        verdict=_worst(tuple(check.verdict for check in checks)),
        attention_max_abs_error=float(
            np.max([check.attention_max_abs_error.max() for check in checks])
        ),
        output_max_abs_error=float(np.max([check.output_max_abs_error for check in checks])),
        layers=checks,
        reason=reason,
        tier=tier,
    )


def not_recomputed(reason: str) -> Verification:
    """Say that nothing was recomputed, and why."""
    return Verification(
        verdict="not_recomputed",
        attention_max_abs_error=None,
        output_max_abs_error=None,
        layers=(),
        reason=reason,
        tier="none",
    )


def _absolute_difference(model: Array, rebuilt: Array) -> Array:
    difference: Array = rebuilt - model
    return np.abs(difference, out=difference)


def _worst(verdicts: tuple[Verdict, ...]) -> Verdict:
    return max(verdicts, key=_FROM_BEST_TO_WORST.index)
