"""Small configs of these decoders: what each says beyond its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_GPT2 = {"vocab_size": 32, "n_embd": 24, "n_layer": 3, "n_head": 4, "n_positions": 40}  # fmt: skip

#: By model_type.
SMALL: Mapping[str, Mapping[str, Any]] = {
    "gpt2": _GPT2,
    "gptj": _GPT2 | {"n_embd": 32, "rotary_dim": 4},
    "gpt_neo": {
        "vocab_size": 32, "hidden_size": 24, "num_layers": 3, "num_heads": 4, "window_size": 4,
        "max_position_embeddings": 40, "attention_types": [[["global", "local", "global"], 1]],
    },
    "gpt_neox": {
        "vocab_size": 32, "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4,
        "intermediate_size": 32, "max_position_embeddings": 40, "pad_token_id": 0,
    },
    "opt": {
        "vocab_size": 32, "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4,
        "ffn_dim": 32, "max_position_embeddings": 40, "word_embed_proj_dim": 24,
    },
    "falcon": {
        "vocab_size": 32, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4,
        "max_position_embeddings": 40, "alibi": False,
    },
    "bloom": {"vocab_size": 32, "hidden_size": 24, "n_layer": 3, "n_head": 4},
}  # fmt: skip
