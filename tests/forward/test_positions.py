"""Turning by position beside transformers' own: in float32, and with speeds for long texts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from family_variants import LLAMA, VARIANTS, rope
from forward_models import random_model, run_theirs
from transformers.models.cohere.modeling_cohere import CohereRotaryEmbedding, apply_rotary_pos_emb

from inspector.checkpoint.model.assemble import assemble
from inspector.families.attention_numbers import attention_config
from inspector.families.config import FamilyConfig
from inspector.families.covered import not_rebuilt_because
from inspector.families.registry import FAMILIES
from inspector.forward.model import forward
from inspector.forward.positions import rotate
from inspector.records import Checkpoint, Text


def test_what_is_turned_in_float32_is_rounded_as_theirs_is() -> None:
    config: Any = random_model("cohere", VARIANTS["cohere"][1]).config
    speeds = attention_config(FAMILIES["cohere"], config, 0).rope
    assert speeds is not None
    given = np.random.default_rng(2).normal(size=(4, 9, 6))
    places = torch.arange(9)[None]
    theirs, _ = apply_rotary_pos_emb(
        torch.from_numpy(given)[None],
        torch.from_numpy(given)[None],
        *CohereRotaryEmbedding(config)(torch.zeros(1, dtype=torch.float64), places),
    )
    assert np.abs(rotate(given, speeds) - theirs[0].numpy()).max() <= 3e-7
    rounded = rotate(given, speeds)
    np.testing.assert_array_equal(rounded, rounded.astype(np.float32))
    exact = rotate(given, replace(speeds, in_float32=False))
    assert 1e-9 < np.abs(exact - rounded).max() < 1e-6


@pytest.mark.parametrize(
    ("variant", "lengths"),
    [("phi3 longrope", (20, 21, 35)), ("llama dynamic", (39, 40, 41, 70))],
)
def test_a_text_longer_than_the_window_is_turned_as_theirs_is(
    variant: str, lengths: tuple[int, ...]
) -> None:
    """Beside a model that has read nothing before: theirs remembers how far it went."""
    model_type, options = VARIANTS[variant]
    for length in lengths:
        model = random_model(model_type, options)
        tensors = {name: one.numpy() for name, one in model.state_dict().items()}
        built = assemble(tensors, FAMILIES[model_type], model.config, variant)
        checkpoint = Checkpoint(variant, variant, model_type, None, None, (), None, model=built)
        text = Text.of_ids(np.random.default_rng(length).integers(5, 32, length))
        theirs, ours = run_theirs(model, text), forward(checkpoint, text)
        assert ours.final is not None
        assert np.abs(ours.final - theirs.final).max() <= 3e-5
        assert built.rope_windows == ((20,) if model_type == "phi3" else (40,))


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"rope_type": "yarn"}, "factor=None for rope_type yarn"),
        ({"rope_type": "linear", "factor": None}, "factor=None for rope_type linear"),
        ({"rope_type": "longrope", "short_factor": [1.0, 2.0, 3.0]}, "long_factor=None"),
        (
            {"rope_type": "longrope", "short_factor": [1, 2, 3], "long_factor": [1, 2]},
            r"long_factor=\[1, 2\]",
        ),
        (
            {"rope_type": "longrope", "short_factor": [1, 2, 0], "long_factor": [1, 2, 3]},
            r"short_factor=\[1, 2, 0\]",
        ),
        ({"rope_type": "proportional"}, "this checkpoint has 'proportional'"),
    ],
)
def test_scaling_that_is_not_understood_is_refused_by_name(
    parameters: dict[str, Any], said: str
) -> None:
    config = FamilyConfig("llama", LLAMA | rope(**parameters))
    with pytest.raises(ValueError, match=said):
        raise ValueError(not_rebuilt_because(FAMILIES["llama"], config))


def test_a_factor_that_follows_from_both_windows() -> None:
    """YaRN's may be null."""
    null, told = (
        attention_config(
            FAMILIES["llama"],
            FamilyConfig(
                "llama",
                LLAMA | rope(rope_type="yarn", factor=by, original_max_position_embeddings=10),
            ),
            0,
        )
        for by in (None, 4.0)
    )
    assert str(null) == str(told)
