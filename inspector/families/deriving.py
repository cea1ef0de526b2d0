"""What follows in a config from its other values: what several families have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: The base of the rotary speeds where nothing says another.
THETA = 10000.0
#: Kinds of scaling for which the window before the scaling counts.
_WITH_WINDOW = ("llama3", "yarn", "longrope")

Values = dict[str, Any]
#: Fills in what follows, in place.
Derive = Callable[[Values], None]


def head_dim(values: Values) -> None:
    """Make heads as wide as they are where they share the states among them."""
    if values["head_dim"] is None:
        values["head_dim"] = values["hidden_size"] // values["num_attention_heads"]


def rope(
    values: Values, *, theta: str = "rope_theta", share: str = "partial_rotary_factor"
) -> None:
    """Bring together what turns positions: newer files have it so, older ones beside it."""
    said = values.get("rope_scaling") or values.get("rope_parameters") or {}
    for part in [part for part in said.values() if isinstance(part, dict)] or [said]:
        part.setdefault("rope_theta", values.get(theta) or THETA)
        if values.get(share) is not None:
            part.setdefault("partial_rotary_factor", values[share])
        _complete(values, part)
    values["rope_parameters"] = said


def _complete(values: Values, part: Values) -> None:
    part.setdefault("rope_type", part.get("type", "default"))
    if part["rope_type"] in _WITH_WINDOW:
        outside = values.get("original_max_position_embeddings")
        if outside is not None:
            part["original_max_position_embeddings"] = outside
        part.setdefault("original_max_position_embeddings", values["max_position_embeddings"])


def rope_by_kind(
    scaled: tuple[str, ...], full: tuple[str, float], near: tuple[str, float]
) -> Callable[[Values], None]:
    """Return what gives the full and the near layers speeds of their own."""

    def derive(values: Values) -> None:
        said = values.get("rope_parameters") or {}
        for kind, (name, theta) in (("full_attention", full), ("sliding_attention", near)):
            part = said.get(kind) or {"rope_type": "default"}
            if kind in scaled:
                part.update(values.get("rope_scaling") or {})
            part.setdefault("rope_theta", values.get(name, theta))
            _complete(values, part)
            said[kind] = part
        values["rope_parameters"] = said

    return derive


def kinds(is_near: Callable[[Values, int], bool]) -> Callable[[Values], None]:
    """Return what says which layers are near-sighted, where the file does not."""

    def derive(values: Values) -> None:
        if values.get("layer_types") is None:
            values["layer_types"] = [
                "sliding_attention" if is_near(values, i) else "full_attention"
                for i in range(values["num_hidden_layers"])
            ]

    return derive


def no_window_unless_used(values: Values) -> None:
    """Leave the window out where the config says that it is not used."""
    if not values["use_sliding_window"]:
        values["sliding_window"] = None


def alternating(_values: Values, layer: int) -> bool:
    """Say that every second layer is near-sighted, the first among them."""
    return layer % 2 == 0
