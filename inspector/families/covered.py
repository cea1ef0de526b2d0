"""Which configs are covered: by the rebuild of a family's attention, and by the whole forward."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from inspector.errors import ModelError
from inspector.families.attention_numbers import rope_parameters, said, sizes, turned_size
from inspector.families.parts import Given, OneOf
from inspector.families.position_numbers import ROPE_TYPES
from inspector.families.spec import Family

#: The activations that ``forward/`` knows, by the names that configs use.
ACTIVATIONS: tuple[str, ...] = (
    "gelu", "gelu_python", "gelu_10", "gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh",
    "gelu_accurate", "gelu_fast", "quick_gelu", "relu", "relu2", "relu6", "leaky_relu", "silu",
    "swish", "mish", "hardswish", "sigmoid", "tanh", "linear",
)  # fmt: skip

#: Those that learn, where a row says in which module.
LEARNED = ("xielu",)

#: The terms of disentangled attention: queries on distances, and distances on keys.
_TERMS = ("c2p", "p2c")


def not_rebuilt_because(family: Family, config: Any) -> str | None:
    """Say which value of a transformers config the rebuild does not cover, or None."""
    for name, expected in family.requires.items():
        if isinstance(expected, Given):
            continue
        allowed = expected if isinstance(expected, OneOf) else OneOf((expected,))
        found = said(config, name, allowed.values[0])
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
    widths = {int(site.own(config).hidden_size) for site in family.sites if site.within}
    if len(widths) > 1 and not family.bridge:
        return (
            f"the rebuild of {family.model_type} covers stacks of one width, this checkpoint has "
            f"{' and '.join(map(str, sorted(widths)))}"
        )
    for site in family.sites:
        if refused := _speeds_refused(family, site, config):
            return refused
    if family.turns(config) and "head_dim" not in family.reads:
        # The heads are as wide as ever, but transformers makes the speeds for this width.
        heads, _, size = sizes(family, config)
        own = family.own(config)
        if family.latent:
            size = int(own.qk_rope_head_dim)
        if (found := getattr(own, "head_dim", None) or size) != size:
            return (
                f"the rebuild of {family.model_type} covers heads of "
                f"{own.hidden_size} / {heads} dimensions, this checkpoint has "
                f"head_dim={found!r}"
            )
    return None


def _speeds_refused(family: Family, site: Family, config: Any) -> str | None:
    """Say what of a site's positions that turn is not covered, or None."""
    known = family.rope_types or tuple(ROPE_TYPES)
    for parameters in rope_parameters(site, config):
        kind = parameters.get("rope_type", "default")
        if kind not in known:
            return (
                f"the rebuild of {family.model_type} covers rope_type "
                f"{', '.join(known)}, this checkpoint has {kind!r}"
            )
        pairs = turned_size(site, config, parameters) // 2
        for name in ROPE_TYPES[kind]:
            if not _fits(parameters, kind, name, pairs):
                return (
                    f"the rebuild of {family.model_type} does not understand "
                    f"{name}={parameters.get(name)!r} for rope_type {kind}"
                )
    return None


def _fits(parameters: Mapping[str, Any], kind: str, name: str, pairs: int) -> bool:
    """Say whether a value is a number, or for LongRoPE one for each pair of dimensions."""
    value = parameters.get(name)
    if kind != "longrope" or name not in ("short_factor", "long_factor"):
        # YaRN's may be null, and then follows from both windows.
        return _positive(value) or (kind == "yarn" and parameters.get(name, "") is None)
    return isinstance(value, list) and len(value) == pairs and all(map(_positive, value))


def _positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


def refuse_left_open(family: Family, config: Any) -> None:
    """Refuse a config that leaves open what no pass can do without.

    Raises
    ------
    ModelError
        When a value that the row says must be ``Given`` is not.
    """
    for name, expected in family.requires.items():
        if isinstance(expected, Given) and said(config, name, None) is None:
            raise ModelError(
                f"The config of this {family.model_type} leaves {name} open, and it tells "
                f"{expected.why}.",
                f"Set {name} in its config.json.",
            )


def not_run_because(family: Family, config: Any) -> str | None:
    """Say which value of a config the forward pass does not cover, or None."""
    named, known = [("conv_act", family.own(config))], ACTIVATIONS
    for row in family.sites:
        feed = None if row.body is None else row.body.feed_forward
        if feed is None or feed.has_fixed(config) or (feed.mixture and feed.mixture.bounded):
            continue
        named.append((feed.activation, row.own(config)))
        known += LEARNED if feed.learned else ()
    if family.head is not None and family.head.transform and not family.head.fixed:
        named.append((family.head.activation, family.sites[-1].own(config)))
    for name, of in named:
        value = getattr(of, name, ACTIVATIONS[0])
        if value not in known:
            return (
                f"the forward pass knows no activation {value!r}, which this checkpoint has as "
                f"{name}"
            )
    return None
