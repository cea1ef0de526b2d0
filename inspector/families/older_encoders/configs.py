"""What the configs of older encoders mean where their files say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspector.families.deriving import Derive, Values

_XLM = {
    "emb_dim": 2048, "n_layers": 12, "n_heads": 16, "gelu_activation": True, "causal": False,
    "asm": False, "is_encoder": True, "max_position_embeddings": 512, "layer_norm_eps": 1e-12,
    "pad_token_id": 2, "tie_word_embeddings": True,
}  # fmt: skip

#: By model_type.
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "roformer": {
        "embedding_size": None, "hidden_size": 768, "num_hidden_layers": 12,
        "num_attention_heads": 12, "intermediate_size": 3072, "hidden_act": "gelu",
        "max_position_embeddings": 1536, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
        "pad_token_id": 0, "rotary_value": False, "is_decoder": False,
        "add_cross_attention": False, "tie_word_embeddings": True,
    },
    "flaubert": _XLM | {"pre_norm": False},
    "xlm": _XLM,
}  # fmt: skip

_XLM_NAMES = {
    "hidden_size": "emb_dim", "num_attention_heads": "n_heads", "num_hidden_layers": "n_layers",
    "pad_index": "pad_token_id",
}  # fmt: skip

#: The family's own name of what most families call otherwise; a file may have either.
NAMES: Mapping[str, Mapping[str, str]] = {"flaubert": _XLM_NAMES, "xlm": _XLM_NAMES}


def _roformer(values: Values) -> None:
    if values["embedding_size"] is None:
        values["embedding_size"] = values["hidden_size"]


#: What follows from other values, in this order.
DERIVED: Mapping[str, tuple[Derive, ...]] = {"roformer": (_roformer,)}
