"""One vector of a text's states: beside loops, and beside sentence-transformers' encode."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sentence_encoders import NEWER, Encoder, add_pooling, flagged
from seq2seq_models import random_encoder_decoder
from small_models import perturb, random_bert, save
from transformers import AutoConfig, AutoModelForMaskedLM

import inspector
from inspector.checkpoint.bundled import place
from inspector.families.small import SMALL
from inspector.forward.pooling import compare, pool
from inspector.records import Embedding, Pooling

KINDS = ("mean", "cls", "max", "mean_sqrt_len")
SENTENCE = "The cat sat on the mat because it was tired"
OTHER = "A tired animal rests."


def plainly(states: Any, kind: str, normalised: bool, present: Any) -> list[float]:
    """The same in loops: one number after the other."""
    rows = [row for row, there in zip(states.tolist(), present, strict=True) if there]
    values = []
    for column in range(len(rows[0])):
        numbers = [row[column] for row in rows]
        if kind == "cls":
            value = numbers[0]
        elif kind == "max":
            value = sorted(numbers)[-1]
        else:
            value = math.fsum(numbers) / (len(rows) if kind == "mean" else math.sqrt(len(rows)))
        values.append(value)
    length = math.sqrt(math.fsum(value * value for value in values)) if normalised else 1.0
    return [value / length for value in values]


@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_each_way_beside_a_loop(kind: Any, normalised: bool) -> None:
    states = np.random.default_rng(1).normal(size=(7, 5)).astype(np.float32)
    for present in (None, np.array([False, False, True, True, True, True, True])):
        there = [True] * 7 if present is None else present.tolist()
        found = pool(states, Pooling(kind, normalised), present)
        assert found.values.dtype == np.float64
        expected = plainly(states, kind, normalised, there)
        np.testing.assert_allclose(found.values, expected, rtol=0, atol=1e-14)


def test_the_cosine_of_two_vectors() -> None:
    def vector(*values: float) -> Embedding:
        return Embedding(Pooling("mean", normalised=False), np.array(values))

    assert compare(vector(3, 0), vector(0.5, 0)).cosine == 1.0
    assert compare(vector(3, 0), vector(0, 9)).cosine == 0.0
    assert compare(vector(1, 1), vector(-2, -2)).cosine == pytest.approx(-1.0, abs=1e-15)
    assert compare(vector(1, 0), vector(1, 1)).cosine == pytest.approx(math.sqrt(0.5), abs=1e-15)
    # Nothing has no direction.
    assert compare(vector(0, 0), vector(1, 1)).cosine == 0.0


def test_the_bundled_model_beside_sentence_transformers() -> None:
    encoder = Encoder(place())
    for text in (SENTENCE, "Hi", "Zwölf Boxkämpfer jagen Viktor 🎉"):
        found = inspector.inspect(text, prove=False).embedding
        assert found is not None
        assert found.pooling == Pooling("mean", normalised=True)
        np.testing.assert_allclose(found.values, encoder.encode(text), rtol=0, atol=2e-6)
    pair = inspector.inspect(SENTENCE, pair=OTHER, prove=False)
    assert pair.similarity is not None
    assert pair.similarity.cosine == pytest.approx(encoder.cosine(SENTENCE, OTHER), abs=2e-6)
    for alone, text in zip(pair.similarity.embeddings, (SENTENCE, OTHER), strict=True):
        np.testing.assert_allclose(alone.values, encoder.encode(text), rtol=0, atol=2e-6)


@pytest.mark.parametrize("newer", [False, True])
@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_what_the_files_say_beside_sentence_transformers(
    tmp_path: Path, kind: str, normalised: bool, newer: bool
) -> None:
    config: dict[str, Any] = {"pooling_mode": NEWER[kind]} if newer else flagged(kind)
    folder = add_pooling(random_bert(tmp_path / "bert"), config, normalised=normalised)
    encoder = Encoder(folder)
    text, other = "the cat sat on the mat", "we are here"
    found = inspector.inspect(text, pair=other, model=folder, prove=False)
    alone = inspector.inspect(text, model=folder, prove=False)
    assert alone.embedding is not None
    assert alone.embedding.pooling == Pooling(kind, normalised)  # type: ignore[arg-type]
    np.testing.assert_allclose(alone.embedding.values, encoder.encode(text), rtol=1e-5, atol=1e-5)
    assert found.similarity is not None
    assert found.similarity.cosine == pytest.approx(encoder.cosine(text, other), abs=1e-6)


def test_without_such_files_it_is_the_mean_of_unit_length(tmp_path: Path) -> None:
    found = inspector.inspect("the cat sat", model=random_bert(tmp_path / "bert"), prove=False)
    assert found.embedding is not None
    assert found.trace.final is not None
    assert found.embedding.pooling == Pooling("mean", normalised=True)
    expected = plainly(found.trace.final, "mean", True, [True] * len(found.tokens))
    np.testing.assert_allclose(found.embedding.values, expected, rtol=0, atol=1e-14)


def test_files_that_ask_for_something_unknown_give_none(tmp_path: Path) -> None:
    folder = random_bert(tmp_path / "bert")
    add_pooling(folder, {"pooling_mode_lasttoken": True}, normalised=True)
    found = inspector.inspect("the cat", pair="sat", model=folder)
    assert found.verification.verdict == "verified"
    assert found.embedding is found.similarity is None
    assert found.verification.end_to_end is not None
    assert found.verification.end_to_end.embedding_max_abs_error is None


def test_other_models_answer_otherwise(tmp_path: Path) -> None:
    seq2seq = random_encoder_decoder("t5", tmp_path / "t5")
    found = inspector.inspect("the cat sat", target="we are", model=seq2seq, prove=False)
    assert found.embedding is found.similarity is found.predictions is None
    model = AutoModelForMaskedLM.from_config(AutoConfig.for_model("bert", **SMALL["bert"]))
    perturb(model, seed=7)
    masked = save(model, tmp_path / "masked")
    found = inspector.inspect("the cat", pair="sat", model=masked, prove=False)
    assert found.predictions is not None
    assert found.embedding is found.similarity is None


@pytest.mark.parametrize("prove", [False, True])
def test_a_text_with_nothing_to_read_has_no_similarity(bundled: Any, prove: bool) -> None:
    # The tokenizer takes control characters out.
    found = inspector.inspect("the cat sat", pair="\u0007", model=bundled, prove=prove)
    assert found.embedding is not None
    assert found.similarity is None


def test_a_pair_that_is_cut_is_alike_as_far_as_its_texts_fit(bundled: Any) -> None:
    found = inspector.inspect("cat " * 600, pair="mat", model=bundled, truncate=True, prove=False)
    short = inspector.inspect("cat " * 510, pair="mat", model=bundled, truncate=True, prove=False)
    assert found.similarity is not None
    assert short.similarity is not None
    assert found.similarity.cosine == pytest.approx(short.similarity.cosine, abs=1e-9)
