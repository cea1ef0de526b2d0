"""How a sentence's states become one vector: sentence-transformers' own files beside the model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from inspector.checkpoint.json_file import read_bytes, read_object
from inspector.errors import ModelError
from inspector.records import Pooling

_MODULES = "modules.json"
_CONFIG = "config.json"

Kind = Literal["mean", "cls", "max", "mean_sqrt_len"]
#: The flags of a pooling's config, and what they stand for here.
_FLAGS: dict[str, Kind] = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len",
}


def read_pooling(folder: Path) -> Pooling | None:
    """Return how a model's folder says that states are pooled; None where it says nothing known.

    Known are a model, one way of pooling and, where it is said, a length of 1.

    Raises
    ------
    ModelError
        When one of these files is damaged.
    """
    if not (folder / _MODULES).exists():
        return None
    modules = _list(folder / _MODULES)
    kinds = [str(module.get("type", "")).rpartition(".")[2] for module in modules]
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        return None
    path = folder / str(modules[1].get("path", "")) / _CONFIG
    if path.parent.parent != folder or not path.exists():
        return None
    said = read_object(path)
    chosen = [kind for flag, kind in _FLAGS.items() if said.get(flag) is True]
    others = [
        name for name, on in said.items()
        if name.startswith("pooling_mode_") and on is True and name not in _FLAGS
    ]  # fmt: skip
    if len(chosen) != 1 or others:
        return None
    return Pooling(chosen[0], normalised=len(kinds) > len(("Transformer", "Pooling")))


def _list(path: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(read_bytes(path))
    except ValueError as error:
        raise ModelError(
            f"{path} is damaged: it is no JSON.", "Copy or download the file again."
        ) from error
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ModelError(
            f"{path} is damaged: it holds no list of modules.", "Copy or download the file again."
        )
    return found
