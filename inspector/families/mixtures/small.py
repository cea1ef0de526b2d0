"""Small configs of mixtures of experts: what each says beyond its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DECODER = {
    "vocab_size": 32, "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4,
    "intermediate_size": 32, "max_position_embeddings": 40, "num_key_value_heads": 2,
    "pad_token_id": 0, "num_experts_per_tok": 2,
}  # fmt: skip
_FOUR = {"num_local_experts": 4}
_NARROW = {"moe_intermediate_size": 16}
_THREE_KINDS = ["sliding_attention", "full_attention", "sliding_attention"]
_DEEPSEEK = _DECODER | _NARROW | {
    "num_key_value_heads": 4, "q_lora_rank": 14, "kv_lora_rank": 10, "qk_nope_head_dim": 6,
    "qk_rope_head_dim": 4, "v_head_dim": 5, "n_shared_experts": 1,
}  # fmt: skip

#: By model_type.
SMALL: Mapping[str, Mapping[str, Any]] = {
    "gpt_oss": _DECODER | _FOUR | {
        "head_dim": 8, "sliding_window": 4,        "layer_types": _THREE_KINDS,
        "rope_parameters": {
            "rope_theta": 10000.0, "rope_type": "yarn", "factor": 4.0,
            "original_max_position_embeddings": 10, "beta_fast": 32.0, "beta_slow": 1.0,
            "truncate": False,
        },
    },
    "mixtral": _DECODER | _FOUR,
    "qwen2_moe": _DECODER | _NARROW | {
        "num_experts": 5, "shared_expert_intermediate_size": 20, "max_position_embeddings": 80,
    },
    "qwen3_moe": _DECODER | _NARROW | {
        "num_experts": 5, "head_dim": 8, "norm_topk_prob": True,
    },
    "olmoe": _DECODER | {"num_experts": 6},
    "granitemoe": _DECODER | _FOUR | {
        "embedding_multiplier": 3.0, "logits_scaling": 2.0, "residual_multiplier": 0.6,
        "attention_multiplier": 0.3,
    },
    "phimoe": _DECODER | _FOUR | {"router_jitter_noise": 0.3},
    "deepseek_v2": _DEEPSEEK | {"first_k_dense_replace": 1, "n_routed_experts": 6},
    "deepseek_v3": _DEEPSEEK | {
        "first_k_dense_replace": 1, "n_routed_experts": 8, "n_group": 4, "topk_group": 2,
    },
    "glm4_moe": _DECODER | _NARROW | {
        "hidden_size": 32, "n_routed_experts": 8, "n_group": 4, "topk_group": 2,
        "routed_scaling_factor": 1.5, "use_qk_norm": True,
    },
}  # fmt: skip
