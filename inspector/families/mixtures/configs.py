"""What the configs of mixtures of experts mean where their files say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspector.families.deriving import (
    Derive,
    Values,
    alternating,
    kinds,
    no_window_unless_used,
    rope,
)

_DECODER = {
    "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": None, "hidden_act": "silu",
    "max_position_embeddings": 2048, "tie_word_embeddings": False, "rms_norm_eps": 1e-6,
    "num_experts_per_tok": 2,
}  # fmt: skip
_MIXTRAL = _DECODER | {
    "num_local_experts": 8,
    "intermediate_size": 14336, "num_key_value_heads": 8, "max_position_embeddings": 131072,
    "rms_norm_eps": 1e-5, "sliding_window": None, "rope_theta": 1000000.0,
}  # fmt: skip
_QWEN = _DECODER | {
    "hidden_size": 2048, "num_hidden_layers": 24, "max_position_embeddings": 32768,
    "use_sliding_window": False, "sliding_window": 4096, "decoder_sparse_step": 1,
    "norm_topk_prob": False, "mlp_only_layers": None,
}  # fmt: skip
_DEEPSEEK = _DECODER | {
    "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
    "v_head_dim": 128,
}  # fmt: skip

#: By model_type.
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "gpt_oss": _DECODER | {
        "hidden_size": 2880, "intermediate_size": 2880, "num_hidden_layers": 36,
        "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 64,
        "num_local_experts": 128, "num_experts_per_tok": 4, "sliding_window": 128,
        "layer_types": None, "max_position_embeddings": 131072, "rms_norm_eps": 1e-5,
        "swiglu_alpha": 1.702, "swiglu_limit": 7.0, "rope_theta": 150000.0,
        "rope_parameters": {
            "rope_type": "yarn", "factor": 32.0, "beta_fast": 32.0, "beta_slow": 1.0,
            "truncate": False, "original_max_position_embeddings": 4096,
        },
    },
    "mixtral": _MIXTRAL | {"head_dim": None},
    "qwen2_moe": _QWEN | {
        "intermediate_size": 5632, "num_attention_heads": 16, "num_key_value_heads": 16,
        "max_window_layers": 28, "layer_types": None, "moe_intermediate_size": 1408,
        "shared_expert_intermediate_size": 5632, "num_experts_per_tok": 4, "num_experts": 60,
    },
    "qwen3_moe": _QWEN | {
        "intermediate_size": 6144, "num_key_value_heads": 4, "moe_intermediate_size": 768,
        "num_experts_per_tok": 8, "num_local_experts": 128,
    },
    "olmoe": _DECODER | {
        "hidden_size": 2048, "intermediate_size": 2048, "num_hidden_layers": 16,
        "num_attention_heads": 16, "max_position_embeddings": 4096, "rms_norm_eps": 1e-5,
        "pad_token_id": 1, "clip_qkv": None, "num_experts_per_tok": 8, "num_experts": 64,
        "norm_topk_prob": False,
    },
    "granitemoe": _DECODER | {
        "num_local_experts": 8, "embedding_multiplier": 1.0, "logits_scaling": 1.0,
        "residual_multiplier": 1.0, "attention_multiplier": 1.0,
    },
    "phimoe": _MIXTRAL | {
        "intermediate_size": 6400, "num_local_experts": 16, "router_jitter_noise": 0.01,
        "lm_head_bias": False,
    },
    "deepseek_v2": _DEEPSEEK | {
        "first_k_dense_replace": 0, "n_group": None, "n_routed_experts": 64, "n_shared_experts": 2,
        "routed_scaling_factor": 1.0, "topk_group": None, "topk_method": "greedy",
        "num_experts_per_tok": None, "moe_intermediate_size": 1407,
    },
    "deepseek_v3": _DEEPSEEK | {
        "hidden_size": 7168, "intermediate_size": 18432, "num_hidden_layers": 61,
        "num_attention_heads": 128, "num_key_value_heads": 128, "max_position_embeddings": 4096,
        "first_k_dense_replace": 3, "n_group": 8, "n_routed_experts": 256, "n_shared_experts": 1,
        "routed_scaling_factor": 2.5, "topk_group": 4, "num_experts_per_tok": 8,
        "moe_intermediate_size": 2048, "norm_topk_prob": True, "rope_interleave": True,
    },
    "glm4_moe": _DECODER | {
        "intermediate_size": 10944, "num_hidden_layers": 46, "num_attention_heads": 96,
        "num_key_value_heads": 8, "max_position_embeddings": 131072, "rms_norm_eps": 1e-5,
        "moe_intermediate_size": 1408, "num_experts_per_tok": 8, "n_shared_experts": 1,
        "n_routed_experts": 128, "routed_scaling_factor": 1.0, "n_group": 1, "topk_group": 1,
        "first_k_dense_replace": 1, "norm_topk_prob": True, "use_qk_norm": False,
        "partial_rotary_factor": 0.5,
    },
}  # fmt: skip

#: The family's own name of what most families call otherwise; a file may have either.
NAMES: Mapping[str, Mapping[str, str]] = {
    **{key: {"num_experts": "num_local_experts"} for key in ("gpt_oss", "mixtral", "qwen3_moe")},
    "olmoe": {"num_local_experts": "num_experts"},
    "deepseek_v2": {"num_experts": "n_routed_experts"},
    "deepseek_v3": {"num_local_experts": "n_routed_experts"},
    "glm4_moe": {"num_local_experts": "n_routed_experts"},
}


def _qwen2_window(values: Values) -> None:
    if not values["use_sliding_window"]:
        values["sliding_window"] = 0


def _no_plain_layers(values: Values) -> None:
    if values["mlp_only_layers"] is None:
        values["mlp_only_layers"] = []


#: What follows from other values, in this order.
DERIVED: Mapping[str, tuple[Derive, ...]] = {
    "gpt_oss": (kinds(alternating), rope),
    "mixtral": (rope,),
    "qwen2_moe": (
        _qwen2_window,
        _no_plain_layers,
        kinds(
            lambda values, i: (
                values["use_sliding_window"]
                and alternating(values, i)
                and i < values["max_window_layers"]
            )
        ),
        rope,
    ),
    "qwen3_moe": (no_window_unless_used, _no_plain_layers, rope),
    "olmoe": (rope,),
    "granitemoe": (rope,),
    "phimoe": (rope,),
    "deepseek_v2": (rope,),
    "deepseek_v3": (rope,),
    "glm4_moe": (rope,),
}
