"""What else checkpoints of the older encoders may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspector.families.small import SMALL

#: model_type, and its config.
VARIANTS: dict[str, tuple[str, Mapping[str, Any]]] = {
    "roformer, values turned": ("roformer", SMALL["roformer"] | {"rotary_value": True}),
    "roformer, narrow words": ("roformer", SMALL["roformer"] | {"embedding_size": 12}),
    # A table of languages, which is not used where nobody says which one it is.
    "xlm, relu and languages": ("xlm", SMALL["xlm"] | {"gelu_activation": False, "n_langs": 3}),
}
