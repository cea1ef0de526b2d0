"""Small configs of encoder–decoders: what each says beyond its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspector.families.encoders.small import ENCODER

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

_STACK = {
    "vocab_size": 32, "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 8, "intermediate_size": 32, "pad_token_id": 0,
    "max_position_embeddings": 40, "query_pre_attn_scalar": 12, "sliding_window": 4,
    "attn_logit_softcapping": 3.0, "bos_token_id": 2, "eos_token_id": 3,
}  # fmt: skip
_PAIR = {
    "encoder": ENCODER | {"model_type": "bert"},
    "decoder": ENCODER | {
        "model_type": "bert", "is_decoder": True, "add_cross_attention": True,
    },
    "pad_token_id": 0, "decoder_start_token_id": 2,
}  # fmt: skip
_IN_BARTS_MANNER = (
    "bart", "marian", "mbart", "pegasus", "plbart", "m2m_100", "blenderbot", "blenderbot-small",
)  # fmt: skip

#: By model_type.
SMALL: Mapping[str, Mapping[str, Any]] = {
    **dict.fromkeys(_IN_BARTS_MANNER, _BART),
    **dict.fromkeys(("t5", "mt5", "umt5"), _T5),
    "encoder-decoder": _PAIR,
    "t5gemma": {"vocab_size": 32, "encoder": _STACK, "decoder": _STACK},
}  # fmt: skip
