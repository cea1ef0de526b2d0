"""What the configs of encoders mean where their files say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspector.families.deriving import (
    THETA,
    Derive,
    Values,
    kinds,
    rope_by_kind,
)

_ENCODER = {
    "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
    "intermediate_size": 3072, "hidden_act": "gelu", "max_position_embeddings": 512,
    "layer_norm_eps": 1e-12, "pad_token_id": 0, "tie_word_embeddings": True,
}  # fmt: skip
BERT = _ENCODER | {"type_vocab_size": 2, "is_decoder": False, "add_cross_attention": False}
_DEBERTA = _ENCODER | {
    "layer_norm_eps": 1e-7, "type_vocab_size": 0, "relative_attention": False,
    "max_relative_positions": -1, "position_biased_input": True, "pos_att_type": None,
    "legacy": True,
}  # fmt: skip

MODERNBERT = {
    "hidden_size": 768, "intermediate_size": 1152, "num_hidden_layers": 22,
    "num_attention_heads": 12, "hidden_activation": "gelu", "max_position_embeddings": 8192,
    "norm_eps": 1e-5, "pad_token_id": 50283, "local_attention": 128,
    "global_attn_every_n_layers": 3, "layer_types": None, "classifier_activation": "gelu",
    "tie_word_embeddings": True,
}  # fmt: skip

#: By model_type.
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "bert": BERT,
    "roberta": BERT | {"pad_token_id": 1},
    "xlm-roberta": BERT | {"pad_token_id": 1},
    "electra": BERT | {
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
    "modernbert": MODERNBERT,
}  # fmt: skip

_DISTILBERT = {
    "hidden_size": "dim", "num_attention_heads": "n_heads", "num_hidden_layers": "n_layers",
}  # fmt: skip

#: The family's own name of what most families call otherwise; a file may have either.
NAMES: Mapping[str, Mapping[str, str]] = {
    "distilbert": _DISTILBERT,
}


def _modernbert_window(values: Values) -> None:
    values["sliding_window"] = values["local_attention"] // 2


MODERNBERT_DERIVED: tuple[Derive, ...] = (
    kinds(lambda values, i: i % values["global_attn_every_n_layers"] != 0),
    rope_by_kind(
        ("full_attention", "sliding_attention"),
        ("global_rope_theta", 160_000.0),
        ("local_rope_theta", THETA),
    ),
    _modernbert_window,
)

#: What follows from other values, in this order.
DERIVED: Mapping[str, tuple[Derive, ...]] = {
    "modernbert": MODERNBERT_DERIVED,
}
