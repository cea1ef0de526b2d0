"""The head for words, where a checkpoint has one: what its architecture says and its file holds.

transformers makes a head for any model and fills what the file lacks with noise. So a head counts
only where the checkpoint's own config names the architecture and none of the head's weights is
missing; weights that a head shares with the embeddings are there.
"""

from __future__ import annotations

from typing import Any, Literal

from transformers import (
    MODEL_MAPPING,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
)
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
)

from inspector.families.registry import FAMILIES

Kind = Literal["causal", "masked"]

_CLASSES: dict[Kind, tuple[Any, dict[str, str]]] = {
    "causal": (AutoModelForCausalLM, MODEL_FOR_CAUSAL_LM_MAPPING_NAMES),
    "masked": (AutoModelForMaskedLM, MODEL_FOR_MASKED_LM_MAPPING_NAMES),
}


def head_of(config: Any) -> tuple[Kind | None, Any]:
    """Return which head a config's architecture has, and the class to load the model with.

    An encoder–decoder's head is left out: it speaks of a text of its own. One that is put together
    of two models has no class without it.
    """
    if config.is_encoder_decoder:
        return None, AutoModel if type(config) in MODEL_MAPPING else AutoModelForSeq2SeqLM
    named: list[Kind] = [
        kind
        for kind, (_, known) in _CLASSES.items()
        if known.get(config.model_type) in (config.architectures or ())
    ]
    if len(named) > 1 and config.model_type in FAMILIES:
        # XLM's one head is of both kinds: what it was trained for says which.
        head = FAMILIES[config.model_type].head
        named = [kind for kind in named if head is not None and kind == head.kind]
    return (named[0], _CLASSES[named[0]][0]) if named else (None, AutoModel)


def part_missing(model: Any, missing: list[str]) -> tuple[list[str], list[str]]:
    """Part missing keys into those of the base model, by its own names, and those of the head."""
    prefix = f"{model.base_model_prefix}."
    base = [key.removeprefix(prefix) for key in missing if key.startswith(prefix)]
    return base, [key for key in missing if not key.startswith(prefix)]
