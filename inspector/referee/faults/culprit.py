"""Which value of a config transformers cannot take: found by leaving one out after the other.

Asked only where transformers has failed. What it raises names its own classes and lines; a reader
wants the key. Models are built of one layer and without memory (torch's ``meta`` device).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from transformers import CONFIG_MAPPING, AutoModel

from inspector.checkpoint.config import LAYERS, Config
from inspector.errors import ModelError
from inspector.referee.quiet import quiet

#: Left in place: without it nothing is a config.
_KIND = "model_type"


def config_culprit(config: Config) -> ModelError | None:
    """Name the value without which transformers can make its config of the file; None for none."""
    return _culprit(config, lambda values: _made(config.model_type, values))


def model_culprit(config: Config) -> ModelError | None:
    """Name the value without which a model can be built by the config; None for none."""

    def build(values: Mapping[str, Any]) -> None:
        few = {key: 1 if key in LAYERS else value for key, value in values.items()}
        automatic: Any = AutoModel  # its functions carry no annotations
        with torch.device("meta"):
            automatic.from_config(_made(config.model_type, few), attn_implementation="eager")

    return _culprit(config, build)


def _made(model_type: str, values: Mapping[str, Any]) -> Any:
    return CONFIG_MAPPING[model_type].from_dict({**values})


def _culprit(config: Config, work: Callable[[Mapping[str, Any]], object]) -> ModelError | None:
    with quiet():
        if _works(work, config.values):
            return None
        for left_out in config.values:
            others = {key: value for key, value in config.values.items() if key != left_out}
            if left_out != _KIND and _works(work, others):
                return config.wrong(left_out, f"with which no {config.model_type} can be built")
    return None


def _works(work: Callable[[Mapping[str, Any]], object], values: Mapping[str, Any]) -> bool:
    try:
        work(values)
    except Exception:
        return False
    return True
