"""What else the checkpoints of the families in ``llama_kin`` may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspector.families.small import SMALL

VARIANTS: dict[str, tuple[str, Mapping[str, Any]]] = {
    "olmo, unbounded": ("olmo", SMALL["olmo"] | {"clip_qkv": None, "attention_bias": True}),
    "cohere with norms": ("cohere", SMALL["cohere"] | {"use_qk_norm": True, "logit_scale": 0.5}),
    "starcoder2 without biases": (
        "starcoder2",
        SMALL["starcoder2"] | {"use_bias": False, "sliding_window": None},
    ),
    "nemotron, whole heads": (
        "nemotron",
        SMALL["nemotron"]
        | {"rope_parameters": {"rope_theta": 5000.0, "partial_rotary_factor": 1.0}},
    ),
    "exaone4 without a window": (
        "exaone4",
        SMALL["exaone4"] | {"sliding_window": None, "layer_types": ["full_attention"] * 3},
    ),
    "ernie4_5 with biases": ("ernie4_5", SMALL["ernie4_5"] | {"use_bias": True}),
    "apertus without learned slopes": ("apertus", SMALL["apertus"] | {"hidden_act": "silu"}),
    "hunyuan_v1_dense, plain": (
        "hunyuan_v1_dense",
        SMALL["hunyuan_v1_dense"]
        | {"rope_parameters": {"rope_type": "default", "rope_theta": 5000.0, "alpha": 50.0}},
    ),
}
