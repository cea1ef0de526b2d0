"""What else checkpoints of BERT's and RoBERTa's kin may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspector.families.small import SMALL

XMOD = dict(SMALL["xmod"])

VARIANTS: dict[str, tuple[str, Mapping[str, Any]]] = {
    "ernie without tasks": ("ernie", SMALL["ernie"] | {"use_task_id": False}),
    "xmod, norms before": ("xmod", XMOD | {"pre_norm": True, "ln_before_adapter": False}),
    "xmod, adapters normed": ("xmod", XMOD | {"adapter_layer_norm": True}),
    "bert-generation, a decoder": (
        "bert-generation",
        SMALL["bert-generation"] | {"is_decoder": True},
    ),
    "big_bird, rescaled": (
        "big_bird",
        SMALL["big_bird"] | {"rescale_embeddings": True, "use_bias": False},
    ),
    "esm, placed": (
        "esm",
        SMALL["esm"]
        | {
            "position_embedding_type": "absolute",
            "token_dropout": False,
            "emb_layer_norm_before": True,
        },
    ),
}
