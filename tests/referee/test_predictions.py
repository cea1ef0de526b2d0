"""What the model says of the words, beside the logits of transformers' own models with a head."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from small_models import perturb, save
from small_tokenizers import kinds
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoTokenizer,
)

import inspector
from inspector.errors import ModelError
from inspector.families.registry import FAMILIES
from inspector.families.small import SMALL
from inspector.referee.answers.predict import predict
from inspector.referee.loading import LoadedModel
from inspector.referee.text import encode
from inspector.report.export.summary import summarise

TEXT = "The cat [MASK] on the mat because it [MASK] tired"
CAUSAL = {
    "gpt2": SMALL["gpt2"],
    "llama": SMALL["llama"],
    # Its logits are capped after the head.
    "gemma2": dict(SMALL["gemma2"]) | {"final_logit_softcapping": 2.0},
    "opt": SMALL["opt"],
    # As if without a row: watched and read in the same run. Its logits are scaled.
    "granite": dict(SMALL["llama"]) | {"logits_scaling": 3.0},
}
MASKED = {name: SMALL[name] for name in ("bert", "distilbert", "modernbert", "electra", "xlm")}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    place = tmp_path_factory.mktemp("heads")

    def make(name: str) -> Path:
        folder = place / name
        if not folder.exists():
            automatic: Any = AutoModelForCausalLM if name in CAUSAL else AutoModelForMaskedLM
            torch.manual_seed(0)
            options = (CAUSAL | MASKED)[name]
            model = automatic.from_config(AutoConfig.for_model(name, **options))
            perturb(model, seed=7)
            save(model, folder)
        return folder

    return make


def theirs(automatic: Any, folder: Path, text: str = TEXT) -> tuple[list[int], torch.Tensor]:
    """The text's ids and the softmax of transformers' own logits, (T, vocabulary)."""
    # Eager as ours: what else a version chooses may leave out what caps the scores.
    model = automatic.from_pretrained(folder, attn_implementation="eager").eval()
    tokens = AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")
    with torch.no_grad():
        logits = model(**tokens).logits[0]
    return tokens["input_ids"][0].tolist(), torch.softmax(logits.double(), dim=-1)


def beside(ours: Any, shares: torch.Tensor) -> None:
    """The five likeliest entries of one place."""
    expected = torch.sort(shares, descending=True).values[:5].numpy()
    np.testing.assert_allclose([c.probability for c in ours.candidates], expected, atol=1e-6)
    for candidate in ours.candidates:
        assert candidate.probability == pytest.approx(float(shares[candidate.id]), abs=1e-6)


@pytest.mark.parametrize("name", CAUSAL)
def test_the_next_words_of_a_causal_model(
    made: Callable[[str], Path], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(FAMILIES, "granite", raising=False)
    found = inspector.inspect(TEXT, model=made(name))
    ids, shares = theirs(AutoModelForCausalLM, made(name))
    said = found.trace.predictions
    assert said is not None
    assert said.kind == "causal"
    (guess,) = said.guesses
    assert guess.token == len(ids)
    beside(guess, shares[-1])
    assert np.isnan(said.probabilities[0])
    for place in range(1, len(ids)):
        if ids[place] == 4:  # a mask is no word
            assert np.isnan(said.probabilities[place])
        else:
            expected = float(shares[place - 1, ids[place]])
            assert said.probabilities[place] == pytest.approx(expected, abs=1e-6)
    assert found.verification.verdict == ("consistent" if name == "granite" else "verified")


@pytest.mark.parametrize("name", MASKED)
def test_the_words_of_a_masked_model(made: Callable[[str], Path], name: str) -> None:
    found = inspector.inspect(TEXT, model=made(name))
    ids, shares = theirs(AutoModelForMaskedLM, made(name))
    said = found.trace.predictions
    assert said is not None
    assert said.kind == "masked"
    masks = [place for place, entry in enumerate(ids) if entry == 4]
    assert [guess.token for guess in said.guesses] == masks == [3, 9]
    for guess in said.guesses:
        beside(guess, shares[guess.token])
    for place, entry in enumerate(ids):
        if place in masks:
            assert np.isnan(said.probabilities[place])
        else:
            expected = float(shares[place, entry])
            assert said.probabilities[place] == pytest.approx(expected, abs=1e-6)
    assert found.verification.verdict == "verified"


def test_candidates_are_what_the_tokenizer_writes(made: Callable[[str], Path]) -> None:
    found = inspector.inspect(TEXT, model=made("gpt2"))
    tokenizer = AutoTokenizer.from_pretrained(made("gpt2"))
    assert found.trace.predictions is not None
    for candidate in found.trace.predictions.guesses[0].candidates:
        assert candidate.text == tokenizer.decode([candidate.id])


def test_json(made: Callable[[str], Path]) -> None:
    found = inspector.inspect("the cat sat", model=made("gpt2"))
    said = json.loads(json.dumps(summarise(found, {}), allow_nan=False))["predictions"]
    assert said["kind"] == "causal"
    assert len(said["probabilities"]) == len(found.tokens)
    assert said["probabilities"][0] is None
    assert [len(guess["candidates"]) for guess in said["guesses"]] == [5]


# --- nothing random is said -------------------------------------------------------------------


def test_the_bundled_model_has_no_head(bundled: LoadedModel) -> None:
    found = inspector.inspect("The cat sat.", model=bundled)
    assert found.trace.predictions is None
    assert summarise(found, {})["predictions"] is None
    assert 'id="words"' not in _page(found)


def _page(found: Any) -> str:
    from inspector.report.html.page import render_report

    return render_report(found)


def pretending(folder: Path, architecture: str) -> Path:
    config = json.loads((folder / "config.json").read_text())
    config["architectures"] = [architecture]
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize(
    ("name", "architecture"),
    [("bert", "BertForMaskedLM"), ("llama", "LlamaForCausalLM"), ("opt", "OPTForCausalLM")],
)
def test_a_head_that_the_file_lacks(tmp_path: Path, name: str, architecture: str) -> None:
    """The config promises a head, the file holds a base model: transformers would make one up."""
    options = dict(SMALL[name]) | {"tie_word_embeddings": False}
    model = AutoModel.from_config(AutoConfig.for_model(name, **options))
    perturb(model, seed=7)
    folder = pretending(save(model, tmp_path / name), architecture)
    found = inspector.inspect(TEXT, model=folder)
    assert found.trace.predictions is None
    assert found.verification.verdict == "verified"


def test_one_missing_weight_of_a_head_is_enough(made: Callable[[str], Path]) -> None:
    folder = made("distilbert")
    stored = load_file(folder / "model.safetensors")
    assert inspector.inspect(TEXT, model=folder).trace.predictions is not None
    kept = {name: tensor for name, tensor in stored.items() if name != "vocab_transform.bias"}
    assert len(kept) == len(stored) - 1
    try:
        save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
        found = inspector.inspect(TEXT, model=folder)
    finally:
        save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    assert found.trace.predictions is None
    assert found.verification.verdict == "verified"


def test_a_head_that_shares_the_embeddings_is_there(tmp_path: Path) -> None:
    model = AutoModel.from_config(AutoConfig.for_model("gpt2", **SMALL["gpt2"]))
    perturb(model, seed=7)
    folder = pretending(save(model, tmp_path / "gpt2"), "GPT2LMHeadModel")
    found = inspector.inspect(TEXT, model=folder)
    _, shares = theirs(AutoModelForCausalLM, folder)
    assert found.trace.predictions is not None
    beside(found.trace.predictions.guesses[0], shares[-1])


def test_an_architecture_without_a_head_for_words(made: Callable[[str], Path]) -> None:
    folder = made("electra")
    try:
        pretending(folder, "ElectraForPreTraining")
        assert inspector.inspect(TEXT, model=folder).trace.predictions is None
    finally:
        pretending(folder, "ElectraForMaskedLM")


def test_a_missing_weight_of_the_base_is_still_refused(made: Callable[[str], Path]) -> None:
    folder = made("bert")
    stored = load_file(folder / "model.safetensors")
    gone = "encoder.layer.1.attention.self.query.weight"
    kept = {name: tensor for name, tensor in stored.items() if not name.endswith(gone)}
    try:
        save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(ModelError, match=f"1 missing.*{gone}"):
            inspector.load(folder)
    finally:
        save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})


def test_a_candidate_that_is_part_of_a_character_gives_its_bytes() -> None:
    tokenizer = kinds(["Hi"])["byte-level BPE"]
    text = encode("Hi", None, tokenizer, SimpleNamespace(), truncate=False)
    logits = np.zeros((len(text), len(tokenizer)))
    byte, letter = tokenizer.convert_tokens_to_ids(["æ", "K"])
    logits[-1, byte], logits[-1, letter] = 9, 8
    (guess,) = predict(logits, text, tokenizer, "causal").guesses
    assert [candidate.text for candidate in guess.candidates[:2]] == ["0xE6", "K"]
