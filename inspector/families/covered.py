"""Which configs are covered: by the rebuild of a family's attention, and by the whole forward."""

from __future__ import annotations

from typing import Any

from inspector.errors import ModelError
from inspector.families.attention_numbers import rope_parameters, sizes
from inspector.families.parts import Given, OneOf
from inspector.families.position_numbers import ROPE_TYPES
from inspector.families.spec import Family

#: The activations that ``forward/`` knows, by the names that configs use.
ACTIVATIONS = (
    "gelu", "gelu_python", "gelu_10", "gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh",
    "gelu_accurate", "gelu_fast", "quick_gelu", "relu", "relu2", "relu6", "leaky_relu", "silu",
    "swish", "mish", "hardswish", "sigmoid", "tanh", "linear",
)  # fmt: skip

#: The terms of disentangled attention: queries on distances, and distances on keys.
_TERMS = ("c2p", "p2c")


def not_rebuilt_because(family: Family, config: Any) -> str | None:
    """Say which value of a transformers config the rebuild does not cover, or None."""
    for name, expected in family.requires.items():
        if isinstance(expected, Given):
            continue
        allowed = expected if isinstance(expected, OneOf) else OneOf((expected,))
        found = getattr(config, name, allowed.values[0])
        if found not in allowed.values:
            return (
                f"the rebuild of {family.model_type} covers {name}={allowed}, "
                f"this checkpoint has {name}={found!r}"
            )
    strange = sorted({*family.terms(config)} - {*_TERMS})
    if strange:
        return (
            f"the rebuild of {family.model_type} covers pos_att_type {', '.join(_TERMS)}, "
            f"this checkpoint has {strange[0]!r}"
        )
    for parameters in rope_parameters(family, config):
        kind = parameters.get("rope_type", "default")
        if kind not in ROPE_TYPES:
            return (
                f"the rebuild of {family.model_type} covers rope_type "
                f"{', '.join(ROPE_TYPES)}, this checkpoint has {kind!r}"
            )
    if family.turns(config) and "head_dim" not in family.reads:
        # The heads are as wide as ever, but transformers makes the speeds for this width.
        heads, _, size = sizes(family, config)
        if (found := getattr(config, "head_dim", None) or size) != size:
            return (
                f"the rebuild of {family.model_type} covers heads of "
                f"{config.hidden_size} / {heads} dimensions, this checkpoint has "
                f"head_dim={found!r}"
            )
    return None


def refuse_left_open(family: Family, config: Any) -> None:
    """Refuse a config that leaves open what no pass can do without.

    Raises
    ------
    ModelError
        When a value that the row says must be ``Given`` is not.
    """
    for name, expected in family.requires.items():
        if isinstance(expected, Given) and getattr(config, name, None) is None:
            raise ModelError(
                f"The config of this {family.model_type} leaves {name} open, and it tells "
                f"{expected.why}.",
                f"Set {name} in its config.json.",
            )


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
