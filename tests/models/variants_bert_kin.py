"""What else checkpoints of BERT's and RoBERTa's kin may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspector.families.small import SMALL

VARIANTS: dict[str, tuple[str, Mapping[str, Any]]] = {
    "ernie without tasks": ("ernie", SMALL["ernie"] | {"use_task_id": False}),
}
