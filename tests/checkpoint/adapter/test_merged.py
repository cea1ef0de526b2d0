"""Adapters of every kind that is merged, beside peft's own model and its own merging."""

from __future__ import annotations

import json
import shutil
import warnings
from inspect import signature
from pathlib import Path
from typing import Any

import huggingface_hub
import numpy as np
import pytest
import torch
import transformers
from adapter_models import CLASSES, Adapted, adapted, change_config, read_by_peft, save_base
from safetensors.numpy import load_file

import inspector
from inspector.checkpoint.opening import open_checkpoint
from inspector.checkpoint.sources import locate
from inspector.commands import main
from inspector.errors import ModelError

TEXT = "the cat sat on the mat because it was tired"
TARGET = "we are here"
EVERYTHING = {"r": 3, "lora_alpha": 5, "target_modules": "all-linear"}

#: Model types with what their adapters are made with.
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("llama", {"r": 4, "lora_alpha": 6, "target_modules": ["q_proj", "v_proj"]}),
    "llama rslora and patterns": (
        "llama",
        {
            "r": 4,
            "lora_alpha": 6,
            "use_rslora": True,
            "target_modules": ["q_proj", "k_proj", "down_proj"],
            "rank_pattern": {"k_proj": 2, r"layers\.1\.self_attn\.q_proj": 5},
            "alpha_pattern": {"down_proj": 9, "^model.layers.2.self_attn.k_proj": 1.5},
        },
    ),
    "llama dora": ("llama", EVERYTHING | {"use_dora": True}),
    "llama a pattern": (
        "llama",
        {"r": 2, "target_modules": r".*layers\.[02]\..*(q|o)_proj", "exclude_modules": ["o_proj"]},
    ),
    "llama some layers": (
        "llama",
        {
            "r": 2,
            "target_modules": ["q_proj"],
            "layers_to_transform": [0, 2],
            "layers_pattern": "layers",
        },
    ),
    "llama whole modules": (
        "llama",
        {
            "target_modules": ["k_proj"],
            "modules_to_save": ["input_layernorm", "lm_head", "model.norm", "embed_tokens"],
        },
    ),
    "gpt2": ("gpt2", {"r": 4, "lora_alpha": 6, "target_modules": ["c_attn", "c_proj"]}),
    "gpt2 everything, all biases": ("gpt2", EVERYTHING | {"bias": "all"}),
    "gpt2 a whole module, all biases": (
        "gpt2",
        {"target_modules": ["c_attn"], "bias": "all", "modules_to_save": ["ln_f"]},
    ),
    "gpt2 dora": ("gpt2", EVERYTHING | {"use_dora": True, "use_rslora": True}),
    "bert": ("bert", EVERYTHING),
    "bert its own biases": (
        "bert",
        {"target_modules": ["query", "value"], "bias": "lora_only", "lora_bias": True},
    ),
    "bert all biases": ("bert", {"target_modules": ["query", "dense"], "bias": "all"}),
    "t5": ("t5", {"r": 4, "lora_alpha": 6, "target_modules": ["q", "v", "wo"]}),
    "t5 dora": ("t5", EVERYTHING | {"use_dora": True, "modules_to_save": ["final_layer_norm"]}),
}
#: What transformers calls the weights of a site.
NAMES = {
    "self": "attentions",
    "encoder": "encoder_attentions",
    "decoder": "decoder_attentions",
    "cross": "cross_attentions",
}
OPTIONS: dict[str, dict[str, Any]] = {"llama whole modules": {"tie_word_embeddings": False}}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def made(case: str, place: Path) -> Adapted:
    model_type, lora = CASES[case]
    return adapted(model_type, place, options=OPTIONS.get(case), **lora)


def merged_tensors(folder: Path) -> dict[str, np.ndarray]:
    return dict(open_checkpoint(locate(str(folder))).tensors)


def attention_beside(model: Any, found: inspector.Inspection) -> float:
    """How far an inspection's weights are from those that peft's own model gives."""
    text, target = found.trace.text, found.trace.target
    inputs = {"input_ids": torch.from_numpy(text.ids)[None]}
    if target is not None:
        inputs["decoder_input_ids"] = torch.from_numpy(target.ids)[None]
    takes = signature(model.get_base_model().forward).parameters
    if text.token_types is not None and "token_type_ids" in takes:
        inputs["token_type_ids"] = torch.from_numpy(text.token_types)[None]
    with torch.no_grad():
        outputs = model(**inputs, output_attentions=True)
    return max(
        float(np.abs(at.attention - outputs[NAMES[at.site]][at.layer][0].numpy()).max())
        for at in found.trace.layers
    )


@pytest.mark.parametrize("case", CASES)
def test_beside_peft(case: str, tmp_path: Path) -> None:
    found = made(case, tmp_path)
    model_type, _ = CASES[case]
    ours = inspector.inspect(
        TEXT, target=TARGET if model_type == "t5" else None, model=found.folder
    )
    assert ours.verification.verdict == "verified"
    assert ours.verification.end_to_end is not None
    assert ours.verification.end_to_end.verdict == "verified"
    assert attention_beside(found.model, ours) <= 1e-4
    # The adapter does something, or the lines above would hold for its base as well.
    base = inspector.inspect(
        TEXT, target=TARGET if model_type == "t5" else None, model=found.base, prove=False
    )
    assert attention_beside(found.model, base) > 1e-3
    # Every number, and not what one text asks for only.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = found.model.merge_and_unload().state_dict()
    for name, tensor in merged_tensors(found.folder).items():
        np.testing.assert_allclose(tensor, theirs[name].numpy(), atol=2e-6, err_msg=name)


def test_the_names_of_the_base_may_lack_its_own(tmp_path: Path) -> None:
    """GPT-2 of the hub has no ``transformer.`` before its tensors, and its adapters have."""
    base = save_base("gpt2", tmp_path / "whole")
    kind = transformers.GPT2Model.from_pretrained(base)
    kind.save_pretrained(tmp_path / "bare")
    shutil.copy(base / "vocab.txt", tmp_path / "bare")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(base / name, tmp_path / "bare")
    lora = {"r": 2, "target_modules": ["c_attn"], "modules_to_save": ["ln_f"]}
    found = adapted("gpt2", tmp_path, base=base, **lora)
    on_whole = merged_tensors(found.folder)
    change_config(found.folder, base_model_name_or_path=str(tmp_path / "bare"))
    on_bare = merged_tensors(found.folder)
    assert "h.0.attn.c_attn.weight" in on_bare
    for name, tensor in on_bare.items():
        np.testing.assert_array_equal(tensor, on_whole[f"transformer.{name}"])
    # And the other way round: an adapter of the bare model on the whole one.
    other = adapted("gpt2", tmp_path / "b", base=base, as_class="GPT2Model", **lora)
    found_again = inspector.inspect(TEXT, model=other.folder)
    assert found_again.verification.verdict == "verified"
    assert attention_beside(other.model, found_again) <= 1e-4


def test_half_precision(tmp_path: Path) -> None:
    """What is not changed stays as it is; what is, is float32, as the model is run."""
    base = save_base("llama", tmp_path / "base", dtype=torch.bfloat16)
    found = adapted("llama", tmp_path, base=base, r=2, target_modules=["q_proj", "down_proj"])
    found.model.half()
    found.model.save_pretrained(found.folder)
    ours = inspector.inspect(TEXT, model=found.folder)
    assert ours.verification.verdict == "verified"
    assert attention_beside(read_by_peft(found, "LlamaForCausalLM"), ours) <= 1e-4
    entries = open_checkpoint(locate(str(found.folder))).tensors.entries  # type: ignore[attr-defined]
    changed = {name for name, entry in entries.items() if entry.dtype == "F32"}
    assert changed == {name for name in entries if "q_proj" in name or "down_proj" in name}
    assert {entry.dtype for entry in entries.values()} == {"F32", "BF16"}
    # The page says what the base was stored as.
    assert ours.model.stored_dtypes == ("bfloat16",)


@pytest.mark.parametrize("beginning", ["gaussian", "eva", "orthogonal", False])
def test_how_a_and_b_began_changes_nothing(beginning: Any, tmp_path: Path) -> None:
    """Of those that leave the base alone, as peft reads them back."""
    found = adapted("llama", tmp_path, r=2, target_modules=["q_proj"])
    change_config(found.folder, init_lora_weights=beginning)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = read_by_peft(found, CLASSES["llama"]).merge_and_unload().state_dict()
    for name, tensor in merged_tensors(found.folder).items():
        np.testing.assert_allclose(tensor, theirs[name].numpy(), atol=2e-6)


def test_pissa_is_refused_since_peft_changes_the_base_for_it(tmp_path: Path) -> None:
    found = adapted("llama", tmp_path, r=2, target_modules=["q_proj"])
    ours = merged_tensors(found.folder)
    change_config(found.folder, init_lora_weights="pissa")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = read_by_peft(found, CLASSES["llama"]).merge_and_unload().state_dict()
    name = "model.layers.0.self_attn.q_proj.weight"
    assert np.abs(ours[name] - theirs[name].numpy()).max() > 1e-2
    with pytest.raises(ModelError, match="the base's own weights changed too"):
        locate(str(found.folder))


def test_an_adapter_for_another_task_has_no_head_for_words(tmp_path: Path) -> None:
    """The classifier is behind the attention; the base's head for words was not there."""
    found = adapted(
        "bert",
        tmp_path,
        as_class="BertForSequenceClassification",
        task_type="SEQ_CLS",
        target_modules=["query"],
    )
    assert "base_model.model.classifier.weight" in load_file(
        found.folder / "adapter_model.safetensors"
    )
    assert inspector.inspect(TEXT, model=found.base, prove=False).trace.predictions is not None
    ours = inspector.inspect(TEXT, model=found.folder)
    assert ours.verification.verdict == "verified"
    assert ours.trace.predictions is None
    assert ours.trace.embedding is not None
    assert attention_beside(found.model, ours) <= 1e-4


def test_the_tokenizer_beside_the_adapter_comes_first(tmp_path: Path) -> None:
    found = adapted("llama", tmp_path, r=2, target_modules=["q_proj"])
    assert inspector.inspect("the dog", model=found.folder, prove=False).tokens[2].text == "[UNK]"
    vocabulary = json.loads((found.base / "tokenizer.json").read_text())
    entries = vocabulary["model"]["vocab"]
    entries["dog"] = entries.pop("cat")
    (found.folder / "tokenizer.json").write_text(json.dumps(vocabulary))
    shutil.copy(found.base / "tokenizer_config.json", found.folder)
    ours = inspector.inspect("the dog", model=found.folder)
    assert ours.tokens[2].text == "dog"
    assert ours.verification.verdict == "verified"


def test_a_base_in_shards(tmp_path: Path) -> None:
    found = adapted("llama", tmp_path, r=2, target_modules=["q_proj"])
    whole = merged_tensors(found.folder)
    model = transformers.LlamaForCausalLM.from_pretrained(found.base)
    (found.base / "model.safetensors").unlink()
    model.save_pretrained(found.base, max_shard_size="20KB")
    assert len(list(found.base.glob("*.safetensors"))) > 1
    again = merged_tensors(found.folder)
    assert again.keys() == whole.keys()
    for name, tensor in again.items():
        np.testing.assert_array_equal(tensor, whole[name])


def test_a_base_of_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for by its id, and in the revision that the adapter names."""
    found = adapted("llama", tmp_path, r=2, target_modules=["q_proj"])
    asked: list[tuple[str, str | None]] = []

    def download(name: str, *, revision: str | None, allow_patterns: list[str]) -> str:
        asked.append((name, revision))
        return str(found.base)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    change_config(found.folder, base_model_name_or_path="owner/small", revision="v2")
    source = locate(str(found.folder))
    assert source.title == "adapter on owner/small (LoRA adapter, merged)"
    assert asked == [("owner/small", "v2")]


def test_what_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = adapted("llama", tmp_path, r=2, target_modules=["q_proj"])
    title = "adapter on base (LoRA adapter, merged)"
    page = tmp_path / "page.html"
    arguments = ["the cat sat", "--model", str(found.folder), "--out", str(page)]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert title in said
    assert "LoRA adapter, merged: everything here, the proof too, is of the model with" in said
    assert "verified" in said.lower()
    header = page.read_text()
    assert "LoRA adapter, merged: everything here" in header
    assert main([*arguments, "--no-report", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["model"]["name"] == title
    assert told["verification"]["verdict"] == "verified"
    assert told["notices"][0].startswith("LoRA adapter, merged: ")


def test_dora_is_called_so(tmp_path: Path) -> None:
    found = adapted("llama", tmp_path, r=2, target_modules=["q_proj"], use_dora=True)
    assert locate(str(found.folder)).title == "adapter on base (DoRA adapter, merged)"
