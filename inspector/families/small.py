"""A small config for every family: for the parity tests and ``inspect models --check``.

At least three layers, so that patterns that alternate show; more heads than one, and fewer for keys
and values where the family allows it; a window shorter than the texts it is tried on. The
vocabulary has 32 entries, of which those up to 4 may be special.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from inspector.families.registry import GROUPS


def _all() -> Mapping[str, Mapping[str, Any]]:
    groups = [import_module(f"inspector.families.{group}.small").SMALL for group in GROUPS]
    return {name: config for group in groups for name, config in group.items()}


#: What each family's config says beyond its defaults, by model_type.
SMALL = _all()
