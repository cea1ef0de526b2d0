"""What the configs of these decoders mean where their files say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspector.families.deriving import Derive, Values, head_dim, kinds, rope, rope_by_kind
from inspector.families.llamas.configs import DECODER, LLAMA

#: Nemotron's own code counts no heads of keys and values where its file says nothing of them.
_NEMOTRON = {key: value for key, value in DECODER.items() if key != "num_key_value_heads"}
_OLMO = DECODER | {"clip_qkv": None}
_OLMO2 = LLAMA | {"rms_norm_eps": 1e-5}
_COHERE = DECODER | {
    "hidden_size": 8192, "intermediate_size": 22528, "num_hidden_layers": 40,
    "num_attention_heads": 64, "max_position_embeddings": 8192, "layer_norm_eps": 1e-5,
    "logit_scale": 0.0625, "tie_word_embeddings": True,
}  # fmt: skip
_GLM = LLAMA | {
    "intermediate_size": 13696, "num_hidden_layers": 40, "num_key_value_heads": 2,
    "head_dim": 128, "max_position_embeddings": 131072, "rms_norm_eps": 1.5625e-7,
    "partial_rotary_factor": 0.5,
}  # fmt: skip

#: By model_type.
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "olmo": _OLMO,
    "olmo2": _OLMO2,
    "olmo3": _OLMO2 | {"sliding_window": 4096, "layer_types": None},
    "granite": LLAMA | {
        "embedding_multiplier": 1.0, "logits_scaling": 1.0, "residual_multiplier": 1.0,
        "attention_multiplier": 1.0,
    },
    "cohere": _COHERE | {"use_qk_norm": False, "rope_theta": 500000.0},
    "cohere2": _COHERE | {"sliding_window": 4096, "layer_types": None, "head_dim": None},
    "glm": _GLM,
    "glm4": _GLM,
    "starcoder2": DECODER | {
        "hidden_size": 3072, "intermediate_size": 12288, "num_hidden_layers": 30,
        "num_attention_heads": 24, "num_key_value_heads": 2, "hidden_act": "gelu_pytorch_tanh",
        "max_position_embeddings": 4096, "norm_epsilon": 1e-5, "sliding_window": None,
        "tie_word_embeddings": True,
    },
    "nemotron": _NEMOTRON | {
        "hidden_size": 6144, "intermediate_size": 24576, "num_attention_heads": 48,
        "head_dim": None, "hidden_act": "relu2", "max_position_embeddings": 4096,
        "norm_eps": 1e-5, "partial_rotary_factor": 0.5,
    },
    "exaone4": LLAMA | {
        "intermediate_size": 16384, "num_key_value_heads": 32, "rms_norm_eps": 1e-5,
        "sliding_window": 4096, "sliding_window_pattern": 4, "layer_types": None,
    },
    "arcee": LLAMA | {
        "hidden_size": 2560, "intermediate_size": 18432, "hidden_act": "relu2",
        "max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "head_dim": None,
    },
    "ministral": LLAMA | {
        "intermediate_size": 14336, "num_key_value_heads": 8, "head_dim": None,
        "max_position_embeddings": 131072, "sliding_window": 4096, "layer_types": None,
    },
    "seed_oss": LLAMA | {
        "intermediate_size": 27648, "num_hidden_layers": 64, "num_attention_heads": 80,
        "num_key_value_heads": 8, "head_dim": 128, "max_position_embeddings": 524288,
    },
    "ernie4_5": LLAMA | {
        "hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 18,
        "num_attention_heads": 16, "num_key_value_heads": 2, "head_dim": 128,
        "max_position_embeddings": 131072, "rms_norm_eps": 1e-5, "tie_word_embeddings": True,
        "rope_theta": 500000.0,
    },
    "apertus": LLAMA | {
        "intermediate_size": 14336, "hidden_act": "xielu", "max_position_embeddings": 65536,
        "rms_norm_eps": 1e-5, "rope_theta": 12000000.0, "rope_parameters": None,
    },
    "hunyuan_v1_dense": LLAMA | {"rms_norm_eps": 1e-5, "head_dim": None},
    "helium": LLAMA | {
        "hidden_size": 2560, "intermediate_size": 7040, "num_hidden_layers": 24,
        "num_attention_heads": 20, "num_key_value_heads": 20, "head_dim": 128,
        "max_position_embeddings": 4096, "rms_norm_eps": 1e-8, "rope_theta": 100000.0,
    },
}  # fmt: skip

#: The family's own name of what most families call otherwise; a file may have either.
NAMES: Mapping[str, Mapping[str, str]] = {}


def _near_by_pattern(values: Values, layer: int) -> bool:
    """Say that every layer but each fourth is near-sighted, or each of another number."""
    every = 0 if values["sliding_window"] is None else values.get("sliding_window_pattern", 4)
    return bool(every) and (layer + 1) % every != 0


def _apertus_rope(values: Values) -> None:
    if values["rope_parameters"] is None:
        values["rope_parameters"] = {
            "rope_type": "llama3", "rope_theta": 12000000.0, "factor": 8.0,
            "original_max_position_embeddings": 8192, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
        }  # fmt: skip
    rope(values)


#: What follows from other values, in this order.
DERIVED: Mapping[str, tuple[Derive, ...]] = {
    "olmo": (rope,),
    "olmo2": (rope,),
    "olmo3": (
        kinds(lambda _values, layer: (layer + 1) % 4 != 0),
        # A file's rope_theta is that of the full layers: those with a window keep the default.
        rope_by_kind(("full_attention",), ("rope_theta", 500000.0), ("", 500000.0)),
    ),
    "granite": (rope,),
    "cohere": (rope,),
    "cohere2": (head_dim, kinds(_near_by_pattern), rope),
    "glm": (rope,),
    "glm4": (rope,),
    "starcoder2": (rope,),
    "nemotron": (head_dim, rope),
    "exaone4": (kinds(_near_by_pattern), rope),
    "arcee": (head_dim, rope),
    "ministral": (kinds(lambda values, _layer: values["sliding_window"] is not None), rope),
    "seed_oss": (head_dim, rope),
    "ernie4_5": (head_dim, rope),
    "apertus": (_apertus_rope,),
    "hunyuan_v1_dense": (rope,),
    "helium": (rope,),
}
