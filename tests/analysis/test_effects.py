"""Effects beside torch: every head and every word of the real model hooked, one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from answers_in_torch import expected, shifted
from edited_models import (
    SHAPES,
    heads_of,
    hooked,
    tokens_of,
    with_words,
)
from forward_models import Made, one_at_a_time

from inspector.analysis import effects
from inspector.analysis.answers import ask
from inspector.analysis.effects import compare_passes, measure_effects, read_answer
from inspector.errors import InputError
from inspector.forward.model import forward
from inspector.records import BlockToken, Checkpoint, Pooling, SilenceHead, Text, Token, Trace
from inspector.records.effects import Effect, Effects

TOLERANCE = 1e-5
TROPHY = "The trophy did not fit in the suitcase because it was too big"
OXYGEN = "Nobody has ever climbed this mountain without oxygen"


@pytest.fixture(scope="module")
def made() -> Callable[[str], Made]:
    return one_at_a_time()


def passed(checkpoint: Checkpoint, it: Made, text: Text | None = None) -> Trace:
    return forward(checkpoint, text or it.text, it.target, keep=("layers", "logits"))


def rows_of(it: Made, places: Sequence[int]) -> list[int]:
    """Where the answer is read: a masked model's at its places, else at the end."""
    if it.family.head is not None and it.family.head.kind == "masked":
        return list(places)
    return [len(it.target or it.text) - 1]


def same(ours: Effect, theirs: Effect) -> bool:
    for one, other in (
        (ours.size, theirs.size),
        (ours.drop, theirs.drop),
        (ours.logit_difference, theirs.logit_difference),
    ):
        if (one is None) != (other is None):
            return False
        if one is not None and other is not None:
            bound = TOLERANCE * max(1.0, abs(other))
            if abs(one - other) > bound:
                return False
    return True


def heads_and_tokens(measured: Effects, it: Made) -> list[tuple[Any, Effect]]:
    """Every edit that was measured, with its effect."""
    assert measured.heads is not None and measured.tokens is not None
    heads = [(one.site, one.layer, one.head) for one in measured.heads]
    assert sorted(heads) == sorted(heads_of(it))
    tokens = [BlockToken(one.index, one.of) for one in measured.tokens]
    assert tokens == tokens_of(it)
    silent = [SilenceHead(layer, head, site, measured.knockout) for site, layer, head in heads]
    effects = [one.effect for one in (*measured.heads, *measured.tokens)]
    return list(zip([*silent, *tokens], effects, strict=True))


@pytest.mark.parametrize("variant", SHAPES)
def test_every_effect_beside_hooks(made: Callable[[str], Made], variant: str) -> None:
    it = made(variant)
    checkpoint = with_words(it)
    trace = passed(checkpoint, it)
    measured = measure_effects(checkpoint, trace, answer="w7", against="w9")
    before, rows = hooked(it), rows_of(it, range(len(it.text)))
    for edit, effect in heads_and_tokens(measured, it):
        theirs = expected(before, hooked(it, edit), rows, 7, 9)
        assert same(effect, theirs), (edit, effect, theirs)
    assert measured.measure == "kl_bits"
    assert measured.left_out is None


@pytest.mark.parametrize("variant", ["bert", "gemma2", "t5"])
def test_a_mean_instead_of_nothing(made: Callable[[str], Made], variant: str) -> None:
    """And, without an entry that is asked about, the likeliest of each place."""
    it = made(variant)
    checkpoint = with_words(it)
    measured = measure_effects(checkpoint, passed(checkpoint, it), knockout="mean")
    before, rows = hooked(it), rows_of(it, range(len(it.text)))
    for edit, effect in heads_and_tokens(measured, it):
        theirs = expected(before, hooked(it, edit), rows, None, None)
        assert same(effect, theirs), (edit, effect, theirs)
    assert before.logits is not None
    said = torch.from_numpy(before.logits[rows]).double()
    shares = torch.softmax(said, dim=-1).max(dim=-1)
    after = variant != "bert"
    for place, row, share, entry, logit in zip(
        measured.answer.places, rows, *shares, said.amax(dim=-1), strict=True
    ):
        assert (place.position, place.id) == (row + after, entry)
        assert place.token == ("[MASK]" if entry == 4 else f"w{entry}")
        assert place.probability == pytest.approx(float(share), abs=TOLERANCE)
        assert place.logit == pytest.approx(float(logit), rel=TOLERANCE)


def test_at_the_masks_of_a_text_that_has_some(made: Callable[[str], Made]) -> None:
    it = made("bert")
    ids = it.text.ids.copy()
    ids[[3, 8]] = 4
    text = replace(it.text, ids=ids)
    checkpoint = with_words(it)
    measured = measure_effects(checkpoint, passed(checkpoint, it, text))
    assert measured.answer.kind == "masked"
    assert [place.position for place in measured.answer.places] == [3, 8]
    before = hooked(it, text=text)
    for edit, effect in heads_and_tokens(measured, it):
        theirs = expected(before, hooked(it, edit, text=text), [3, 8], None, None)
        assert same(effect, theirs), (edit, effect, theirs)


def test_at_the_words_of_a_text_without_masks(made: Callable[[str], Made]) -> None:
    """Not where it is special; of a text that is nothing else, everywhere."""
    it = made("bert")
    checkpoint = with_words(it)
    for special in ((0, 13), range(14)):
        tokens = tuple(
            Token(int(entry), "a", at, at in special, 0, None)
            for at, entry in enumerate(it.text.ids)
        )
        text = replace(Text.of(tokens, ""), token_types=it.text.token_types)
        answer = read_answer(checkpoint, passed(checkpoint, it, text))
        words = [at for at in range(14) if at not in special] or list(range(14))
        assert (answer.kind, [place.position for place in answer.places]) == ("words", words)


@pytest.mark.parametrize("pooling", ["mean", "cls", "max", None])
@pytest.mark.parametrize("variant", ["bert", "gpt2"])
def test_an_embedding_turns(made: Callable[[str], Made], variant: str, pooling: Any) -> None:
    """Of a model without a head; where its files do not pool, by the mean."""
    it = made(variant)
    assert it.checkpoint.model is not None
    checkpoint = replace(
        it.checkpoint,
        model=replace(it.checkpoint.model, head=None),
        pooling=None if pooling is None else Pooling(pooling, normalised=False),
    )
    measured = measure_effects(checkpoint, passed(checkpoint, it))
    assert (measured.measure, measured.answer.kind) == ("shift", "embedding")
    assert measured.answer.places == ()
    before = hooked(it)
    for edit, effect in heads_and_tokens(measured, it):
        theirs = Effect(shifted(before, hooked(it, edit), pooling or "mean"), None, None)
        assert same(effect, theirs), (edit, effect, theirs)


def test_several_edits_at_once(made: Callable[[str], Made]) -> None:
    it = made("llama")
    checkpoint = with_words(it)
    edits = (SilenceHead(0, 1), BlockToken(5), SilenceHead(2, 3, to="mean"))
    changed = forward(checkpoint, it.text, edits=edits)
    before, after, effect = compare_passes(checkpoint, passed(checkpoint, it), changed)
    one, other = hooked(it), hooked(it, *edits)
    assert same(effect, expected(one, other, [13], None, None))
    for answer, run in ((before, one), (after, other)):
        assert run.logits is not None
        (place,) = answer.places
        assert place.id == run.logits[13].argmax()


def test_a_text_of_one_token(made: Callable[[str], Made]) -> None:
    """Nobody else could hear it, and it is not said to matter."""
    it = made("gpt2")
    checkpoint = with_words(it)
    text = Text.of_ids(it.text.ids[:1])
    measured = measure_effects(checkpoint, passed(checkpoint, it, text), answer="w7", against="w9")
    assert measured.tokens is not None
    assert [one.effect for one in measured.tokens] == [Effect(0.0, 0.0, 0.0)]


@pytest.mark.parametrize(
    ("seconds", "tokens", "heads", "said"),
    [
        (2, False, False,
         "Not measured: 14 tokens (about 7 seconds) and 12 heads (about 3 seconds)."),
        (6, False, True, "Not measured: 14 tokens (about 7 seconds)."),
        (8, True, False, "Not measured: 12 heads (about 3 seconds)."),
        (11, True, True, None),
    ],
)  # fmt: skip
def test_what_would_take_too_long_is_left_out(
    made: Callable[[str], Made],
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    tokens: bool,
    heads: bool,
    said: str | None,
) -> None:
    """A pass is said to take half a second."""
    it = made("llama")
    checkpoint = with_words(it)
    monkeypatch.setattr(effects, "multiplications", lambda *_: 1e10)
    measured = measure_effects(checkpoint, passed(checkpoint, it), seconds=seconds)
    assert (measured.tokens is not None, measured.heads is not None) == (tokens, heads)
    assert measured.left_out == said
    assert bool(measured.explanations) == tokens


@pytest.mark.parametrize(
    ("variant", "words", "said"),
    [
        ("llama", {"answer": "w7 w9"}, "The answer 'w7 w9' is 2 tokens of this model: 'w7', 'w9'."),
        ("llama", {"answer": ""}, "The answer '' is 0 tokens of this model."),
        ("llama", {"answer": "w7", "against": "w9 w8 w7"}, "is 3 tokens"),
        ("llama", {"against": "w7"}, "An answer is set against another"),
        ("without", {"answer": "w7"}, "has no words to answer with"),
    ],
)
def test_an_answer_that_is_none(
    made: Callable[[str], Made], variant: str, words: dict[str, str], said: str
) -> None:
    from tokenizers import pre_tokenizers

    it = made("llama")
    checkpoint = with_words(it)
    checkpoint.tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    if variant == "without":
        assert checkpoint.model is not None
        checkpoint = replace(checkpoint, model=replace(checkpoint.model, head=None))
    with pytest.raises(InputError) as caught:
        ask(checkpoint, passed(checkpoint, it), **words)
    assert said in caught.value.message
    assert caught.value.hint
    assert caught.value.exit_code == 2
