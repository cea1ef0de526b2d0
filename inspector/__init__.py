"""A text attention inspector for real sentences.

``inspect`` runs a transformer on a text, rebuilds every attention head from the weights, sets the
classroom analogy beside it and returns an ``Inspection``; ``compare`` sets two texts, or two
models, beside each other; ``inspect_long`` reads a text of thousands of tokens; ``load`` loads a
model once for many texts. Importing this package
imports neither torch nor transformers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inspector.version import __version__

if TYPE_CHECKING:
    from inspector.comparing import Comparison, compare
    from inspector.errors import InputError, InspectorError, MachineError, ModelError
    from inspector.long_text import LongInspection, inspect_long
    from inspector.server.notebook import Live, live
    from inspector.session import Inspection, inspect, load

__all__ = [
    "Comparison",
    "InputError",
    "Inspection",
    "InspectorError",
    "Live",
    "LongInspection",
    "MachineError",
    "ModelError",
    "__version__",
    "compare",
    "inspect",
    "inspect_long",
    "live",
    "load",
]

_HOME = {
    "Comparison": "inspector.comparing",
    "InputError": "inspector.errors",
    "Inspection": "inspector.session",
    "InspectorError": "inspector.errors",
    "Live": "inspector.server.notebook",
    "LongInspection": "inspector.long_text",
    "MachineError": "inspector.errors",
    "ModelError": "inspector.errors",
    "compare": "inspector.comparing",
    "inspect": "inspector.session",
    "inspect_long": "inspector.long_text",
    "live": "inspector.server.notebook",
    "load": "inspector.session",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
