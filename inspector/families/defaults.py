"""What each family's config means where its config.json says nothing, as data.

Only keys that are read here. Where a value follows from others, it is None here and
``config.py`` derives it. A test holds every one of them against transformers' own config classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ENCODER = {
    "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
    "intermediate_size": 3072, "hidden_act": "gelu", "max_position_embeddings": 512,
    "layer_norm_eps": 1e-12, "pad_token_id": 0, "tie_word_embeddings": True,
}  # fmt: skip
_BERT = _ENCODER | {"type_vocab_size": 2, "is_decoder": False, "add_cross_attention": False}
_DEBERTA = _ENCODER | {
    "layer_norm_eps": 1e-7, "type_vocab_size": 0, "relative_attention": False,
    "max_relative_positions": -1, "position_biased_input": True, "pos_att_type": None,
    "legacy": True,
}  # fmt: skip
_GPT = {
    "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5, "tie_word_embeddings": True,
}  # fmt: skip
_DECODER = {
    "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": None, "hidden_act": "silu",
    "max_position_embeddings": 2048, "tie_word_embeddings": False,
}  # fmt: skip
_LLAMA = _DECODER | {"rms_norm_eps": 1e-6}
_QWEN = _LLAMA | {
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
_T5 = {
    "d_model": 512, "d_kv": 64, "d_ff": 2048, "num_layers": 6, "num_decoder_layers": None,
    "num_heads": 8, "relative_attention_num_buckets": 32, "relative_attention_max_distance": 128,
    "layer_norm_epsilon": 1e-6, "feed_forward_proj": "relu", "pad_token_id": 0,
    "is_encoder_decoder": True, "tie_word_embeddings": True,
}  # fmt: skip
_BART = {
    "d_model": 1024, "encoder_layers": 12, "encoder_ffn_dim": 4096, "encoder_attention_heads": 16,
    "decoder_layers": 12, "decoder_ffn_dim": 4096, "decoder_attention_heads": 16,
    "max_position_embeddings": 1024, "activation_function": "gelu", "scale_embedding": False,
    "pad_token_id": 1, "decoder_start_token_id": 2, "is_encoder_decoder": True,
    "tie_word_embeddings": True,
}  # fmt: skip

#: By model_type.
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "bert": _BERT,
    "roberta": _BERT | {"pad_token_id": 1},
    "xlm-roberta": _BERT | {"pad_token_id": 1},
    "electra": _BERT | {
        "embedding_size": 128, "hidden_size": 256, "num_attention_heads": 4,
        "intermediate_size": 1024,
    },
    "distilbert": {
        "dim": 768, "n_layers": 6, "n_heads": 12, "hidden_dim": 3072, "activation": "gelu",
        "max_position_embeddings": 512, "pad_token_id": 0, "tie_word_embeddings": True,
    },
    "albert": _ENCODER | {
        "embedding_size": 128, "hidden_size": 4096, "num_attention_heads": 64,
        "intermediate_size": 16384, "hidden_act": "gelu_new", "type_vocab_size": 2,
        "num_hidden_groups": 1, "inner_group_num": 1,
    },
    "mpnet": _ENCODER | {"pad_token_id": 1, "relative_attention_num_buckets": 32},
    "deberta": _DEBERTA,
    "deberta-v2": _DEBERTA | {
        "hidden_size": 1536, "num_hidden_layers": 24, "num_attention_heads": 24,
        "intermediate_size": 6144,
    },
    "modernbert": {
        "hidden_size": 768, "intermediate_size": 1152, "num_hidden_layers": 22,
        "num_attention_heads": 12, "hidden_activation": "gelu", "max_position_embeddings": 8192,
        "norm_eps": 1e-5, "pad_token_id": 50283, "local_attention": 128,
        "global_attn_every_n_layers": 3, "layer_types": None, "classifier_activation": "gelu",
        "tie_word_embeddings": True,
    },
    "gpt2": _GPT | {
        "n_positions": 1024, "n_embd": 768, "n_layer": 12, "n_head": 12,
        "scale_attn_weights": True, "scale_attn_by_inverse_layer_idx": False,
        "reorder_and_upcast_attn": False, "add_cross_attention": False,
    },
    "gptj": _GPT | {
        "n_positions": 2048, "n_embd": 4096, "n_layer": 28, "n_head": 16, "rotary_dim": 64,
        "tie_word_embeddings": False,
    },
    "gpt_neo": _GPT | {
        "max_position_embeddings": 2048, "hidden_size": 2048, "num_layers": 24, "num_heads": 16,
        "attention_types": None, "window_size": 256,
    },
    "gpt_neox": {
        "hidden_size": 6144, "num_hidden_layers": 44, "num_attention_heads": 64,
        "intermediate_size": 24576, "hidden_act": "gelu", "max_position_embeddings": 2048,
        "layer_norm_eps": 1e-5, "tie_word_embeddings": False, "use_parallel_residual": True,
        "attention_bias": True,
    },
    "opt": {
        "hidden_size": 768, "num_hidden_layers": 12, "ffn_dim": 3072,
        "max_position_embeddings": 2048, "do_layer_norm_before": True,
        "_remove_final_layer_norm": False, "word_embed_proj_dim": None, "num_attention_heads": 12,
        "activation_function": "relu", "pad_token_id": 1, "enable_bias": True,
        "layer_norm_elementwise_affine": True, "tie_word_embeddings": True,
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
    "llama": _LLAMA | {"head_dim": None},
    "mistral": _LLAMA | {
        "intermediate_size": 14336, "num_key_value_heads": 8, "head_dim": None,
        "max_position_embeddings": 131072, "sliding_window": 4096,
    },
    "qwen2": _QWEN,
    "qwen3": _QWEN | {"head_dim": 128},
    "smollm3": _LLAMA | {
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
    "phi": _DECODER | {
        "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 24,
        "hidden_act": "gelu_new", "layer_norm_eps": 1e-5, "qk_layernorm": False,
        "partial_rotary_factor": 0.5,
    },
    "phi3": _LLAMA | {
        "hidden_size": 3072, "intermediate_size": 8192, "max_position_embeddings": 4096,
        "original_max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "sliding_window": None,
        "partial_rotary_factor": 1.0,
    },
    "stablelm": _DECODER | {
        "hidden_size": 2560, "intermediate_size": 6912, "num_key_value_heads": 32,
        "max_position_embeddings": 4096, "layer_norm_eps": 1e-5, "use_qkv_bias": False,
        "qk_layernorm": False, "use_parallel_residual": False, "partial_rotary_factor": 0.25,
    },
    "gpt_oss": _LLAMA | {
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
    "t5": _T5,
    "mt5": _T5 | {
        "d_ff": 1024, "num_layers": 8, "num_heads": 6, "feed_forward_proj": "gated-gelu",
        "decoder_start_token_id": 0,
    },
    "bart": _BART,
    "marian": _BART | {
        "pad_token_id": 58100, "decoder_start_token_id": 58100,
        "share_encoder_decoder_embeddings": True,
    },
    "mbart": _BART | {"decoder_start_token_id": None},
    "pegasus": _BART | {"pad_token_id": 0, "decoder_start_token_id": 0},
}  # fmt: skip

_DISTILBERT = {
    "hidden_size": "dim", "num_attention_heads": "n_heads", "num_hidden_layers": "n_layers",
}  # fmt: skip
_GPT2_NAMES = {
    "hidden_size": "n_embd", "max_position_embeddings": "n_positions",
    "num_attention_heads": "n_head", "num_hidden_layers": "n_layer",
}  # fmt: skip
_T5_NAMES = {
    "hidden_size": "d_model", "num_attention_heads": "num_heads", "num_hidden_layers": "num_layers",
    "head_dim": "d_kv",
}  # fmt: skip
_BART_NAMES = {
    "num_attention_heads": "encoder_attention_heads", "hidden_size": "d_model",
    "num_hidden_layers": "encoder_layers",
}  # fmt: skip

#: The family's own name of what most families call otherwise; a file may have either.
NAMES: Mapping[str, Mapping[str, str]] = {
    "distilbert": _DISTILBERT,
    "gpt2": _GPT2_NAMES,
    "gptj": _GPT2_NAMES,
    "gpt_neo": {"num_attention_heads": "num_heads", "num_hidden_layers": "num_layers"},
    "bloom": {"num_hidden_layers": "n_layer", "num_attention_heads": "n_head"},
    "gpt_oss": {"num_experts": "num_local_experts"},
    **dict.fromkeys(("t5", "mt5"), _T5_NAMES),
    **dict.fromkeys(("bart", "marian", "mbart", "pegasus"), _BART_NAMES),
}
