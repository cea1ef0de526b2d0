"""A model's folder is looked over before transformers sees it: every kind of damage, by name."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from checkpoint.files import change_config, change_header, write
from safetensors.torch import load_file, save_file
from seq2seq_models import automatic
from small_models import random_bert, save
from transformers import AutoConfig

from inspector.checkpoint.folder import read_folder
from inspector.checkpoint.sources import locate
from inspector.checkpoint.weights import refuse_not_finite
from inspector.errors import ModelError
from inspector.families.small import SMALL


@pytest.fixture
def folder(tmp_path: Path, model_folders: dict[str, Path]) -> Path:
    return Path(shutil.copytree(model_folders["random bert"], tmp_path / "bert"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A small random model of a family, made once and copied for each who asks."""
    place = tmp_path_factory.mktemp("made")

    def make(model_type: str, copy: Path) -> Path:
        if not (place / model_type).exists():
            torch.manual_seed(0)
            config = AutoConfig.for_model(model_type, **SMALL[model_type])
            save(automatic(model_type).from_config(config), place / model_type)
        return Path(shutil.copytree(place / model_type, copy))

    return make


def refusal(folder: Path) -> ModelError:
    with pytest.raises(ModelError) as caught:
        read_folder(folder)
    assert caught.value.message.endswith((".", "…"))
    assert caught.value.hint.endswith(".")
    return caught.value


@pytest.mark.parametrize("model_type", SMALL)
def test_what_transformers_saves_is_read(
    made: Callable[..., Path], tmp_path: Path, model_type: str
) -> None:
    """All families: the weights by our reader, beside safetensors' own."""
    folder = made(model_type, tmp_path / "copy")
    files = read_folder(folder)
    assert files.config.model_type == json.loads((folder / "config.json").read_text())["model_type"]
    theirs = load_file(folder / "model.safetensors")
    assert set(files.weights) == set(theirs)
    for name, tensor in theirs.items():
        np.testing.assert_array_equal(files.weights[name], tensor.numpy())


# --- shards -----------------------------------------------------------------------------------


def sharded(folder: Path) -> dict[str, str]:
    """Part the weights into three files with an index, and return what the index says."""
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    where = {}
    for number in range(3):
        name = f"model-{number + 1:05}-of-00003.safetensors"
        part = {key: tensors[key] for key in sorted(tensors)[number::3]}
        save_file(part, folder / name, metadata={"format": "pt"})
        where |= dict.fromkeys(part, name)
    reindex(folder, where)
    return where


def reindex(folder: Path, where: Any) -> None:
    index = {"metadata": {}, "weight_map": where}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def test_shards_are_one_checkpoint(folder: Path) -> None:
    whole = load_file(folder / "model.safetensors")
    sharded(folder)
    weights = read_folder(folder).weights
    assert set(weights) == set(whole)
    for name, tensor in whole.items():
        np.testing.assert_array_equal(weights[name], tensor.numpy())


@pytest.mark.parametrize(
    "name",
    ["w.bin", "pytorch_model.bin", "../other/model.safetensors", "/dev/zero", "sub/a.safetensors",
     "..", "", "..\\a.safetensors", "a\n.safetensors", "C:a.safetensors", 7, None, ["a"]],
)  # fmt: skip
def test_an_index_names_plain_safetensors_only(folder: Path, name: Any) -> None:
    where = sharded(folder)
    reindex(folder, where | {next(iter(where)): name})
    assert "which is no safetensors file in its folder" in refusal(folder).message


def test_a_device_or_a_pickle_by_a_good_name(folder: Path) -> None:
    where = sharded(folder)
    shard = folder / next(iter(where.values()))
    shard.unlink()
    shard.symlink_to("/dev/zero")
    assert "out of the model's folder" in refusal(folder).message
    shard.unlink()
    torch.save({"a": torch.ones(3)}, shard)
    assert "ends within its header" in refusal(folder).message


def test_where_an_index_is_wrong(folder: Path) -> None:
    where = sharded(folder)
    first, *_, last = where
    reindex(folder, where | {first: where[last]})
    assert "and it does not" in refusal(folder).message
    reindex(folder, where | {"of.nobody": where[last]})
    assert '"of.nobody"' in refusal(folder).message
    reindex(folder, [])
    assert "weight_map" in refusal(folder).message
    twice = load_file(folder / where[last]) | {first: torch.ones(1)}
    save_file(twice, folder / where[last])
    reindex(folder, where)
    assert "lies in two files" in refusal(folder).message
    (folder / where[last]).unlink()
    assert "cannot be read: No such file" in refusal(folder).message


def test_links_within_the_hubs_cache_are_followed_and_no_others(
    folder: Path, tmp_path: Path
) -> None:
    repository = tmp_path / "hub" / "models--someone--something"
    snapshot = repository / "snapshots" / "0123abc"
    snapshot.mkdir(parents=True)
    (repository / "blobs").mkdir()
    for number, path in enumerate(sorted(folder.iterdir())):
        shutil.copy(path, repository / "blobs" / str(number))
        (snapshot / path.name).symlink_to(Path("../../blobs") / str(number))
    assert len(read_folder(snapshot).weights) == len(read_folder(folder).weights)

    (snapshot / "model.safetensors").unlink()
    (snapshot / "model.safetensors").symlink_to(folder / "model.safetensors")
    assert f"a link to {folder}" in refusal(snapshot).message


# --- config against the headers ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("model_type", "changes", "said"),
    [
        ("bert", {"num_hidden_layers": 10**9}, "num_hidden_layers = 1000000000"),
        ("bert", {"num_hidden_layers": 4}, "have 3 layers"),
        ("bert", {"num_hidden_layers": 0}, "at least 1"),
        ("bert", {"num_hidden_layers": "3"}, "a whole number"),
        ("bert", {"num_hidden_layers": True}, "a whole number"),
        ("bert", {"num_labels": 10**7}, "num_labels = 10000000"),
        ("bert", {"num_attention_heads": -4}, "num_attention_heads = -4"),
        ("bert", {"num_attention_heads": 5}, "does not divide hidden_size = 24"),
        ("bert", {"hidden_size": 10**8}, "hidden_size = 100000000"),
        ("bert", {"hidden_size": 32, "vocab_size": 24}, "hidden_size = 32"),
        ("bert", {"vocab_size": 31}, "vocab_size = 31"),
        ("bert", {"max_position_embeddings": 41}, "has 40 rows"),
        ("bert", {"max_position_embeddings": 10**12}, "max_position_embeddings"),
        ("bert", {"chunk_size_feed_forward": -1}, "chunk_size_feed_forward = -1"),
        ("bert", {"layer_norm_eps": "small"}, "layer_norm_eps"),
        ("bert", {"layer_norm_eps": -1e-12}, "at least 0"),
        ("bert", {"architectures": "BertModel"}, "a list of names"),
        ("bert", {"is_decoder": "no"}, "true or false"),
        ("bert", {"model_type": None}, "does not say its model_type"),
        ("bert", {"transformers_weights": "w.bin"}, "transformers_weights"),
        ("bert", {"num_experts_per_tok": 10**9}, "num_experts_per_tok"),
        ("t5gemma", {"encoder": 5}, "a config of its own"),
        ("albert", {"num_hidden_layers": 10**9}, "num_hidden_layers"),
        ("gpt2", {"n_layer": 10**9}, "n_layer = 1000000000"),
        ("gpt2", {"n_embd": 23}, "n_embd = 23"),
        ("llama", {"rope_theta": 0}, "rope_theta = 0"),
        ("llama", {"rope_theta": float("nan")}, "rope_theta"),
        ("llama", {"rope_parameters": {"rope_theta": -1.0}}, "rope_theta = -1.0"),
        ("llama", {"rope_scaling": {"rope_type": "linear", "factor": 0}}, "factor = 0"),
        ("llama", {"rope_scaling": "linear"}, "an object"),
        ("llama", {"rope_scaling": {"type": "dynamic", "alpha": "x"}}, 'alpha = "x"'),
        ("granite", {"logits_scaling": 0}, "logits_scaling = 0"),
        ("mpt", {"attn_config": "alibi"}, "an object"),
        ("xlm", {"emb_dim": 23}, "does not divide emb_dim = 23"),
        ("xglm", {"attention_heads": 5}, "does not divide d_model = 24"),
        ("llama", {"num_key_value_heads": 3}, "does not divide its 4 heads"),
        ("llama", {"partial_rotary_factor": 1.5}, "at most 1"),
        (
            "llama",
            {"rope_scaling": {"rope_type": "linear", "factor": 2.0}, "partial_rotary_factor": 0.5},
            "turns whole heads",
        ),
        ("bart", {"decoder_start_token_id": 32}, "the vocabulary has 32 entries"),
        ("bart", {"decoder_start_token_id": -1}, "the vocabulary has 32 entries"),
        ("bart", {"decoder_layers": 10**9}, "decoder_layers"),
        ("t5", {"num_decoder_layers": 7}, "have 3 layers"),
    ],
)  # fmt: skip
def test_a_config_that_no_such_model_has(
    made: Callable[..., Path], tmp_path: Path, model_type: str, changes: dict[str, Any], said: str
) -> None:
    folder = made(model_type, tmp_path / "copy")
    read_folder(folder)
    change_config(folder, **changes)
    error = refusal(folder)
    assert said in error.message
    assert "config.json" in error.message


def test_fewer_layers_than_there_are_may_be_asked_for(folder: Path) -> None:
    change_config(folder, num_hidden_layers=2)
    read_folder(folder)


def test_a_layer_that_is_missing_in_the_middle(folder: Path) -> None:
    def without(header: dict[str, Any]) -> None:
        for name in [name for name in header if ".layer.1." in name]:
            header[name.replace(".layer.1.", ".layer.7.")] = header.pop(name)

    change_header(folder, without)
    assert "no layer 1" in refusal(folder).message


def test_a_projection_of_another_shape(folder: Path) -> None:
    name = "encoder.layer.2.attention.self.key.weight"
    change_header(folder, lambda header: header[name].update(shape=[48, 12]))
    message = refusal(folder).message
    assert name in message
    assert "[48, 12]" in message


def test_a_config_that_is_no_config(folder: Path) -> None:
    for written, said in [
        ("", "no JSON from line 1, column 1"),
        ("[]", "no JSON object"),
        ('{"a": ' + "[" * 100_000, "no JSON"),
        ('{"model_type": "bert",\n}', "line 2, column 1"),
        ("\ufeff{}", "no JSON"),
    ]:
        (folder / "config.json").write_text(written)
        assert said in refusal(folder).message
    (folder / "config.json").write_bytes(b'{"a": "\xff"}')
    assert "no JSON" in refusal(folder).message
    (folder / "config.json").unlink()
    (folder / "config.json").mkdir()
    assert "not a regular file" in refusal(folder).message


# --- kinds that are not read, each told truly -------------------------------------------------


def test_an_adapter_is_refused_by_name(folder: Path) -> None:
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA"}')
    error = refusal(folder)
    assert "adapter" in error.message
    assert "merge_and_unload" in error.hint
    for path in folder.glob("*.safetensors"):
        path.rename(folder / "adapter_model.safetensors")
    assert "adapter" in refusal(folder).message


def test_quantised_weights(folder: Path) -> None:
    change_config(
        folder, quantization_config={"quant_method": "bitsandbytes", "load_in_4bit": True}
    )
    error = refusal(folder)
    assert "quantised (bitsandbytes)" in error.message
    assert "before it was quantised" in error.hint
    change_config(folder, quantization_config=None)
    name = "encoder.layer.0.intermediate.dense.weight"
    change_header(folder, lambda header: header[name].update(dtype="I8", shape=[32, 96]))
    assert "stored as I8" in refusal(folder).message


def test_two_models_in_one(folder: Path) -> None:
    change_config(
        folder, model_type="vision-encoder-decoder", encoder={"model_type": "vit"},
        decoder={"model_type": "gpt2"},
    )  # fmt: skip
    assert "two models in one, vit and gpt2" in refusal(folder).message


def test_gguf(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "model.Q4_K_M.gguf")
    error = refusal(folder)
    assert "as a GGUF file" in error.message
    assert str(folder / "model.Q4_K_M.gguf") in error.hint


def test_the_old_layout_is_read(folder: Path, tmp_path: Path) -> None:
    old = tmp_path / "sentence-model"
    old.mkdir()
    (old / "config.json").write_text('{"__version__": "2.0.0"}')
    folder.rename(old / "0_Transformer")
    found = locate(str(old))
    assert found.path == str(old / "0_Transformer")
    assert found.title == "sentence-model"


def test_byte_tokenizers_need_no_file(folder: Path) -> None:
    for name in ("tokenizer.json", "vocab.txt"):
        (folder / name).unlink(missing_ok=True)
    assert "has no tokenizer" in refusal(folder).message
    written = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(
        json.dumps(written | {"tokenizer_class": "ByT5Tokenizer"})
    )
    read_folder(folder)


@pytest.mark.parametrize("length", ["x", "512", [512], True])
def test_a_length_that_is_no_number(folder: Path, length: Any) -> None:
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"model_max_length": length}))
    message = refusal(folder).message
    assert "model_max_length" in message
    assert "tokenizer_config.json" in message


# --- weights that are no numbers --------------------------------------------------------------

NAME = "encoder.layer.1.output.dense.weight"


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_weights_that_are_not_finite(folder: Path, dtype: torch.dtype, value: float) -> None:
    tensors = {name: t.to(dtype) for name, t in load_file(folder / "model.safetensors").items()}
    save_file(tensors, folder / "model.safetensors")
    read_folder(folder)
    tensors[NAME][-1, -1] = value
    save_file(tensors, folder / "model.safetensors")
    message = refusal(folder).message
    assert message.startswith("The weights of layer 1 are not finite")
    assert NAME in message


def test_a_number_that_float32_cannot_hold(folder: Path) -> None:
    tensors = {name: t.double() for name, t in load_file(folder / "model.safetensors").items()}
    tensors["embeddings.LayerNorm.bias"][0] = 1e39
    save_file(tensors, folder / "model.safetensors")
    assert "The weights are not finite" in refusal(folder).message


@pytest.mark.parametrize("place", [0, 65_535, 65_536, 199_999])
def test_every_block_is_looked_at(tmp_path: Path, place: int) -> None:
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        tensor = torch.ones(200_000, dtype=dtype)
        tensor[place] = float("inf")
        save_file({"a": tensor}, tmp_path / "model.safetensors")
        from inspector.checkpoint.weights import read_weights

        with pytest.raises(ModelError, match="not finite"):
            refuse_not_finite(read_weights(tmp_path))


def test_the_largest_numbers_are_numbers(tmp_path: Path) -> None:
    from inspector.checkpoint.weights import read_weights

    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        limits = torch.finfo(dtype)
        tensor = torch.tensor([limits.max, limits.min, limits.tiny, 0.0, -0.0], dtype=dtype)
        save_file({"a": tensor}, tmp_path / "model.safetensors")
        refuse_not_finite(read_weights(tmp_path))


# --- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["x" * 5_000, "~nobodyofthatname", "~nobodyofthatname/model"])
def test_names_that_cannot_be_looked_up(name: str) -> None:
    with pytest.raises(ModelError) as caught:
        locate(name)
    assert len(caught.value.message) < 300


def test_a_folder_named_like_a_short_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    assert locate("bert").local
    (folder / "config.json").unlink()
    assert not locate("bert").local


def test_an_empty_file_of_weights(folder: Path) -> None:
    write(folder / "model.safetensors", {})
    assert "hold no tensor" in refusal(folder).message


def test_a_bert_of_another_width_is_named(tmp_path: Path) -> None:
    folder = random_bert(tmp_path / "wide", hidden_size=32)
    change_config(folder, hidden_size=24)
    assert "hidden_size = 24" in refusal(folder).message
