"""Many changed passes side by side beside as many whole passes, one after another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from edited_models import SHAPES, furthest, keeping_all, kinds_of
from forward_models import Made
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.forward import variants
from inspector.forward.model import forward
from inspector.forward.variants import multiplications, run_variants
from inspector.records import Edit, SilenceHead, Text

BOUND = 1e-5


def whole(it: Made, edits: list[Edit]) -> Any:
    return forward(it.checkpoint, it.text, it.target, edits=edits, keep=("logits",))


@pytest.mark.parametrize("variant", SHAPES)
def test_beside_whole_passes(
    made: Callable[[str], Made], variant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every kind of edit, alone and all at once, and nothing; in one batch and in several."""
    it = made(variant)
    trace = forward(it.checkpoint, it.text, it.target)
    changed: list[list[Edit]] = [*kinds_of(it), []]
    changed = [changed[at] for at in np.random.default_rng(1).permutation(len(changed))]
    passes = [whole(it, edits) for edits in changed]
    for together in (len(changed), 3):
        monkeypatch.setattr(variants, "_ROWS", trace.longest * together)
        outcomes = list(run_variants(it.checkpoint, trace, changed))
        assert [len(one.which) for one in outcomes[:-1]] == [together] * (
            -(-len(changed) // together) - 1
        )
        assert sorted(at for one in outcomes for at in one.which) == list(range(len(changed)))
        for outcome in outcomes:
            for at, which in enumerate(outcome.which):
                assert outcome.logits is not None
                assert furthest(outcome.final[at], passes[which].final) <= BOUND, changed[which]
                assert furthest(outcome.logits[at], passes[which].logits) <= BOUND


@pytest.fixture(scope="module")
def kept() -> Callable[[str], Made]:
    return keeping_all()


@settings(max_examples=30)
@given(data=st.data(), variant=st.sampled_from(SHAPES))
def test_mixed_batches(kept: Callable[[str], Made], data: st.DataObject, variant: str) -> None:
    """Passes that begin at any layer of either stack, some of them at several, at some rows."""
    it = kept(variant)
    *alone, _all = kinds_of(it)
    one = st.lists(st.sampled_from([edits[0] for edits in alone]), max_size=3)
    changed = data.draw(st.lists(one, min_size=1, max_size=6))
    asking = it.text if it.target is None else it.target
    rows = data.draw(st.lists(st.integers(0, len(asking) - 1), min_size=1, max_size=3))
    trace = forward(it.checkpoint, it.text, it.target)
    for outcome in run_variants(it.checkpoint, trace, changed, rows=rows):
        for at, which in enumerate(outcome.which):
            expected = whole(it, changed[which])
            assert furthest(outcome.final[at], expected.final[rows]) <= BOUND
            assert outcome.logits is not None
            assert furthest(outcome.logits[at], expected.logits[rows]) <= BOUND


def test_what_lies_below_is_not_run_again(
    made: Callable[[str], Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A head of the last layer costs one block, and an encoder's is not run for a decoder's."""

    it = made("bart, uneven")
    trace = forward(it.checkpoint, it.text, it.target)
    real, ran = variants.run_block, []

    def counted(states: Any, block: Any, layer: int, around: Any) -> Any:
        ran.append((around.site, layer, len(around.edits)))
        return real(states, block, layer, around)

    monkeypatch.setattr(variants, "run_block", counted)
    changed = [
        [SilenceHead(3, 0, "cross")], [SilenceHead(3, 1, "decoder")], [SilenceHead(2, 1, "encoder")]
    ]  # fmt: skip
    list(run_variants(it.checkpoint, trace, changed))
    assert ran == [
        ("encoder", 2, 1), ("decoder", 0, 1), ("decoder", 1, 1), ("decoder", 2, 1),
        ("decoder", 3, 3),
    ]  # fmt: skip


def test_a_trace_that_is_not_ours_is_refused(made: Callable[[str], Made]) -> None:

    it = made("bert")
    trace = forward(it.checkpoint, it.text)
    text, present = it.padded("padded right")
    padded = forward(it.checkpoint, text, present=present)
    for wrong in (replace(trace, computed=()), padded):
        with pytest.raises(ValueError, match="a pass of our own forward, without padding"):
            next(run_variants(it.checkpoint, wrong, [[]]))
    with pytest.raises(ValueError, match="a pass of our own forward"):
        next(run_variants(replace(it.checkpoint, model=None), trace, [[]]))


def test_one_token_and_no_edits(made: Callable[[str], Made]) -> None:
    it = made("llama")
    text = Text.of_ids(it.text.ids[:1])
    trace = forward(it.checkpoint, text, keep=("layers", "logits"))
    assert list(run_variants(it.checkpoint, trace, [])) == []
    (outcome,) = run_variants(it.checkpoint, trace, [[]])
    assert furthest(outcome.final[0], trace.final) <= BOUND


@pytest.mark.parametrize(("rows", "sizes"), [(None, [2, 2, 1]), ([4], [3, 2])])
def test_a_batch_holds_no_more_numbers_than_it_may(
    made: Callable[[str], Made],
    monkeypatch: pytest.MonkeyPatch,
    rows: list[int] | None,
    sizes: list[int],
) -> None:
    """Of 5 tokens 4 heads have 100 weights, and 32 words 160 logits, or 32 in one row."""
    it = made("llama")
    trace = forward(it.checkpoint, Text.of_ids(it.text.ids[:5]))
    monkeypatch.setattr(variants, "_NUMBERS", 330)
    outcomes = list(run_variants(it.checkpoint, trace, [[]] * 5, rows=rows))
    assert [len(one.which) for one in outcomes] == sizes


@pytest.mark.parametrize("variant", ["bert", "llama", "t5"])
def test_the_work_of_a_pass_is_its_weights_times_its_tokens(
    made: Callable[[str], Made], variant: str
) -> None:
    """Counted in the real model, whose layers may keep a number or two that no row needs."""
    it = made(variant)
    trace = forward(it.checkpoint, it.text, it.target)
    base = it.model.base_model
    stacks = {
        "bert": lambda: [(base.encoder.layer, it.text)],
        "llama": lambda: [(base.layers, it.text)],
        "t5": lambda: [(base.encoder.block, it.text), (base.decoder.block, it.target)],
    }[variant]()
    expected = sum(
        sum(one.numel() for one in layers.parameters()) * len(text) for layers, text in stacks
    )
    assert it.checkpoint.model.head is not None
    words = it.checkpoint.model.head.words.size
    assert multiplications(it.checkpoint, trace, [0, 1]) - 2 * words == pytest.approx(
        expected, rel=0.05
    )
