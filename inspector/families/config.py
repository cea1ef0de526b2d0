"""A checkpoint's config as its family reads it: what the file says, and what follows from that.

config.json leaves out what is its family's default, calls some values by older names, and has
values that follow from others. transformers fills all that in; so does this, with the same names,
so that a row of the registry reads one config like the other. A test holds every default against
transformers' own config classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from importlib import import_module
from typing import Any

from inspector.families.deriving import Derive, Values
from inspector.families.registry import GROUP_OF


class FamilyConfig:
    """The values of a config, as attributes; one that there is none of is an AttributeError.

    Raises
    ------
    KeyError
        When no group has the model type; ``known`` says whether one does.
    """

    def __init__(self, model_type: str, values: Mapping[str, Any]) -> None:
        names = names_of(model_type)
        own = {names.get(name, name): deepcopy(value) for name, value in values.items()}
        self._names = names
        self._values: Values = deepcopy(dict(defaults_of(model_type))) | own
        self._values["model_type"] = model_type
        derived: Mapping[str, tuple[Derive, ...]] = _configs(model_type).DERIVED
        for derive in (*derived.get(model_type, ()), _kv_heads):
            derive(self._values)

    def __getattr__(self, name: str) -> Any:
        # Not found otherwise; private names are no config's, and copying asks for them early.
        if name.startswith("__") or name in ("_values", "_names"):
            raise AttributeError(name)
        try:
            return self._values[self._names.get(name, name)]
        except KeyError:
            raise AttributeError(
                f"the config of this {self._values['model_type']} has no {name}"
            ) from None


def known(model_type: str) -> bool:
    """Say whether it is known what a family's config means."""
    return model_type in GROUP_OF


def defaults_of(model_type: str) -> Mapping[str, Any]:
    """Return what a family's config means where its file says nothing: only keys read here.

    Where a value follows from others it is None here, and is derived.
    """
    defaults: Mapping[str, Any] = _configs(model_type).DEFAULTS[model_type]
    return defaults


def names_of(model_type: str) -> Mapping[str, str]:
    """Return the family's own names of what most families call otherwise."""
    names: Mapping[str, str] = _configs(model_type).NAMES.get(model_type, {})
    return names


def _configs(model_type: str) -> Any:
    return import_module(f"inspector.families.{GROUP_OF[model_type]}.configs")


def _kv_heads(values: Values) -> None:
    if "num_key_value_heads" in values and values["num_key_value_heads"] is None:
        values["num_key_value_heads"] = values["num_attention_heads"]
