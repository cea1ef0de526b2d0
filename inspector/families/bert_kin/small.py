"""Small configs of BERT's and RoBERTa's kin: what each says beyond its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspector.families.encoders.small import ENCODER

#: By model_type.
SMALL: Mapping[str, Mapping[str, Any]] = {
    **dict.fromkeys(
        (
            "camembert", "megatron-bert", "xlm-roberta-xl", "roberta-prelayernorm", "data2vec-text",
        ),
        ENCODER,
    ),
    "xmod": ENCODER | {"languages": ["en_XX", "de_DE"], "default_language": "de_DE"},
    "bert-generation": ENCODER,
    # As ESM-2 is; the texts that it is tried on have its masks.
    "esm": ENCODER | {
        "position_embedding_type": "rotary", "token_dropout": True, "mask_token_id": 26,
        "pad_token_id": 1,
    },
    "big_bird": ENCODER | {"attention_type": "original_full"},
    "ernie": ENCODER | {"use_task_id": True},
    # Three widths, none of which is another.
    "rembert": ENCODER | {"input_embedding_size": 12, "output_embedding_size": 20},
}  # fmt: skip
