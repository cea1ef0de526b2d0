"""What the configs of these decoders mean where their files say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspector.families.deriving import (
    Derive,
    Values,
    rope,
)

_GPT = {
    "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5, "tie_word_embeddings": True,
}  # fmt: skip

#: By model_type.
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "gpt2": _GPT | {
        "n_positions": 1024, "n_embd": 768, "n_layer": 12, "n_head": 12,
        "scale_attn_weights": True, "scale_attn_by_inverse_layer_idx": False,
        "reorder_and_upcast_attn": False, "add_cross_attention": False,
    },
    "gpt_neo": _GPT | {
        "max_position_embeddings": 2048, "hidden_size": 2048, "num_layers": 24, "num_heads": 16,
        "attention_types": None, "window_size": 256,
    },
    "opt": {
        "hidden_size": 768, "num_hidden_layers": 12, "ffn_dim": 3072,
        "max_position_embeddings": 2048, "do_layer_norm_before": True,
        "_remove_final_layer_norm": False, "word_embed_proj_dim": None, "num_attention_heads": 12,
        "activation_function": "relu", "pad_token_id": 1, "enable_bias": True,
        "layer_norm_elementwise_affine": True, "tie_word_embeddings": True,
    },
    "gptj": _GPT | {
        "n_positions": 2048, "n_embd": 4096, "n_layer": 28, "n_head": 16, "rotary_dim": 64,
        "tie_word_embeddings": False,
    },
    "gpt_neox": {
        "hidden_size": 6144, "num_hidden_layers": 44, "num_attention_heads": 64,
        "intermediate_size": 24576, "hidden_act": "gelu", "max_position_embeddings": 2048,
        "layer_norm_eps": 1e-5, "tie_word_embeddings": False, "use_parallel_residual": True,
        "attention_bias": True,
    },
    "falcon": {
        "hidden_size": 4544, "num_hidden_layers": 32, "num_attention_heads": 71,
        "num_ln_in_parallel_attn": None, "layer_norm_epsilon": 1e-5, "num_kv_heads": None,
        "alibi": False, "new_decoder_architecture": False, "multi_query": True,
        "parallel_attn": True, "bias": False, "max_position_embeddings": 2048,
        "activation": "gelu", "tie_word_embeddings": True,
    },
    "bloom": {
        "hidden_size": 64, "n_layer": 2, "n_head": 8, "layer_norm_epsilon": 1e-5,
        "apply_residual_connection_post_layernorm": False, "slow_but_exact": False,
        "tie_word_embeddings": True,
    },
}  # fmt: skip

_GPT2_NAMES = {
    "hidden_size": "n_embd", "max_position_embeddings": "n_positions",
    "num_attention_heads": "n_head", "num_hidden_layers": "n_layer",
}  # fmt: skip

#: The family's own name of what most families call otherwise; a file may have either.
NAMES: Mapping[str, Mapping[str, str]] = {
    "gpt2": _GPT2_NAMES,
    "gptj": _GPT2_NAMES,
    "gpt_neo": {"num_attention_heads": "num_heads", "num_hidden_layers": "num_layers"},
    "bloom": {"num_hidden_layers": "n_layer", "num_attention_heads": "n_head"},
}


def _gpt_neox_rope(values: Values) -> None:
    values.setdefault("rotary_pct", 0.25)
    rope(values, theta="rotary_emb_base", share="rotary_pct")


def _attention_layers(values: Values) -> None:
    """Write GPT-Neo's [[kinds, times], …] out."""
    if values["attention_types"] is None:
        values["attention_types"] = [[["global", "local"], 12]]
    values["attention_layers"] = [
        kind for kinds, times in values["attention_types"] for kind in kinds * times
    ]


def _falcon(values: Values) -> None:
    if values["num_kv_heads"] is None:
        values["num_kv_heads"] = values["num_attention_heads"]
    if values["num_ln_in_parallel_attn"] is None and values["new_decoder_architecture"]:
        values["num_ln_in_parallel_attn"] = 2


def _opt(values: Values) -> None:
    if values["word_embed_proj_dim"] is None:
        values["word_embed_proj_dim"] = values["hidden_size"]


#: What follows from other values, in this order.
DERIVED: Mapping[str, tuple[Derive, ...]] = {
    "gpt_neo": (_attention_layers,),
    "opt": (_opt,),
    "gpt_neox": (_gpt_neox_rope,),
    "falcon": (_falcon, rope),
}
