"""The verdict on differences made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from inspector.records import (
    Projection,
    Rebuild,
    RebuiltLayer,
    Text,
    Trace,
    TracedLayer,
    Verdict,
)
from inspector.verify.arbitrate import arbitrate, needs_arbitration
from inspector.verify.compare import check_layer
from inspector.verify.verification import conclude, nothing_compared, verify

HEADS, TOKENS = 3, 40


def pair(
    difference: float = 0.0,
    *,
    head: int = 1,
    spread: int = 1,
    output: float = 0.0,
    size: float = 1.0,
    dtype: type = np.float32,
) -> tuple[TracedLayer, RebuiltLayer]:
    """A captured and a rebuilt layer that differ in ``spread`` weights of one row of one head."""
    attention = np.full((HEADS, TOKENS, TOKENS), 1 / TOKENS, dtype)
    states = np.full((TOKENS, 2), size, dtype)
    captured = TracedLayer("self", 0, states, attention, states)
    changed = attention.copy()
    changed[head, 7, :spread] += difference
    outputs = states.copy()
    outputs[3, 1] += output
    nothing = np.zeros((HEADS, TOKENS, 1), dtype)
    rebuilt = RebuiltLayer(
        site="self",
        layer=0,
        states=states,
        query=nothing,
        key=nothing,
        value=nothing,
        scale=1.0,
        visible=np.ones((TOKENS, TOKENS), bool),
        attention=changed,
        output=outputs,
        output_projection=Projection(np.zeros((1, HEADS), dtype), None),
    )
    return captured, rebuilt


@pytest.mark.parametrize(
    ("difference", "spread", "expected"),
    [
        (0.0, 1, "verified"),
        (0.9e-5, 1, "verified"),
        (1.2e-5, 1, "mismatch"),
        # Each weight is within its bound, the row is not.
        (0.5e-5, 19, "verified"),
        (0.5e-5, 22, "mismatch"),
        (float("nan"), 1, "mismatch"),
    ],
)
def test_the_float32_bounds(difference: float, spread: int, expected: str) -> None:
    check = check_layer(*pair(difference, spread=spread), "weights")
    assert check.head_verdicts == ("verified", expected, "verified")
    assert check.verdict == expected
    assert needs_arbitration((check,)) is (expected == "mismatch")


@pytest.mark.parametrize(
    ("output", "size", "expected"),
    [
        (0.9e-5, 1.0, "verified"),
        (1.3e-5, 1.0, "mismatch"),
        # The bound grows with the output, and never falls below 1e-5.
        (0.9e-4, 10.0, "verified"),
        (1.2e-4, 10.0, "mismatch"),
        (0.9e-5, 0.001, "verified"),
    ],
)
def test_the_output_bound(output: float, size: float, expected: str) -> None:
    check = check_layer(*pair(output=output, size=size), "weights")
    assert check.output_verdict == check.verdict == expected
    assert set(check.head_verdicts) == {"verified"}


@pytest.mark.parametrize(
    ("exact", "expected"),
    [(0.9e-10, "rounding"), (1.1e-10, "mismatch"), (float("nan"), "mismatch")],
)
def test_float64_decides(exact: float, expected: str) -> None:
    check = check_layer(*pair(1e-4), "weights")
    decided = arbitrate(check, *pair(exact, dtype=np.float64), "weights")
    assert decided.head_verdicts == ("verified", expected, "verified")
    assert decided.verdict == expected
    assert np.isnan(decided.arbitrated_max_abs_error[[0, 2]]).all()
    # What float32 found stays on record.
    assert decided.attention_max_abs_error[1] == pytest.approx(1e-4, rel=1e-3)


def test_a_verified_head_is_not_judged_again() -> None:
    check = check_layer(*pair(1e-4, head=1), "weights")
    decided = arbitrate(check, *pair(1.0, head=0, dtype=np.float64), "weights")
    assert decided.head_verdicts == ("verified", "rounding", "verified")


def test_the_worst_verdict_stands() -> None:
    good, bad = check_layer(*pair(), "weights"), check_layer(*pair(1e-3), "weights")
    rounding = arbitrate(bad, *pair(dtype=np.float64), "weights")
    assert conclude((good, good)).verdict == "verified"
    assert conclude((good, rounding)).verdict == "rounding"
    assert conclude((rounding, bad, good)).verdict == "mismatch"
    assert conclude((good, bad)).attention_max_abs_error == pytest.approx(1e-3, rel=1e-3)


# --- a whole trace ----------------------------------------------------------------------------


def whole(*layers: tuple[TracedLayer, RebuiltLayer]) -> tuple[Trace, Rebuild]:
    text = Text.of_ids(np.arange(TOKENS))
    ours = tuple(rebuilt for _, rebuilt in layers)
    return Trace(text, tuple(traced for traced, _ in layers)), Rebuild("weights", ours, ours, None)


def test_float64_is_asked_only_where_float32_does_not_agree() -> None:
    def never() -> tuple[Trace, Rebuild]:
        raise AssertionError("nothing has to be arbitrated")

    assert verify(*whole(pair(), pair()), never).verdict == "verified"
    found = verify(*whole(pair(), pair(1e-4)), lambda: whole(pair(), pair(1e-11, dtype=np.float64)))
    assert [check.verdict for check in found.layers] == ["verified", "rounding"]
    found = verify(*whole(pair(1e-4)), lambda: whole(pair(1e-4, dtype=np.float64)))
    assert found.verdict == "mismatch"


@pytest.mark.parametrize("verdict", ["unproved", "not_recomputed"])
def test_what_nobody_compared_has_no_numbers(verdict: Verdict) -> None:
    found = nothing_compared(verdict, Rebuild("weights", (), (), "not asked yet"))
    assert (found.verdict, found.reason, found.tier) == (verdict, "not asked yet", "weights")
    assert found.layers == ()
    assert found.attention_max_abs_error is found.output_max_abs_error is None
