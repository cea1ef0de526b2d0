"""Which configs are covered: by the rebuild of a family's attention, and by the whole forward."""

from __future__ import annotations

from typing import Any

from inspector.families.attention_numbers import rope_parameters, sizes
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
        found = getattr(config, name, expected)
        if found != expected:
            return (
                f"the rebuild of {family.model_type} covers {name}={expected!r}, "
                f"this checkpoint has {name}={found!r}"
            )
    strange = sorted({*family.terms(config)} - {*_TERMS})
    if strange:
        return (
            f"the rebuild of {family.model_type} covers pos_att_type {', '.join(_TERMS)}, "
            f"this checkpoint has {strange[0]!r}"
        )
    widths = {int(site.own(config).hidden_size) for site in family.sites if site.within}
    if len(widths) > 1:
        return (
            f"the rebuild of {family.model_type} covers stacks of one width, this checkpoint has "
            f"{' and '.join(map(str, sorted(widths)))}"
        )
    for parameters in (one for site in family.sites for one in rope_parameters(site, config)):
        kind = parameters.get("rope_type", "default")
        if kind not in (known := family.rope_types or ROPE_TYPES):
            return (
                f"the rebuild of {family.model_type} covers rope_type "
                f"{', '.join(known)}, this checkpoint has {kind!r}"
            )
    if family.rope and "head_dim" not in family.reads:
        # The heads are as wide as ever, but transformers makes the speeds for this width.
        heads, _, size = sizes(family, config)
        if family.latent:
            size = int(config.qk_rope_head_dim)
        if (found := getattr(config, "head_dim", None) or size) != size:
            return (
                f"the rebuild of {family.model_type} covers heads of "
                f"{config.hidden_size} / {heads} dimensions, this checkpoint has "
                f"head_dim={found!r}"
            )
    return None


def not_run_because(family: Family, config: Any) -> str | None:
    """Say which value of a config the forward pass does not cover, or None."""
    named = [("conv_act", config)]
    for row in family.sites:
        feed = None if row.body is None else row.body.feed_forward
        if feed is not None and not feed.fixed and not (feed.mixture and feed.mixture.bounded):
            named.append((feed.activation, row.own(config)))
    if family.head is not None and family.head.transform and not family.head.fixed:
        named.append((family.head.activation, config))
    for name, of in named:
        value = getattr(of, name, ACTIVATIONS[0])
        if value not in ACTIVATIONS:
            return (
                f"the forward pass knows no activation {value!r}, which this checkpoint has as "
                f"{name}"
            )
    return None
