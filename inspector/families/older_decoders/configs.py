"""What the configs of older decoders mean where their files say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspector.families.deriving import Derive, Values, rope

_GPT = {
    "n_layer": 12, "n_head": 12, "n_embd": 768, "layer_norm_epsilon": 1e-5,
    "tie_word_embeddings": True,
}  # fmt: skip

#: By model_type.
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "gpt_bigcode": _GPT | {
        "n_positions": 1024, "activation_function": "gelu_pytorch_tanh",
        "scale_attn_weights": True, "multi_query": True, "add_cross_attention": False,
    },
    "codegen": _GPT | {
        "n_positions": 2048, "n_embd": 4096, "n_layer": 28, "n_head": 16, "rotary_dim": 64,
        "activation_function": "gelu_new", "tie_word_embeddings": False,
    },
    "biogpt": {
        "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16,
        "hidden_act": "gelu", "max_position_embeddings": 1024, "scale_embedding": True,
        "pad_token_id": 1, "tie_word_embeddings": True,
    },
    "persimmon": {
        "hidden_size": 4096, "num_hidden_layers": 36, "num_attention_heads": 64,
        "hidden_act": "relu2", "max_position_embeddings": 16384, "layer_norm_eps": 1e-5,
        "qk_layernorm": True, "tie_word_embeddings": False,
    },
    "ctrl": _GPT | {
        "n_positions": 256, "n_embd": 1280, "n_layer": 48, "n_head": 16,
        "layer_norm_epsilon": 1e-6,
    },
    "xglm": {
        "max_position_embeddings": 2048, "d_model": 1024, "num_layers": 24, "attention_heads": 16,
        "activation_function": "gelu", "scale_embedding": True, "pad_token_id": 1,
        "add_cross_attention": False, "tie_word_embeddings": True,
    },
    "mpt": {
        "d_model": 2048, "n_heads": 16, "n_layers": 24, "max_seq_len": 2048,
        "layer_norm_epsilon": 1e-5, "no_bias": True, "logit_scale": None, "attn_config": None,
        "tie_word_embeddings": True,
    },
    "openai-gpt": _GPT | {"n_positions": 512, "afn": "gelu"},
}  # fmt: skip

_GPT_NAMES = {
    "hidden_size": "n_embd", "max_position_embeddings": "n_positions",
    "num_attention_heads": "n_head", "num_hidden_layers": "n_layer",
}  # fmt: skip

#: The family's own name of what most families call otherwise; a file may have either.
NAMES: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(("gpt_bigcode", "codegen", "ctrl", "openai-gpt"), _GPT_NAMES),
    "xglm": {
        "hidden_size": "d_model", "num_attention_heads": "attention_heads",
        "num_hidden_layers": "num_layers",
    },
    "mpt": {
        "hidden_size": "d_model", "num_attention_heads": "n_heads", "num_hidden_layers": "n_layers",
    },
}  # fmt: skip


def _gpt_bigcode(values: Values) -> None:
    values["num_key_value_heads"] = 1 if values["multi_query"] else values["n_head"]


def _persimmon_rope(values: Values) -> None:
    values.setdefault("partial_rotary_factor", 0.5)
    rope(values)


def _mpt(values: Values) -> None:
    values["attn_config"] = {
        "attn_type": "multihead_attention", "clip_qkv": None, "softmax_scale": None,
        "prefix_lm": False, "qk_ln": False, "attn_uses_sequence_id": False, "alibi": True,
        "alibi_bias_max": 8,
    } | (values["attn_config"] or {})  # fmt: skip


#: What follows from other values, in this order.
DERIVED: Mapping[str, tuple[Derive, ...]] = {
    "gpt_bigcode": (_gpt_bigcode,),
    "persimmon": (_persimmon_rope,),
    "mpt": (_mpt,),
}
