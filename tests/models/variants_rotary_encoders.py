"""What else checkpoints of encoders that turn by position may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspector.families.small import SMALL

VARIANTS: dict[str, tuple[str, Mapping[str, Any]]] = {
    "eurobert with biases": (
        "eurobert",
        SMALL["eurobert"] | {"attention_bias": True, "mlp_bias": True},
    ),
    "modernbert-decoder without a bias": (
        "modernbert-decoder",
        SMALL["modernbert-decoder"] | {"decoder_bias": False, "norm_bias": True},
    ),
}
