"""Files that say a thing otherwise than the model in memory does, beside transformers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from forward_models import ALL, random_model, run_theirs
from safetensors.torch import load_file, save_file
from small_models import save

from inspector.checkpoint.opening import open_checkpoint
from inspector.checkpoint.sources import locate
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
