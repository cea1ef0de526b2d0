"""The verdict over a whole trace: every layer compared, arbitrated where needed, concluded."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from inspector.records import LayerCheck, Rebuild, Tier, Trace, Verdict, Verification
from inspector.verify.arbitrate import arbitrate, needs_arbitration
from inspector.verify.compare import check_layer, worst

#: Runs model and rebuild once more in float64.
Exact = Callable[[], tuple[Trace, Rebuild]]


def verify(trace: Trace, rebuild: Rebuild, exact: Exact) -> Verification:
    """Compare in float32, and let a float64 run decide about what does not agree.

    ``exact`` is called only where something does not agree.
    """
    if rebuild.tier == "none":
        return nothing_compared("not_recomputed", rebuild)
    tier = rebuild.tier
    checks = tuple(
        check_layer(traced, ours, tier)
        for traced, ours in zip(trace.layers, rebuild.layers, strict=True)
    )
    if needs_arbitration(checks):
        again, ours_again = exact()
        checks = tuple(
            arbitrate(check, traced, ours, tier)
            for check, traced, ours in zip(checks, again.layers, ours_again.layers, strict=True)
        )
    return conclude(checks, tier=tier, reason=rebuild.reason)


def conclude(
    checks: tuple[LayerCheck, ...], *, tier: Tier = "weights", reason: str | None = None
) -> Verification:
    """Put the layers' checks together: the worst verdict and the largest differences.

    ``tier`` says from what the layers were rebuilt, ``reason`` why not from the weights.
    """
    return Verification(
        verdict=worst(tuple(check.verdict for check in checks)),
        attention_max_abs_error=float(
            np.max([check.attention_max_abs_error.max() for check in checks])
        ),
        output_max_abs_error=float(np.max([check.output_max_abs_error for check in checks])),
        layers=checks,
        reason=reason,
        tier=tier,
    )


def nothing_compared(verdict: Verdict, rebuild: Rebuild) -> Verification:
    """Say that nothing was recomputed, or that what was recomputed is still unproved."""
    return Verification(
        verdict=verdict,
        attention_max_abs_error=None,
        output_max_abs_error=None,
        layers=(),
        reason=rebuild.reason,
        tier=rebuild.tier,
    )
