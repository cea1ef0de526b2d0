"""What a model writes beside transformers' own ``generate``, and how a token is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from forward_models import ALL, Made, one_at_a_time, one_way, random_model
from small_models import save
from transformers import GenerationConfig

from inspector.checkpoint.opening import open_checkpoint
from inspector.checkpoint.sources import locate
from inspector.errors import InputError
from inspector.forward.model import forward
from inspector.records import Array, Text
from inspector.records.generation import Generation, Writing
from inspector.writing.generate import Choice, generate
from inspector.writing.write import refuse_cannot_write

CAUSAL = [variant for variant in ALL if one_way(variant)]
#: Longer than the windows of the small models, shorter than their tables of places.
TOKENS = 16


@pytest.fixture(scope="module")
def made() -> Callable[[str], Made]:
    return one_at_a_time()


def begun(it: Made) -> Text | None:
    """The first three tokens of what a decoder reads; None where there is no decoder."""
    return None if it.target is None else Text.of_ids(it.target.ids[:3])


def ours(it: Made, asked: Writing, ends: tuple[int, ...] = ()) -> Generation:
    return generate(it.checkpoint, it.text, begun(it), asked, ends=ends, read=str)


def ids(generation: Generation) -> list[int]:
    return [token.id for token in generation.tokens]


def theirs(it: Made, tokens: int, ends: tuple[int, ...] = ()) -> tuple[list[int], Array]:
    """What transformers writes, and its logits before each token of it."""
    source = torch.from_numpy(it.text.ids[None])
    inputs: dict[str, Any] = {"input_ids": source, "attention_mask": torch.ones_like(source)}
    made: Any = GenerationConfig
    config = made(
        max_new_tokens=tokens, do_sample=False, eos_token_id=list(ends) or None, pad_token_id=0,
        output_logits=True, return_dict_in_generate=True,
    )  # fmt: skip
    start = begun(it)
    if start is not None:
        inputs["decoder_input_ids"] = torch.from_numpy(start.ids[None])
        config.decoder_start_token_id = int(start.ids[0])
    it.model.generation_config = made()
    with torch.no_grad():
        found = it.model.generate(**inputs, generation_config=config)
    count = len(it.text if start is None else start)
    return found.sequences[0, count:].tolist(), torch.cat(found.logits).numpy()


@pytest.mark.parametrize("variant", CAUSAL)
def test_ours_beside_theirs(made: Callable[[str], Made], variant: str) -> None:
    it = made(variant)
    written = ours(it, Writing(TOKENS))
    expected, logits = theirs(it, TOKENS)
    assert ids(written) == expected
    assert len(expected) == TOKENS
    shares = torch.softmax(torch.from_numpy(logits).double(), dim=1).numpy()
    for token, row in zip(written.tokens, shares, strict=True):
        assert token.probability == pytest.approx(row[token.id], abs=1e-5)
        second = np.argsort(-row)[1]
        assert (token.second.id, token.second.text) == (second, str(second))
        assert token.second.probability == pytest.approx(row[second], abs=1e-5)
    assert not written.ended


@pytest.mark.parametrize("variant", ["gpt2", "mistral", "t5"])
def test_a_text_ends_where_the_model_ends_it(made: Callable[[str], Made], variant: str) -> None:
    it = made(variant)
    whole = ids(ours(it, Writing(TOKENS)))
    # The entry that stands last for the first time.
    first = max(whole.index(entry) for entry in set(whole))
    ends = (31 if whole[first] != 31 else 30, whole[first])
    ends = tuple(entry for entry in ends if entry not in whole[:first])
    written = ours(it, Writing(TOKENS), ends)
    assert ids(written) == whole[: first + 1] == theirs(it, TOKENS, ends)[0]
    assert written.ended
    # One that ends a text may be the last that was asked for, too.
    assert ours(it, Writing(first + 1), ends).ended


def test_what_is_read_as_a_segment_goes_on_as_one(made: Callable[[str], Made]) -> None:
    """GPT-2 adds a word's vector for a segment that it is told of: to what it writes as well."""
    it = made("gpt2")
    told = replace(it.text, token_types=np.full(len(it.text), 7))
    written = generate(it.checkpoint, told, None, Writing(4), ends=(), read=str)
    reached = np.concatenate([told.ids, ids(written)])
    whole = Text.of_ids(reached)
    whole = replace(whole, token_types=np.full(len(reached), 7))
    trace = forward(it.checkpoint, whole, keep=("logits",))
    assert trace.logits is not None
    rows = torch.softmax(torch.from_numpy(trace.logits[len(told) - 1 : -1]).double(), dim=1)
    for row, token in zip(rows, written.tokens, strict=True):
        assert token.probability == pytest.approx(float(row[token.id]), abs=1e-5)
    plain = forward(it.checkpoint, Text.of_ids(reached), keep=("logits",))
    assert plain.logits is not None
    assert np.abs(plain.logits - trace.logits).max() > 1e-3


def test_the_same_seed_writes_the_same(made: Callable[[str], Made]) -> None:
    it = made("llama")
    drawn = {seed: ids(ours(it, Writing(TOKENS, 1.0, None, seed))) for seed in range(6)}
    assert drawn[3] == ids(ours(it, Writing(TOKENS, 1.0, None, 3)))
    assert len({tuple(one) for one in drawn.values()}) == 6
    likeliest = ids(ours(it, Writing(TOKENS)))
    assert ids(ours(it, Writing(TOKENS, 5.0, 1, 2))) == likeliest
    assert ids(ours(it, Writing(TOKENS, 1e-300, None, 2))) == likeliest


@pytest.mark.parametrize(("temperature", "top_k"), [(0.7, None), (2.0, 3), (None, 4)])
def test_tokens_are_drawn_as_often_as_they_are_likely(
    temperature: float | None, top_k: int | None
) -> None:
    logits = np.array([0.3, 2.0, -1.0, 1.5, 1.4, -4.0], dtype=np.float32)
    scaled = logits.astype(float) / (temperature or 1)
    kept = sorted(range(6), key=lambda entry: -logits[entry])[:top_k]
    weights = np.array([np.exp(scaled[entry]) if entry in kept else 0.0 for entry in range(6)])
    expected = weights / weights.sum()
    choose, draws = Choice(Writing(1, temperature, top_k, 11)), 20_000
    counts = np.bincount([choose(logits) for _ in range(draws)], minlength=6)
    spread = np.sqrt(draws * expected * (1 - expected))
    assert (np.abs(counts - draws * expected) <= 5 * spread).all()


def test_a_model_without_a_head_writes_nothing(made: Callable[[str], Made]) -> None:
    it = made("llama")
    assert it.checkpoint.model is not None
    bare = replace(it.checkpoint, model=replace(it.checkpoint.model, head=None))
    with pytest.raises(ValueError, match="without a head"):
        generate(bare, it.text, None, Writing(1), ends=(), read=str)


def test_a_head_whose_words_attend_both_ways_writes_nothing(tmp_path: Path) -> None:
    folder = save(random_model(*ALL["bert-generation"]), tmp_path / "both-ways")
    both_ways = open_checkpoint(locate(str(folder)))
    with pytest.raises(InputError, match="attend to those behind them"):
        refuse_cannot_write(both_ways)
    folder = save(random_model(*ALL["bert-generation, a decoder"]), tmp_path / "one-way")
    refuse_cannot_write(open_checkpoint(locate(str(folder))))
