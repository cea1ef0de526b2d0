"""Whether the whole model can be run from its weights, and not its attention alone."""

from __future__ import annotations

from typing import Any

from inspector.families.spec import Family

#: The activations that ``forward/`` knows, by the names that configs use.
ACTIVATIONS = (
    "gelu", "gelu_python", "gelu_10", "gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh",
    "gelu_accurate", "gelu_fast", "quick_gelu", "relu", "relu2", "relu6", "leaky_relu", "silu",
    "swish", "mish", "hardswish", "sigmoid", "tanh", "linear",
)  # fmt: skip


def not_run_because(family: Family, config: Any) -> str | None:
    """Say which value of a config the forward pass does not cover, or None."""
    named = {"conv_act"}
    for row in family.sites:
        feed = None if row.body is None else row.body.feed_forward
        if feed is not None and not feed.fixed and not feed.experts:
            named.add(feed.activation)
    if family.head is not None and family.head.transform and not family.head.fixed:
        named.add(family.head.activation)
    for name in sorted(named):
        value = getattr(config, name, ACTIVATIONS[0])
        if value not in ACTIVATIONS:
            return (
                f"the forward pass knows no activation {value!r}, which this checkpoint has as "
                f"{name}"
            )
    return None
