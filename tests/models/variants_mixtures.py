"""What else checkpoints of mixtures of experts may have, beside their small configs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspector.families.small import SMALL

_PLAIN = {
    "attention_bias": False,
    "rope_parameters": {"rope_theta": 10000.0, "rope_type": "default"},
}

#: model_type, and its config.
VARIANTS: dict[str, tuple[str, Mapping[str, Any]]] = {
    "gpt_oss plain": ("gpt_oss", SMALL["gpt_oss"] | _PLAIN),
    "mixtral sliding": ("mixtral", SMALL["mixtral"] | {"sliding_window": 4}),
    "qwen2_moe, plain layers": (
        "qwen2_moe",
        SMALL["qwen2_moe"] | {
            "num_hidden_layers": 4, "decoder_sparse_step": 2, "mlp_only_layers": [3],
            "norm_topk_prob": True, "use_sliding_window": True, "sliding_window": 4,
            "max_window_layers": 2,
        },
    ),
    "qwen3_moe sliding": (
        "qwen3_moe",
        SMALL["qwen3_moe"] | {
            "norm_topk_prob": False, "mlp_only_layers": [0], "use_sliding_window": True,
            "sliding_window": 4,
        },
    ),
    "olmoe, bounded": ("olmoe", SMALL["olmoe"] | {"clip_qkv": 0.8, "norm_topk_prob": True}),
    "phimoe, words with a bias": (
        "phimoe",
        SMALL["phimoe"] | {"lm_head_bias": True, "attention_bias": True, "sliding_window": 4},
    ),
    "deepseek_v2 in groups": (
        "deepseek_v2",
        SMALL["deepseek_v2"] | {
            "topk_method": "group_limited_greedy", "n_group": 3, "topk_group": 1,
            "q_lora_rank": None, "routed_scaling_factor": 1.7, "mlp_bias": True,
        },
    ),
    "deepseek_v3 scaled": (
        "deepseek_v3",
        SMALL["deepseek_v3"] | {
            "rope_interleave": False, "attention_bias": True, "rope_parameters": {
                "rope_theta": 10000.0, "rope_type": "yarn", "factor": 8.0, "mscale": 0.7,
                "mscale_all_dim": 1.0, "original_max_position_embeddings": 10,
            },
        },
    ),
    "glm4_moe in one group": (
        "glm4_moe",
        SMALL["glm4_moe"] | {
            "n_group": 1, "topk_group": 1, "first_k_dense_replace": 0, "norm_topk_prob": False,
            "use_qk_norm": False, "num_experts_per_tok": 3,
        },
    ),
}  # fmt: skip
