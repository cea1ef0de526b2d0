"""Small configs of older encoders: what each says beyond its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_XLM = {
    "vocab_size": 32, "emb_dim": 24, "n_layers": 3, "n_heads": 4, "max_position_embeddings": 40,
    "pad_token_id": 0,
}  # fmt: skip

#: By model_type.
SMALL: Mapping[str, Mapping[str, Any]] = {
    "roformer": {
        "vocab_size": 32, "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4,
        "intermediate_size": 32, "max_position_embeddings": 40,
    },
    "flaubert": _XLM,
    "xlm": _XLM,
}  # fmt: skip
