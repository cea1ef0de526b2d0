"""Small configs of these decoders: what each says beyond its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspector.families.llamas.small import LLAMA, THREE_KINDS

_WINDOWED = LLAMA | {"sliding_window": 4, "layer_types": THREE_KINDS}

#: By model_type.
SMALL: Mapping[str, Mapping[str, Any]] = {
    "olmo": LLAMA | {"clip_qkv": 0.5},
    "olmo2": LLAMA,
    "olmo3": _WINDOWED,
    "granite": LLAMA | {
        "embedding_multiplier": 3.0, "logits_scaling": 4.0, "residual_multiplier": 0.6,
        "attention_multiplier": 0.3,
    },
    "cohere": LLAMA,
    "cohere2": _WINDOWED,
    "glm": LLAMA | {"head_dim": 8},
    "glm4": LLAMA | {"head_dim": 8},
    "starcoder2": LLAMA | {"sliding_window": 4},
    "nemotron": LLAMA | {"head_dim": 8},
    "exaone4": _WINDOWED,
    "arcee": LLAMA,
    "ministral": _WINDOWED | {"head_dim": 8},
    "seed_oss": LLAMA | {"head_dim": 8},
    "ernie4_5": LLAMA | {"head_dim": 8},
    "apertus": LLAMA,
    "hunyuan_v1_dense": LLAMA | {
        "head_dim": 8, "rope_parameters": {
            "rope_theta": 10000.0, "rope_type": "dynamic", "alpha": 50.0, "factor": 1.0,
        },
    },
    "helium": LLAMA | {"head_dim": 6},
}  # fmt: skip
