"""Small configs of encoders: what each says beyond its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ENCODER = {
    "vocab_size": 32, "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4,
    "intermediate_size": 32, "max_position_embeddings": 40,
}  # fmt: skip

#: By model_type.
SMALL: Mapping[str, Mapping[str, Any]] = {
    **dict.fromkeys(("bert", "roberta", "xlm-roberta", "mpnet"), ENCODER),
    "electra": ENCODER | {"embedding_size": 12},
    "albert": ENCODER | {"embedding_size": 12},
    "distilbert": {
        "vocab_size": 32, "dim": 24, "n_layers": 3, "n_heads": 4, "hidden_dim": 32,
        "max_position_embeddings": 40,
    },
    "modernbert": ENCODER | {
        "num_hidden_layers": 4, "local_attention": 6, "pad_token_id": 0,
        "cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2, "eos_token_id": 3,
    },
    **dict.fromkeys(
        ("deberta", "deberta-v2"),
        ENCODER | {
            "relative_attention": True, "pos_att_type": ["c2p", "p2c"],
            "max_relative_positions": 8, "position_buckets": 4, "norm_rel_ebd": "layer_norm",
            "type_vocab_size": 2, "pad_token_id": 0,
        },
    ),
}  # fmt: skip
