"""The second proof: from the ids alone. What is corrupted in our forward must turn it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from inspector.proof import prove_text
from inspector.records import EndToEnd, Model, Text, Trace, TracedLayer
from inspector.referee.loading import LoadedModel
from inspector.referee.small_models import small_model
from inspector.verify.end_to_end import verify_end_to_end

TEXT = Text.of_ids(np.array([5, 6, 7]))


def trace(*, attention: float = 0.0, final: float = 0.0, logit: float = 0.0) -> Trace:
    """Return a pass of two layers, whose second differs by so much in one number of each kind."""
    weights = np.full((2, 2, 3, 3), 1 / 3, np.float32)
    weights[1, 1, 2, 0] += attention
    states = np.full((3, 4), 2, np.float32)
    states[1, 3] += final
    logits = np.zeros((3, 5), np.float32)
    logits[2, 4] += logit
    layers = tuple(TracedLayer("self", at, states, layer, None) for at, layer in enumerate(weights))
    return Trace(text=TEXT, layers=layers, final=states, logits=logits)


def never() -> tuple[Trace, Trace]:
    raise AssertionError("float64 was asked though float32 agrees")


def test_float64_is_asked_only_where_float32_does_not_agree() -> None:
    found = verify_end_to_end(
        trace(), trace(attention=9e-5, final=1.9e-4, logit=5e-4), never, float32_parts=False
    )
    assert found.verdict == "verified"
    assert found.attention_max_abs_error == pytest.approx(9e-5, rel=1e-2)
    # The states are as large as 2, and the bound grows with them.
    assert found.states_max_abs_error == pytest.approx(9.5e-5, rel=1e-2)
    # Of five entries as likely, one is e^Δ times as likely: 0.2·0.8·Δ.
    assert found.probability_max_abs_error == pytest.approx(8e-5, rel=1e-2)
    assert found.first_layer is None


@pytest.mark.parametrize(
    ("apart", "first"),
    [
        ({"attention": 1.1e-4}, ("self", 1)),
        ({"final": 2.1e-4}, None),
        ({"logit": 7e-4}, None),
        ({"attention": float("nan")}, ("self", 1)),
    ],
)
@pytest.mark.parametrize(
    ("exact", "parts", "verdict"),
    [
        (0.0, False, "rounding"),
        (2e-9, False, "mismatch"),
        (2e-9, True, "rounding"),
        (2e-5, True, "mismatch"),
        (float("nan"), True, "mismatch"),
    ],
)
def test_float64_decides(
    apart: dict[str, float], first: Any, exact: float, parts: bool, verdict: str
) -> None:
    def again() -> tuple[Trace, Trace]:
        mine = trace()
        weights = mine.layers[1].attention.astype(np.float64)
        weights[0, 0, 0] += exact
        changed = replace(mine.layers[1], attention=weights)
        theirs = replace(mine.layers[1], attention=mine.layers[1].attention.astype(np.float64))
        return (
            replace(mine, layers=(mine.layers[0], theirs)),
            replace(mine, layers=(mine.layers[0], changed)),
        )

    found = verify_end_to_end(trace(), trace(**apart), again, float32_parts=parts)
    assert (found.verdict, found.first_layer) == (verdict, first)


def proved(loaded: LoadedModel, text: Text, target: Text | None) -> tuple[str, EndToEnd]:
    verification = prove_text(loaded, text, target)[2]
    assert verification.end_to_end is not None
    layers = {verdict for layer in verification.layers for verdict in layer.head_verdicts}
    assert verification.verdict == "mismatch"
    return ("mismatch" if "mismatch" in layers else "verified"), verification.end_to_end


def without_last_norm(model: Model) -> Model:
    return replace(model, stack=replace(model.stack, norm=None))


def with_feed_forwards_exchanged(model: Model) -> Model:
    blocks = [
        replace(block, feed_forward=other.feed_forward)
        for block, other in zip(model.stack.blocks, reversed(model.stack.blocks), strict=True)
    ]
    return replace(model, stack=replace(model.stack, blocks=blocks))


@pytest.mark.parametrize(
    ("model_type", "corrupt", "first"),
    [
        # What the last norm does reaches no layer; what a feed-forward gives reaches the next one.
        ("llama", without_last_norm, None),
        ("llama", with_feed_forwards_exchanged, ("self", 1)),
        ("bert", with_feed_forwards_exchanged, ("self", 1)),
    ],
)
def test_what_layers_by_themselves_do_not_show(
    model_type: str, corrupt: Callable[[Model], Model], first: Any
) -> None:
    loaded, text, target = small_model(model_type)
    right = loaded.checkpoint.model
    assert right is not None
    wrong = replace(loaded, checkpoint=replace(loaded.checkpoint, model=corrupt(right)))
    by_layer, found = proved(wrong, text, target)
    assert by_layer == "verified"
    assert (found.verdict, found.first_layer) == ("mismatch", first)


def test_a_query_that_is_not_the_models_turns_both() -> None:
    """The row is one for both proofs: a wrong projection is seen by each of them."""
    loaded, text, target = small_model("bert")
    checkpoint = loaded.checkpoint
    assert checkpoint.model is not None
    assert checkpoint.attention is not None

    def turned(layer: Any) -> Any:
        query = layer.weights.query
        return replace(
            layer,
            weights=replace(layer.weights, query=replace(query, weight=query.weight[::-1])),
        )

    blocks = [
        replace(block, attention=turned(block.attention)) for block in checkpoint.model.stack.blocks
    ]
    wrong = replace(
        checkpoint,
        attention=tuple(map(turned, checkpoint.attention)),
        model=replace(checkpoint.model, stack=replace(checkpoint.model.stack, blocks=blocks)),
    )
    by_layer, found = proved(replace(loaded, checkpoint=wrong), text, target)
    assert by_layer == "mismatch"
    assert (found.verdict, found.first_layer) == ("mismatch", ("self", 0))
