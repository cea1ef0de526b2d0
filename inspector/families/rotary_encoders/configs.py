"""What the configs of encoders that turn by position mean where their files say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspector.families.deriving import Derive, head_dim, rope
from inspector.families.encoders.configs import MODERNBERT, MODERNBERT_DERIVED

#: By model_type.
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "nomic_bert": {
        "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
        "intermediate_size": 3072, "hidden_act": "silu", "max_position_embeddings": 2048,
        "type_vocab_size": 2, "layer_norm_eps": 1e-12, "pad_token_id": 0, "head_dim": None,
        "tie_word_embeddings": True, "rope_theta": 1000.0,
    },
    "eurobert": {
        "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
        "num_key_value_heads": None, "intermediate_size": 3072, "hidden_act": "silu",
        "max_position_embeddings": 8192, "rms_norm_eps": 1e-5, "pad_token_id": 128001,
        "head_dim": None, "tie_word_embeddings": False, "mlp_bias": False,
    },
    "modernbert-decoder": MODERNBERT | {"decoder_bias": True},
}  # fmt: skip

#: The family's own name of what most families call otherwise; a file may have either.
NAMES: Mapping[str, Mapping[str, str]] = {}

#: What follows from other values, in this order.
DERIVED: Mapping[str, tuple[Derive, ...]] = {
    "nomic_bert": (head_dim, rope),
    "eurobert": (head_dim, rope),
    "modernbert-decoder": MODERNBERT_DERIVED,
}
