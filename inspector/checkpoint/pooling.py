"""How a text's states become one vector: sentence-transformers' own files beside the model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from inspector.checkpoint.json_file import read_bytes, read_object
from inspector.errors import ModelError
from inspector.records import DEFAULT_POOLING, Pooling

_MODULES = "modules.json"
_CONFIG = "config.json"

Kind = Literal["mean", "cls", "max", "mean_sqrt_len"]
_FLAG = "pooling_mode_"
#: What a pooling's config calls its mode, older files in flags, and what that is called here.
_MODES: dict[str, Kind] = {
    "mean": "mean",
    "mean_tokens": "mean",
    "cls": "cls",
    "cls_token": "cls",
    "max": "max",
    "max_tokens": "max",
    "mean_sqrt_len_tokens": "mean_sqrt_len",
}


def read_pooling(folder: Path) -> Pooling | None:
    """Return how a model's folder says that states are pooled; None where it is not known here.

    Known are a model, one way of pooling and, where it is said, a length of 1. Where the folder
    says nothing it is the mean over all tokens, of length 1.

    Raises
    ------
    ModelError
        When one of these files is damaged.
    """
    if not (folder / _MODULES).exists():
        return DEFAULT_POOLING
    modules = _list(folder / _MODULES)
    kinds = [str(module.get("type", "")).rpartition(".")[2] for module in modules]
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        return None
    path = folder / str(modules[1].get("path", "")) / _CONFIG
    if path.parent.parent != folder or not path.exists():
        return None
    modes = _modes(read_object(path))
    if len(modes) != 1 or modes[0] not in _MODES:
        return None
    return Pooling(_MODES[modes[0]], normalised=kinds[-1] == "Normalize")


def _modes(said: dict[str, Any]) -> list[str]:
    """Return the modes that a pooling's config names, as it names them."""
    named = said.get("pooling_mode")
    if named is not None:
        return [str(one) for one in named] if isinstance(named, list) else [str(named)]
    flags = [name.removeprefix(_FLAG) for name, on in said.items() if on is True and _FLAG in name]
    return flags or ["mean"]


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
