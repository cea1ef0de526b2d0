"""Files that say a thing otherwise than the model in memory does, beside transformers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from forward_models import ALL, random_model, run_theirs
from safetensors.torch import load_file, save_file
from small_models import save

from inspector.checkpoint.opening import open_checkpoint
from inspector.checkpoint.sources import locate
from inspector.errors import ModelError
from inspector.forward.model import forward
from inspector.records import Array, Text

IDS = np.random.default_rng(3).integers(5, 32, 12)


def final(folder: Path) -> Array:
    found = forward(open_checkpoint(locate(str(folder))), Text.of_ids(IDS)).final
    assert found is not None
    return found


def test_the_speeds_of_positions_are_those_of_the_file(tmp_path: Path) -> None:
    """ESM-2's files have them layer by layer, rounded as they were in training."""
    model = random_model(*ALL["esm"])
    folder = save(model, tmp_path / "model")
    before = final(folder)
    weights = folder / "model.safetensors"
    tensors = load_file(weights)
    (name,) = (name for name in tensors if name.endswith("inv_freq"))
    other = (tensors.pop(name) * 1.5).half().float()
    each = {name.replace("*", str(layer)): other.clone() for layer in range(3)}
    save_file(tensors | each, weights)
    loaded = type(model).from_pretrained(folder, attn_implementation="eager").eval()
    after = final(folder)
    np.testing.assert_allclose(after, run_theirs(loaded, Text.of_ids(IDS)).final, atol=3e-5)
    assert np.abs(after - before).max() > 1e-3


def test_one_projection_in_the_file_is_held_against_the_config(tmp_path: Path) -> None:
    """Nomic's files have q, k and v as one, under names of their own."""
    folder = save(random_model(*ALL["nomic_bert"]), tmp_path / "model")
    weights, config = folder / "model.safetensors", folder / "config.json"
    tensors, said = load_file(weights), json.loads(config.read_text())
    config.write_text(json.dumps(said | {"num_hidden_layers": 4}))
    with pytest.raises(ModelError, match="have 3 layers"):
        final(folder)
    config.write_text(json.dumps(said))
    name = "nomic_bert.encoder.layers.1.attn.Wqkv.weight"
    save_file(tensors | {name: tensors[name][:, :20].contiguous()}, weights)
    with pytest.raises(ModelError, match="Wqkv"):
        final(folder)
    del tensors[name]
    save_file(tensors, weights)
    with pytest.raises(ModelError, match="Wqkv"):
        final(folder)
