"""Checkpoints whose config has one within it for each of its stacks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from forward_models import random_model
from small_models import save

from inspector.checkpoint.opening import open_checkpoint
from inspector.checkpoint.sources import Source
from inspector.errors import ModelError
from inspector.families.config import FamilyConfig
from inspector.families.covered import not_rebuilt_because
from inspector.families.registry import FAMILIES
from inspector.families.small import SMALL
from inspector.records import Checkpoint


def opened(folder: Path) -> Checkpoint:
    return open_checkpoint(Source(str(folder), "m", str(folder), local=True, sha256=None))


def test_stacks_of_two_widths_are_not_rebuilt(tmp_path: Path) -> None:
    """Their words have no products with each other, on which the whole analogy stands."""
    folder = save(random_model("t5gemma", SMALL["t5gemma"]), tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    config["encoder"]["hidden_size"] = 16
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="hidden_size"):
        opened(folder)
    config["encoder"] = {"hidden_size": 16}
    family = FAMILIES["t5gemma"]
    assert "16 and 24" in (not_rebuilt_because(family, FamilyConfig("t5gemma", config)) or "")


def test_a_scaling_of_positions_in_one_stack_alone_is_seen(tmp_path: Path) -> None:
    folder = save(random_model("t5gemma", SMALL["t5gemma"]), tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    config["decoder"]["rope_parameters"] = {"rope_type": "unheard of", "rope_theta": 1.0}
    (folder / "config.json").write_text(json.dumps(config))
    assert "unheard of" in (opened(folder).no_rebuild or "")
