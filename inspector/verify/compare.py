"""One layer, the model's and ours, compared in float32: is the recomputed attention the model's.

A head whose weights agree within the bounds is ``verified``. One whose weights do not is a
``mismatch`` until a float64 run has been asked (``arbitrate.py``). A comparison with NaN is false,
so NaN never verifies. Where q, k and v are the model's own, the word for agreement is
``consistent``: less is proved.
"""

from __future__ import annotations

import numpy as np

from inspector.records import Array, LayerCheck, RecomputedLayer, Tier, TracedLayer, Verdict

#: Float32: the largest |Δ| of a weight, and the largest Σ_j|Δ_ij| of a row.
WEIGHT_BOUND = 1e-5
ROW_BOUND = 1e-4
#: Float32: the largest |Δ| of the sub-layer's output, times max(1, max|o|).
OUTPUT_BOUND = 1e-5

_FROM_BEST_TO_WORST: tuple[Verdict, ...] = ("verified", "rounding", "consistent", "mismatch")


def check_layer(traced: TracedLayer, recomputed: RecomputedLayer, tier: Tier) -> LayerCheck:
    """Compare one layer in float32; a head outside the bounds is a ``mismatch`` until arbitrated.

    Raises
    ------
    ValueError
        When the trace holds no output to compare with.
    """
    agrees: Verdict = "verified" if tier == "weights" else "consistent"
    theirs = traced.output if traced.captured is None else traced.captured.mixed
    if theirs is None:
        raise ValueError("a layer without a captured output cannot be checked")
    difference = absolute_difference(traced.attention, recomputed.attention)
    largest = difference.max(axis=(1, 2)).astype(np.float64)
    row = difference.sum(axis=2).max(axis=1).astype(np.float64)
    heads: tuple[Verdict, ...] = tuple(
        agrees if good else "mismatch" for good in (largest <= WEIGHT_BOUND) & (row <= ROW_BOUND)
    )
    output_error = float(absolute_difference(theirs, recomputed.output).max())
    output_bound = OUTPUT_BOUND * max(1.0, float(np.abs(theirs).max()))
    output: Verdict = agrees if output_error <= output_bound else "mismatch"
    return LayerCheck(
        site=traced.site,
        layer=traced.layer,
        verdict=worst((*heads, output)),
        head_verdicts=heads,
        attention_max_abs_error=largest,
        attention_max_row_error=row,
        arbitrated_max_abs_error=np.full(len(heads), np.nan),
        output_verdict=output,
        output_max_abs_error=output_error,
        output_bound=output_bound,
    )


def absolute_difference(model: Array, ours: Array) -> Array:
    """Return |Δ| entry by entry."""
    difference: Array = ours - model
    return np.abs(difference, out=difference)


def worst(verdicts: tuple[Verdict, ...]) -> Verdict:
    """Return the verdict that stands for all of them."""
    return max(verdicts, key=_FROM_BEST_TO_WORST.index)
