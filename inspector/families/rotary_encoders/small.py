"""Small configs of encoders that turn by position: what each says beyond its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspector.families.encoders.small import ENCODER
from inspector.families.encoders.small import SMALL as ENCODERS

#: By model_type.
SMALL: Mapping[str, Mapping[str, Any]] = {
    "nomic_bert": ENCODER,
    "eurobert": ENCODER | {
        "num_key_value_heads": 2, "pad_token_id": 0, "mask_token_id": 4,
        "bos_token_id": 2, "eos_token_id": 3,
    },
    "modernbert-decoder": ENCODERS["modernbert"],
}  # fmt: skip
