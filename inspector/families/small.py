"""A small config for every family, as data: for the parity tests and ``inspect models --check``.

At least three layers, so that patterns that alternate show; more heads than one, and fewer for keys
and values where the family allows it; a window shorter than the texts it is tried on. The
vocabulary has 32 entries, of which those up to 4 may be special.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ENCODER = {
    "vocab_size": 32, "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4,
    "intermediate_size": 32, "max_position_embeddings": 40,
}  # fmt: skip
_LLAMA = _ENCODER | {"num_key_value_heads": 2, "pad_token_id": 0}
_GPT2 = {"vocab_size": 32, "n_embd": 24, "n_layer": 3, "n_head": 4, "n_positions": 40}
_THREE_KINDS = ["sliding_attention", "full_attention", "sliding_attention"]
_BART = {
    "vocab_size": 32, "d_model": 24, "encoder_layers": 3, "decoder_layers": 3,
    "encoder_attention_heads": 4, "decoder_attention_heads": 4, "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32, "max_position_embeddings": 40, "pad_token_id": 0,
    "bos_token_id": 2, "eos_token_id": 3, "decoder_start_token_id": 2,
    "forced_eos_token_id": None,
}  # fmt: skip
_T5 = {
    "vocab_size": 32, "d_model": 24, "d_kv": 6, "d_ff": 32, "num_layers": 3,
    "num_decoder_layers": 3, "num_heads": 4, "relative_attention_num_buckets": 8,
    "relative_attention_max_distance": 12, "pad_token_id": 0, "decoder_start_token_id": 0,
}  # fmt: skip

#: What each family's config says beyond its defaults, by model_type.
SMALL: Mapping[str, Mapping[str, Any]] = {
    **dict.fromkeys(("bert", "roberta", "xlm-roberta", "mpnet"), _ENCODER),
    "electra": _ENCODER | {"embedding_size": 12},
    "albert": _ENCODER | {"embedding_size": 12},
    "distilbert": {
        "vocab_size": 32, "dim": 24, "n_layers": 3, "n_heads": 4, "hidden_dim": 32,
        "max_position_embeddings": 40,
    },
    "modernbert": _ENCODER | {
        "num_hidden_layers": 4, "local_attention": 6, "pad_token_id": 0,
        "cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2, "eos_token_id": 3,
    },
    **dict.fromkeys(
        ("deberta", "deberta-v2"),
        _ENCODER | {
            "relative_attention": True, "pos_att_type": ["c2p", "p2c"],
            "max_relative_positions": 8, "position_buckets": 4, "norm_rel_ebd": "layer_norm",
            "type_vocab_size": 2, "pad_token_id": 0,
        },
    ),
    "gpt2": _GPT2,
    "gptj": _GPT2 | {"n_embd": 32, "rotary_dim": 4},
    "gpt_neo": {
        "vocab_size": 32, "hidden_size": 24, "num_layers": 3, "num_heads": 4, "window_size": 4,
        "max_position_embeddings": 40, "attention_types": [[["global", "local", "global"], 1]],
    },
    "gpt_neox": _ENCODER | {"pad_token_id": 0},
    "opt": {
        "vocab_size": 32, "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4,
        "ffn_dim": 32, "max_position_embeddings": 40, "word_embed_proj_dim": 24,
    },
    "falcon": {
        "vocab_size": 32, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4,
        "max_position_embeddings": 40, "alibi": False,
    },
    "bloom": {"vocab_size": 32, "hidden_size": 24, "n_layer": 3, "n_head": 4},
    "llama": _LLAMA,
    "mistral": _LLAMA | {"sliding_window": 4},
    "qwen2": _LLAMA | {"max_position_embeddings": 80},
    "qwen3": _LLAMA | {"head_dim": 8},
    "smollm3": _LLAMA | {"num_hidden_layers": 5, "no_rope_layer_interval": 4},
    "gemma": _LLAMA | {"head_dim": 8},
    "gemma2": _LLAMA | {
        "head_dim": 8, "query_pre_attn_scalar": 12, "sliding_window": 4,
        "attn_logit_softcapping": 3.0, "layer_types": _THREE_KINDS,
    },
    "gemma3_text": _LLAMA | {
        "head_dim": 8, "query_pre_attn_scalar": 12, "sliding_window": 4,
        "layer_types": _THREE_KINDS,
    },
    "phi": _LLAMA | {"hidden_size": 32},
    "phi3": _LLAMA,
    "stablelm": _LLAMA | {"hidden_size": 32},
    "gpt_oss": _LLAMA | {
        "head_dim": 8, "sliding_window": 4, "num_local_experts": 4, "num_experts_per_tok": 2,
        "layer_types": _THREE_KINDS,
        "rope_parameters": {
            "rope_theta": 10000.0, "rope_type": "yarn", "factor": 4.0,
            "original_max_position_embeddings": 10, "beta_fast": 32.0, "beta_slow": 1.0,
            "truncate": False,
        },
    },
    **dict.fromkeys(("bart", "marian", "mbart", "pegasus"), _BART),
    **dict.fromkeys(("t5", "mt5"), _T5),
}  # fmt: skip
