"""The model's answer, predictions or embedding: whose it is, and that it is proved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_encoders import Encoder
from small_models import perturb, save
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoTokenizer

import inspector
from inspector.checkpoint.bundled import place
from inspector.families.registry import FAMILIES
from inspector.families.small import SMALL
from inspector.forward.pooling import compare, pool, with_embedding
from inspector.records import Checkpoint, EndToEnd, Pooling, Text, Trace, TracedLayer
from inspector.referee.loading import LoadedModel
from inspector.session import Inspection
from inspector.verify import end_to_end
from inspector.verify.end_to_end import verify_end_to_end

SENTENCE, OTHER = "The cat sat on the mat because it was tired", "A tired animal rests."


def second_proof(found: Inspection) -> EndToEnd:
    assert found.verification.end_to_end is not None
    return found.verification.end_to_end


# --- embeddings and similarity ----------------------------------------------------------------


def test_the_embedding_is_our_own_and_proved(bundled: LoadedModel) -> None:
    proved = inspector.inspect(SENTENCE, pair=OTHER, model=bundled)
    ours = inspector.inspect(SENTENCE, pair=OTHER, model=bundled, prove=False)
    assert proved.embedding is not None
    assert ours.embedding is not None
    np.testing.assert_array_equal(proved.embedding.values, ours.embedding.values)
    assert proved.similarity is not None
    assert ours.similarity is not None
    assert proved.similarity.cosine == ours.similarity.cosine
    whole = second_proof(proved)
    assert whole.verdict == "verified"
    assert whole.embedding_max_abs_error is not None
    assert whole.similarity_abs_error is not None
    # Two programs never calculate quite the same.
    assert 0 < whole.embedding_max_abs_error <= 1e-5
    assert whole.similarity_abs_error <= 1e-5
    assert whole.probability_max_abs_error is None


def test_one_text_has_no_similarity(cat: Inspection) -> None:
    assert cat.similarity is None
    assert second_proof(cat).similarity_abs_error is None


@pytest.mark.parametrize(
    "wrong",
    [Pooling("cls", True), Pooling("max", True), Pooling("mean", False)],
    ids=lambda pooling: f"{pooling.kind} {pooling.normalised}",
)
def test_a_wrong_pooling_turns_the_verdict(
    bundled: LoadedModel, monkeypatch: pytest.MonkeyPatch, wrong: Pooling
) -> None:
    def corrupted(checkpoint: Checkpoint, trace: Trace, alone: Any) -> Trace:
        return with_embedding(replace(checkpoint, pooling=wrong), trace, alone)

    monkeypatch.setattr("inspector.proof.with_embedding", corrupted)
    found = inspector.inspect(SENTENCE, model=bundled)
    assert {check.verdict for check in found.verification.layers} == {"verified"}
    whole = second_proof(found)
    assert found.verification.verdict == whole.verdict == "mismatch"
    assert whole.first_layer is None
    assert whole.embedding_max_abs_error is not None
    assert whole.embedding_max_abs_error > 1e-2
    assert whole.attention_max_abs_error <= 1e-4
    # What is shown is then the real model's.
    assert found.embedding is not None
    expected = Encoder(place()).encode(SENTENCE)
    np.testing.assert_allclose(found.embedding.values, expected, rtol=0, atol=2e-6)


def test_a_wrong_text_of_a_pair_turns_the_verdict(
    bundled: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def corrupted(checkpoint: Checkpoint, trace: Trace, alone: tuple[Text, Text]) -> Trace:
        return with_embedding(checkpoint, trace, (alone[0], alone[0]))

    monkeypatch.setattr("inspector.proof.with_embedding", corrupted)
    found = inspector.inspect(SENTENCE, pair=OTHER, model=bundled)
    whole = second_proof(found)
    assert whole.verdict == "mismatch"
    assert found.similarity is not None
    assert found.similarity.cosine == pytest.approx(
        Encoder(place()).cosine(SENTENCE, OTHER), abs=2e-6
    )
    assert whole.similarity_abs_error == pytest.approx(1 - found.similarity.cosine, abs=1e-5)


def test_a_model_that_only_the_real_one_runs_has_its_embedding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(FAMILIES, "nomic_bert")
    torch.manual_seed(0)
    model = AutoModel.from_config(AutoConfig.for_model("nomic_bert", **SMALL["bert"]))
    perturb(model, seed=5)
    folder = save(model, tmp_path / "nomic")
    found = inspector.inspect("the cat sat", pair="we are here", model=folder)
    assert found.verification.end_to_end is None
    theirs = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)

    def mean(*texts: str) -> torch.Tensor:
        with torch.no_grad():
            states = theirs(**tokenizer(*texts, return_tensors="pt")).last_hidden_state[0]
        return torch.nn.functional.normalize(states.double().mean(dim=0), dim=0)

    assert found.embedding is not None
    expected = mean("the cat sat", "we are here").numpy()
    np.testing.assert_allclose(found.embedding.values, expected, rtol=0, atol=1e-6)
    assert found.similarity is not None
    cosine = float(mean("the cat sat") @ mean("we are here"))
    assert found.similarity.cosine == pytest.approx(cosine, abs=1e-6)


def answered(states: np.ndarray[Any, Any], alone: np.ndarray[Any, Any] | None = None) -> Trace:
    """A pass that answers with the mean of its states, as they are."""
    text = Text.of_ids(np.arange(len(states)))
    weights = np.full((1, len(states), len(states)), 1 / len(states), np.float32)
    layer = TracedLayer("self", 0, states, weights, None)
    embedding = pool(states, Pooling("mean", normalised=False))
    similarity = None if alone is None else compare(embedding, pool(alone, embedding.pooling))
    return Trace(text, (layer,), embedding=embedding, similarity=similarity)


@pytest.mark.parametrize(
    ("off", "size", "exactly", "expected"),
    [
        (0.9e-4, 1.0, 1.0, "verified"),
        (1.1e-4, 1.0, 0.9e-9, "rounding"),
        (1.1e-4, 1.0, 1.1e-9, "mismatch"),
        # In units of the largest number, and never less than 1.
        (0.9e-3, 10.0, 1.0, "verified"),
        (1.1e-4, 0.01, 1.1e-9, "mismatch"),
        (float("nan"), 1.0, float("nan"), "mismatch"),
    ],
)
def test_the_bounds_of_an_embedding(off: float, size: float, exactly: float, expected: str) -> None:
    states = np.full((3, 4), size)

    def moved(by: float) -> Trace:
        other = states.copy()
        other[:, 2] += by
        return answered(other)

    def exact() -> tuple[Trace, Trace]:
        assert expected != "verified"
        return answered(states), moved(exactly)

    found = verify_end_to_end(answered(states), moved(off), exact, float32_parts=False)
    assert found.verdict == expected
    assert found.states_max_abs_error is None
    np.testing.assert_allclose(found.embedding_max_abs_error, off / max(1, size), rtol=1e-6)


def test_the_bound_of_a_cosine() -> None:
    along, aslant = np.array([[1.0, 0.0]]), np.array([[1e-9, 1e-9]])

    def pair(by: float) -> Trace:
        # Too short to be seen as an embedding, and turned by far.
        return answered(along, aslant + np.array([[by, 0.0]]))

    for by, expected in ((1e-14, "verified"), (1e-9, "mismatch")):
        exact = lambda by=by: (pair(0.0), pair(by))  # noqa: E731
        found = verify_end_to_end(pair(0.0), pair(by), exact, float32_parts=True)
        assert found.verdict == expected
        assert found.embedding_max_abs_error is not None
        assert found.embedding_max_abs_error <= 1e-8
        assert found.similarity_abs_error is not None
        assert (found.similarity_abs_error > 1e-4) == (expected == "mismatch")


# --- predictions ------------------------------------------------------------------------------


@pytest.fixture
def causal(tmp_path: Path) -> LoadedModel:
    torch.manual_seed(0)
    options = dict(SMALL["llama"]) | {"tie_word_embeddings": False}
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model("llama", **options))
    perturb(model, seed=7)
    return inspector.load(save(model, tmp_path / "llama"))


def test_what_is_predicted_is_our_own_and_proved(causal: LoadedModel) -> None:
    proved = inspector.inspect("the cat sat on", model=causal)
    ours = inspector.inspect("the cat sat on", model=causal, prove=False)
    whole = second_proof(proved)
    assert whole.verdict == "verified"
    assert whole.probability_max_abs_error is not None
    assert whole.probability_max_abs_error <= 1e-5
    assert whole.embedding_max_abs_error is None
    assert proved.predictions is not None
    assert ours.predictions is not None
    np.testing.assert_array_equal(proved.predictions.probabilities, ours.predictions.probabilities)
    assert proved.predictions.guesses == ours.predictions.guesses


def test_a_wrong_head_turns_the_verdict(causal: LoadedModel) -> None:
    """The states agree and float64 is asked: there too the words have to be the model's."""
    right = inspector.inspect("the cat sat on", model=causal)
    model = causal.checkpoint.model
    assert model is not None
    assert model.head is not None
    untied = replace(model, head=replace(model.head, words=np.roll(model.head.words, 1, axis=0)))
    wrong = replace(causal, checkpoint=replace(causal.checkpoint, model=untied))
    found = inspector.inspect("the cat sat on", model=wrong)
    whole = second_proof(found)
    assert found.verification.verdict == whole.verdict == "mismatch"
    assert whole.states_max_abs_error is not None
    assert whole.states_max_abs_error <= 1e-4
    assert whole.probability_max_abs_error is not None
    assert whole.probability_max_abs_error > 1e-3
    # What is shown is then the real model's.
    assert found.predictions is not None
    assert right.predictions is not None
    np.testing.assert_allclose(
        found.predictions.probabilities, right.predictions.probabilities, atol=1e-5
    )


def test_a_head_is_arbitrated_in_float64(
    causal: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A float32 bound that nothing meets: float64 finds the same probabilities."""
    monkeypatch.setattr(end_to_end, "BOUND", 0.0)
    compared: list[EndToEnd] = []

    def seen(theirs: Trace, ours: Trace) -> EndToEnd:
        found = real(theirs, ours)
        compared.append(found)
        return found

    real = end_to_end._compare
    monkeypatch.setattr(end_to_end, "_compare", seen)
    found = inspector.inspect("the cat sat on", model=causal)
    assert second_proof(found).verdict == "rounding"
    _, exact = compared
    assert exact.probability_max_abs_error is not None
    assert exact.probability_max_abs_error <= end_to_end.FLOAT32_PARTS_BOUND
