"""Small configs of older decoders: what each says beyond its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_GPT = {"vocab_size": 32, "n_embd": 24, "n_layer": 3, "n_head": 4, "n_positions": 40}
_SIZES = {
    "vocab_size": 32, "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4,
    "intermediate_size": 32, "max_position_embeddings": 40,
}  # fmt: skip

#: By model_type.
SMALL: Mapping[str, Mapping[str, Any]] = {
    "gpt_bigcode": _GPT | {"n_embd": 32},
    # Heads that do not end where the quarters of the projection do.
    "codegen": _GPT | {"n_embd": 48, "n_head": 6, "rotary_dim": 4},
    "biogpt": _SIZES,
    "persimmon": _SIZES | {"hidden_size": 32, "pad_token_id": 0},
    "ctrl": _GPT | {"dff": 32},
    "xglm": {
        "vocab_size": 32, "d_model": 24, "num_layers": 3, "attention_heads": 4, "ffn_dim": 32,
        "max_position_embeddings": 40,
    },
    "mpt": {"vocab_size": 32, "d_model": 24, "n_layers": 3, "n_heads": 4, "max_seq_len": 40},
    "openai-gpt": _GPT,
}  # fmt: skip
