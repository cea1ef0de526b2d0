"""What the configs of BERT's and RoBERTa's kin mean where their files say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspector.families.deriving import THETA, Derive
from inspector.families.encoders.configs import BERT

_ROBERTA = BERT | {"pad_token_id": 1}
_UNTYPED = {name: value for name, value in BERT.items() if name != "type_vocab_size"}

#: By model_type.
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "camembert": _ROBERTA,
    "ernie": BERT | {"use_task_id": False},
    "megatron-bert": BERT | {
        "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16,
        "intermediate_size": 4096,
    },
    "rembert": BERT | {
        "hidden_size": 1152, "num_hidden_layers": 32, "num_attention_heads": 18,
        "intermediate_size": 4608, "tie_word_embeddings": False,
    },
    "xlm-roberta-xl": _ROBERTA | {
        "hidden_size": 2560, "num_hidden_layers": 36, "num_attention_heads": 32,
        "intermediate_size": 10240, "max_position_embeddings": 514, "type_vocab_size": 1,
        "layer_norm_eps": 1e-5,
    },
    "roberta-prelayernorm": _ROBERTA,
    "data2vec-text": _ROBERTA,
    "xmod": _ROBERTA | {
        "pre_norm": False, "adapter_layer_norm": False, "adapter_reuse_layer_norm": True,
        "ln_before_adapter": True, "default_language": None,
    },
    "bert-generation": _UNTYPED | {
        "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16,
        "intermediate_size": 4096,
    },
    "big_bird": BERT | {
        "hidden_act": "gelu_new", "max_position_embeddings": 4096,
        "attention_type": "block_sparse", "rescale_embeddings": False,
    },
    "esm": {
        "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
        "intermediate_size": 3072, "max_position_embeddings": 1026, "layer_norm_eps": 1e-12,
        "pad_token_id": None, "mask_token_id": None, "tie_word_embeddings": True,
        "position_embedding_type": "absolute", "rope_theta": THETA,
        "emb_layer_norm_before": None, "token_dropout": False, "is_folding_model": False,
        "is_decoder": False, "add_cross_attention": False,
    },
}  # fmt: skip

#: The family's own name of what most families call otherwise; a file may have either.
NAMES: Mapping[str, Mapping[str, str]] = {}

#: What follows from other values, in this order.
DERIVED: Mapping[str, tuple[Derive, ...]] = {}
