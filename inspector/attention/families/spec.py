"""What a row of the registry says about a family, and how it becomes one layer's dialect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inspector.records import Dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Where a model family keeps its attention, and what the rebuild takes for granted.

    Every path is a module path as transformers names it: ``layer`` from the base model, with
    ``{i}`` for the number of the layer, the four projections from the layer.
    """

    #: transformers' ``config.model_type``.
    model_type: str
    layer: str
    query: str
    key: str
    value: str
    output: str
    #: Config values under which the formulas hold. Another value changes the attention in a way
    #: that the rebuild does not cover, so it is refused by name and not guessed at.
    requires: Mapping[str, object]

    def refusal(self, config: Any) -> str | None:
        """Say which value of a transformers config the rebuild does not cover, or None."""
        for name, expected in self.requires.items():
            found = getattr(config, name, expected)
            if found != expected:
                return (
                    f"the rebuild of {self.model_type} covers {name}={expected!r}, "
                    f"this checkpoint has {name}={found!r}"
                )
        return None

    def dialect(self, config: Any) -> Dialect:
        """Read the numbers of one layer's attention from a transformers config."""
        heads = int(config.num_attention_heads)
        head_dim = int(config.hidden_size) // heads
        return Dialect(heads=heads, kv_heads=heads, head_dim=head_dim, scale=head_dim**-0.5)
