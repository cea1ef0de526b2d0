"""What a row of the registry says about a family, and how it becomes the layers' dialects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from inspector.records import Dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Where a model family keeps its attention, and what the rebuild takes for granted.

    Every path is a module path as transformers names it: ``layer`` from the base model, with
    ``{i}`` for the number of the layer and ``{group}`` for the group of layers that share one
    module, everything else from the layer.
    """

    #: transformers' ``config.model_type``.
    model_type: str
    layer: str
    #: The three projections, or ``fused``: one whose output is all queries, all keys, all values.
    query: str = ""
    key: str = ""
    value: str = ""
    fused: str = ""
    output: str
    #: True where weights lie (in, out), as in transformers' ``Conv1D``, and not (out, in).
    conv1d: bool = False
    #: The layer norm through which the input goes before the projections, where there is one;
    #: ``norm_if`` names the config's flag that says so where checkpoints differ.
    norm: str = ""
    norm_if: str = ""
    #: Whether a word hears only itself and what comes before it.
    causal: bool = False
    #: ``head``: d^-½. ``one``: no scale. ``gpt2``: as GPT-2's config says.
    scale: Literal["head", "one", "gpt2"] = "head"
    #: True where the family's own code takes its softmax in float32 whatever else is float64.
    float32_softmax: bool = False
    #: Config values under which the formulas hold. Another value changes the attention in a way
    #: that the rebuild does not cover, so it is refused by name and not guessed at.
    requires: Mapping[str, object] = field(default_factory=dict)

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

    def layer_path(self, config: Any, i: int) -> str:
        """Return the module path of layer ``i``; layers that share a module share a path."""
        groups = int(getattr(config, "num_hidden_groups", 1))
        return self.layer.format(i=i, group=i * groups // int(config.num_hidden_layers))

    def norm_path(self, config: Any) -> str | None:
        """Return where the norm before the projections lies, or None where there is none."""
        return self.norm if self.norm and getattr(config, self.norm_if or "", True) else None

    def dialects(self, config: Any) -> tuple[Dialect, ...]:
        """Read the numbers of every layer's attention from a transformers config."""
        return tuple(self._dialect(config, i) for i in range(int(config.num_hidden_layers)))

    def _dialect(self, config: Any, layer: int) -> Dialect:
        heads = int(config.num_attention_heads)
        head_dim = int(config.hidden_size) // heads
        return Dialect(
            heads=heads,
            kv_heads=heads,
            head_dim=head_dim,
            scale=self._scale(config, layer, head_dim),
            causal=self.causal,
            window=_window(config, layer),
            float32_softmax=self.float32_softmax,
        )

    def _scale(self, config: Any, layer: int, head_dim: int) -> float:
        if self.scale == "one":
            return 1.0
        scale: float = head_dim**-0.5
        if self.scale == "gpt2":
            if not config.scale_attn_weights:
                scale = 1.0
            if config.scale_attn_by_inverse_layer_idx:
                scale /= layer + 1
        return scale


def _window(config: Any, layer: int) -> int | None:
    """How many tokens back a layer hears, itself included; GPT-Neo's name for it is ``local``."""
    kinds = getattr(config, "attention_layers", None)
    return int(config.window_size) if kinds and kinds[layer] == "local" else None
