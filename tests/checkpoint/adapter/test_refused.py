"""What is not merged is refused by name, and what does not fit in a sentence; nothing is left."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from adapter_models import Adapted, adapted, change_config, save_base
from safetensors.numpy import load_file, save_file

from inspector.checkpoint.sources import locate
from inspector.commands import main
from inspector.errors import ModelError

Q = "base_model.model.model.layers.0.self_attn.q_proj"
Tensors = dict[str, np.ndarray]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "attention-inspector" / "adapters"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Adapted:
    return adapted(
        "llama", tmp_path_factory.mktemp("whole"), r=2, target_modules=["q_proj", "v_proj"]
    )


@pytest.fixture
def folder(whole: Adapted, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole.folder, tmp_path / "adapter"))


def change_tensors(folder: Path, change: Callable[[Tensors], Any]) -> None:
    path = folder / "adapter_model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path)


def refusal(folder: Path, cache: Path) -> ModelError:
    with pytest.raises(ModelError) as caught:
        locate(str(folder))
    assert caught.value.message.endswith((".", "…"))
    assert "\n" not in caught.value.message
    assert caught.value.hint.endswith(".")
    assert not cache.exists() or not any(one.is_dir() for one in cache.iterdir())
    return caught.value


@pytest.mark.parametrize(
    "values",
    [
        {"peft_type": "IA3"},
        {"peft_type": "ADALORA"},
        {"peft_type": None},
        {"use_qalora": True},
        {"use_bdlora": {"nblocks": 2}},
        {"layer_replication": [[0, 2], [1, 3]]},
        {"megatron_config": {"a": 1}},
        {"trainable_token_indices": [3]},
        {"target_parameters": ["mlp.experts.gate_up_proj"]},
        {"alora_invocation_tokens": [4, 5]},
        {"arrow_config": {"top_k": 3}},
        {"kasa_config": {"beta": 1.0}},
        {"velora_config": {"num_groups": 4}},
        {"monteclora_config": {"num_samples": 4}},
        {"ensure_weight_tying": True},
        {"key_of_tomorrow": 0.5},
        *[
            {"init_lora_weights": name}
            for name in ("pissa", "pissa_niter_4", "olora", "corda", "loftq", "lora_ga", "mica")
        ],
        {"r": 0},
        {"r": "2"},
        {"r": True},
        {"lora_alpha": "8"},
        {"lora_alpha": float("nan")},
        {"rank_pattern": ["q_proj"]},
        {"rank_pattern": {"q_proj": 1.5}},
        {"alpha_pattern": {"q_proj": None}},
        {"use_rslora": "yes"},
        {"bias": "some"},
        {"target_modules": None},
        {"target_modules": 7},
        {"target_modules": []},
        {"modules_to_save": "norm"},
        {"layers_to_transform": ["0"]},
        {"revision": 3},
        {"base_model_name_or_path": None},
        {"base_model_name_or_path": 7},
        {"base_model_name_or_path": "/nowhere/at/all"},
        {"base_model_name_or_path": "../nowhere"},
        {"base_model_name_or_path": "a\0b"},
        {"base_model_name_or_path": "x" * 5000 + "/"},
        {"target_modules": "("},
        {"target_modules": "(?:(?:.|..)+)+[A-Z]"},
        {"rank_pattern": {"[": 2}},
    ],
    ids=lambda values: str(values)[:40],
)
def test_a_config(values: dict[str, Any], folder: Path, cache: Path) -> None:
    change_config(folder, **values)
    (key,) = values
    error = refusal(folder, cache)
    assert f"adapter_config.json says {key} = " in error.message


def without_layer(tensors: Tensors) -> None:
    for name in [name for name in tensors if "layers.1.self_attn.v_proj" in name]:
        del tensors[name]


def put(name: str, *shape: int, number: float = 1, dtype: str = "f4") -> Callable[[Tensors], Any]:
    return lambda tensors: tensors.update({name: np.full(shape, number, dtype)})


def both(module: str, rows: int) -> Callable[[Tensors], Any]:
    def change(tensors: Tensors) -> None:
        put(f"base_model.model.{module}.lora_A.weight", 2, 24)(tensors)
        put(f"base_model.model.{module}.lora_B.weight", rows, 2)(tensors)

    return change


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda t: t.pop(f"{Q}.lora_B.weight"), "has no lora_B of"),
        (lambda t: t.pop(f"{Q}.lora_A.weight"), "has no lora_A of"),
        (lambda t: t.clear(), "holds no tensor"),
        (without_layer, 'has no tensors for "model.layers.1.self_attn.v_proj"'),
        (put("lora_A.weight", 2), "which is not merged here"),
        (put(f"{Q}.lora_C.weight", 2), "which is not merged here"),
        (put(f"{Q}.lora_embedding_A", 2, 32), "which is not merged here"),
        (put(f"{Q}.lora_A.weight", 3, 24), "does not fit its base"),
        (put(f"{Q}.lora_A.weight", 2, 23), "does not fit its base"),
        (put(f"{Q}.lora_B.weight", 24, 3), "does not fit its base"),
        (put(f"{Q}.lora_A.weight", 2, 24, dtype="i4"), "does not fit its base"),
        (put(f"{Q}.lora_A.weight", 2, 24, number=np.nan), "not finite"),
        (put(f"{Q}.lora_magnitude_vector", 24), "say otherwise"),
        (put(f"{Q}.lora_B.bias", 24), "say otherwise"),
        (put("base_model.model.model.norm.weight", 24), "neither modules_to_save nor"),
        (both("model.layers.0.self_attn.k_proj", 12), "target_modules of its config does not name"),
        (both("model.layers.0.self_attn.x.q_proj", 24), "nothing there is called as"),
        (both("model.layers.3.self_attn.q_proj", 24), "nothing there is called as"),
    ],
)
def test_tensors(
    change: Callable[[Tensors], Any], complaint: str, folder: Path, cache: Path
) -> None:
    change_tensors(folder, change)
    assert complaint in refusal(folder, cache).message


def test_what_config_and_tensors_say_of_dora(folder: Path, cache: Path) -> None:
    change_config(folder, use_dora=True)
    assert "use_dora = true, and the tensors of" in refusal(folder, cache).message


def test_a_module_saved_whole(folder: Path, cache: Path) -> None:
    change_config(folder, modules_to_save=["norm", "of_nobody"])
    name = "base_model.model.model.norm.weight"
    change_tensors(folder, lambda t: t.update({name: np.ones(25, "f4")}))
    assert "takes [24]" in refusal(folder, cache).message
    change_tensors(folder, lambda t: t.update({name: np.ones(24, "f4")}))
    locate(str(folder))
    shutil.rmtree(cache)
    other = "base_model.model.of_nobody.weight"
    change_tensors(folder, lambda t: t.update({other: np.full(24, 2, "f4")}))
    assert "nothing there is called as" in refusal(folder, cache).message


def test_another_base(folder: Path, tmp_path: Path, cache: Path) -> None:
    change_config(folder, base_model_name_or_path=str(save_base("bert", tmp_path / "bert")))
    assert "nothing there is called as" in refusal(folder, cache).message
    wide = save_base("llama", tmp_path / "wide", hidden_size=32)
    change_config(folder, base_model_name_or_path=str(wide))
    error = refusal(folder, cache)
    assert "does not fit its base" in error.message
    assert "base_model_name_or_path" in error.hint


def test_tables_that_are_one(tmp_path: Path, cache: Path) -> None:
    for name in ("embed_tokens", "lm_head"):
        found = adapted(
            "llama",
            tmp_path / name,
            options={"tie_word_embeddings": True},
            target_modules=["q_proj"],
            modules_to_save=[name],
        )
        assert "by one and the same table" in refusal(found.folder, cache).message


def test_a_base_that_is_not_read(whole: Adapted, folder: Path, tmp_path: Path, cache: Path) -> None:
    base = Path(shutil.copytree(whole.base, tmp_path / "base"))
    change_config(folder, base_model_name_or_path=str(base))
    config = json.loads((base / "config.json").read_text())
    quantised = config | {"quantization_config": {"quant_method": "bitsandbytes"}}
    (base / "config.json").write_text(json.dumps(quantised))
    assert "quantised (bitsandbytes)" in refusal(folder, cache).message
    (base / "config.json").write_text(json.dumps(config))
    shutil.copy(folder / "adapter_config.json", base)
    assert "merged only into a whole model" in refusal(folder, cache).message
    (base / "adapter_config.json").unlink()
    (base / "model.safetensors").unlink()
    assert "no safetensors weights" in refusal(folder, cache).message
    shutil.rmtree(base)
    base.mkdir()
    assert "has no config.json" in refusal(folder, cache).message


def test_a_base_that_the_hub_does_not_have(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    change_config(folder, base_model_name_or_path="nobody/has-this")
    said = refusal(folder, cache).message
    assert f"The adapter in {folder} needs its base model: " in said
    assert "nobody/has-this" in said


def test_files(folder: Path, cache: Path) -> None:
    path = folder / "adapter_model.safetensors"
    data = path.read_bytes()
    path.write_bytes(data[:-10])
    assert "it lacks 10 bytes at its end" in refusal(folder, cache).message
    path.write_bytes(b"\xff" * 8 + data[8:])
    assert "is damaged" in refusal(folder, cache).message
    path.unlink()
    assert "cannot be read" in refusal(folder, cache).message
    (folder / "adapter_model.bin").write_bytes(b"pickled")
    assert "adapter_model.bin" in refusal(folder, cache).message
    path.symlink_to("/dev/zero")
    assert "a link to /dev/zero" in refusal(folder, cache).message
    (folder / "adapter_config.json").write_text("{")
    assert "is damaged" in refusal(folder, cache).message


def test_a_family_that_nobody_knows_the_layout_of(
    whole: Adapted, folder: Path, tmp_path: Path, cache: Path
) -> None:
    base = Path(shutil.copytree(whole.base, tmp_path / "base"))
    config = json.loads((base / "config.json").read_text()) | {"model_type": "olmo9"}
    (base / "config.json").write_text(json.dumps(config))
    change_config(folder, base_model_name_or_path=str(base), fan_in_fan_out=True)
    assert "which weights of a olmo9 are is not known" in refusal(folder, cache).message


def test_the_exit_code(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change_config(folder, peft_type="VERA")
    assert main(["the cat", "--model", str(folder), "--no-report"]) == 3
    said = capsys.readouterr().err
    assert 'says peft_type = "VERA", and only adapters of the kind LORA are merged.' in said
    assert "merge_and_unload" in said


def test_numbers_that_become_too_large(folder: Path, cache: Path) -> None:
    change_config(folder, lora_alpha=1e300)
    error = refusal(folder, cache)
    assert "do not make a model: The weights of layer 0 are not finite" in error.message
