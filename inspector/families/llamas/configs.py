"""What the configs of Llama and its kin mean where their files say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspector.families.deriving import (
    THETA,
    Derive,
    Values,
    alternating,
    head_dim,
    kinds,
    no_window_unless_used,
    rope,
    rope_by_kind,
)

DECODER = {
    "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": None, "hidden_act": "silu",
    "max_position_embeddings": 2048, "tie_word_embeddings": False,
}  # fmt: skip
LLAMA = DECODER | {"rms_norm_eps": 1e-6}  # fmt: skip
_QWEN = LLAMA | {
    "intermediate_size": 22016, "num_key_value_heads": 32, "max_position_embeddings": 32768,
    "use_sliding_window": False, "sliding_window": 4096, "max_window_layers": 28,
    "layer_types": None,
}  # fmt: skip
_GEMMA = {
    "head_dim": 256, "rms_norm_eps": 1e-6, "tie_word_embeddings": True, "pad_token_id": 0,
}  # fmt: skip
_GEMMA2 = _GEMMA | {
    "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26,
    "num_attention_heads": 8, "num_key_value_heads": 4, "hidden_activation": "gelu_pytorch_tanh",
    "max_position_embeddings": 8192, "query_pre_attn_scalar": 256, "sliding_window": 4096,
    "layer_types": None, "final_logit_softcapping": 30.0, "attn_logit_softcapping": 50.0,
}  # fmt: skip

#: By model_type.
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "llama": LLAMA | {"head_dim": None},
    "mistral": LLAMA | {
        "intermediate_size": 14336, "num_key_value_heads": 8, "head_dim": None,
        "max_position_embeddings": 131072, "sliding_window": 4096,
    },
    "qwen2": _QWEN,
    "qwen3": _QWEN | {"head_dim": 128},
    "smollm3": LLAMA | {
        "hidden_size": 2048, "num_hidden_layers": 36, "num_attention_heads": 16,
        "num_key_value_heads": 4, "max_position_embeddings": 32768, "use_sliding_window": False,
        "sliding_window": None, "no_rope_layers": None, "no_rope_layer_interval": 4,
        "layer_types": None, "tie_word_embeddings": True, "rope_theta": 2000000.0,
    },
    "gemma": _GEMMA | {
        "hidden_size": 3072, "intermediate_size": 24576, "num_hidden_layers": 28,
        "num_attention_heads": 16, "num_key_value_heads": 16, "hidden_act": "gelu_pytorch_tanh",
        "max_position_embeddings": 8192, "use_bidirectional_attention": None,
    },
    "gemma2": _GEMMA2 | {"use_bidirectional_attention": None},
    "gemma3_text": _GEMMA2 | {
        "max_position_embeddings": 131072, "final_logit_softcapping": None,
        "attn_logit_softcapping": None, "use_bidirectional_attention": False,
        "sliding_window_pattern": 6,
    },
    "phi": DECODER | {
        "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 24,
        "hidden_act": "gelu_new", "layer_norm_eps": 1e-5, "qk_layernorm": False,
        "partial_rotary_factor": 0.5,
    },
    "phi3": LLAMA | {
        "hidden_size": 3072, "intermediate_size": 8192, "max_position_embeddings": 4096,
        "original_max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "sliding_window": None,
        "partial_rotary_factor": 1.0,
    },
    "stablelm": DECODER | {
        "hidden_size": 2560, "intermediate_size": 6912, "num_key_value_heads": 32,
        "max_position_embeddings": 4096, "layer_norm_eps": 1e-5, "use_qkv_bias": False,
        "qk_layernorm": False, "use_parallel_residual": False, "partial_rotary_factor": 0.25,
    },
}  # fmt: skip


#: The family's own name of what most families call otherwise; a file may have either.
NAMES: Mapping[str, Mapping[str, str]] = {}


def _phi3_rope(values: Values) -> None:
    rope(values)
    parameters = values["rope_parameters"]
    if parameters["rope_type"] in ("su", "yarn"):
        parameters["rope_type"] = "longrope"


def _no_rope_layers(values: Values) -> None:
    if values["no_rope_layers"] is None:
        every = values["no_rope_layer_interval"]
        values["no_rope_layers"] = [
            int((i + 1) % every != 0) for i in range(values["num_hidden_layers"])
        ]


_QWEN_KINDS = kinds(
    lambda values, i: values["sliding_window"] is not None and i >= values["max_window_layers"]
)

#: What follows from other values, in this order.
DERIVED: Mapping[str, tuple[Derive, ...]] = {
    "llama": (head_dim, rope),
    "mistral": (head_dim, rope),
    "qwen2": (no_window_unless_used, _QWEN_KINDS, rope),
    "qwen3": (no_window_unless_used, _QWEN_KINDS, rope),
    "smollm3": (
        _no_rope_layers,
        kinds(
            lambda values, i: (
                values["use_sliding_window"]
                and values["sliding_window"] is not None
                and not values["no_rope_layers"][i]
            )
        ),
        rope,
    ),
    "gemma": (rope,),
    "gemma2": (kinds(alternating), rope),
    "gemma3_text": (
        kinds(lambda values, i: (i + 1) % values["sliding_window_pattern"] != 0),
        rope_by_kind(
            ("full_attention",), ("rope_theta", 1_000_000.0), ("rope_local_base_freq", THETA)
        ),
    ),
    "phi": (rope,),
    "phi3": (_phi3_rope,),
    "stablelm": (rope,),
}
