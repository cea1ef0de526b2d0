"""Small configs of Llama and its kin: what each says beyond its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LLAMA = {
    "vocab_size": 32, "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4,
    "intermediate_size": 32, "max_position_embeddings": 40,
    "num_key_value_heads": 2, "pad_token_id": 0,
}  # fmt: skip
THREE_KINDS = ["sliding_attention", "full_attention", "sliding_attention"]  # fmt: skip

#: By model_type.
SMALL: Mapping[str, Mapping[str, Any]] = {
    "llama": LLAMA,
    "mistral": LLAMA | {"sliding_window": 4},
    "qwen2": LLAMA | {"max_position_embeddings": 80},
    "qwen3": LLAMA | {"head_dim": 8},
    "smollm3": LLAMA | {"num_hidden_layers": 5, "no_rope_layer_interval": 4},
    "gemma": LLAMA | {"head_dim": 8},
    "gemma2": LLAMA | {
        "head_dim": 8, "query_pre_attn_scalar": 12, "sliding_window": 4,
        "attn_logit_softcapping": 3.0, "layer_types": THREE_KINDS,
    },
    "gemma3_text": LLAMA | {
        "head_dim": 8, "query_pre_attn_scalar": 12, "sliding_window": 4,
        "layer_types": THREE_KINDS,
    },
    "phi": LLAMA | {"hidden_size": 32},
    "phi3": LLAMA,
    "stablelm": LLAMA | {"hidden_size": 32},
}  # fmt: skip
