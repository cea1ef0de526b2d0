"""Random models of every family and variant with their heads, and transformers' own pass of them.

The oracle is transformers: it loads the folder that ours is opened from, or runs the model itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
import torch
from family_variants import VARIANTS
from small_models import perturb
from transformers import AutoConfig

from inspector.families.registry import FAMILIES
from inspector.records import Array, Mask, SiteName, Text

__all__ = ["VARIANTS", "Theirs", "random_model", "run_theirs"]

#: transformers' names of what it gives at a site: attention, and the states that enter layers.
_OUTPUTS: dict[SiteName, tuple[str, str]] = {
    "self": ("attentions", "hidden_states"),
    "encoder": ("encoder_attentions", "encoder_hidden_states"),
    "decoder": ("decoder_attentions", "decoder_hidden_states"),
    "cross": ("cross_attentions", ""),
}


def random_model(model_type: str, options: Mapping[str, Any]) -> Any:
    """Return a random model with its head for words, every parameter moved, in evaluation mode."""
    import transformers

    torch.manual_seed(0)
    head = FAMILIES[model_type].head
    assert head is not None
    made: Any = getattr(transformers, head.architecture)
    config = AutoConfig.for_model(model_type, **options)
    config.architectures = [head.architecture]
    model = made._from_config(config, attn_implementation="eager", dtype=torch.float32)
    perturb(model, seed=5)
    model.tie_weights()
    return model.eval()


@dataclass(frozen=True)
class Theirs:
    """What transformers gave for one text of a batch, padding taken off."""

    hidden: dict[SiteName, list[Array]]
    attention: dict[SiteName, list[Array]]
    final: Array
    logits: Array


def run_theirs(
    model: Any,
    text: Text,
    target: Text | None = None,
    present: Mask | None = None,
) -> Theirs:
    """Run transformers on a text in a batch of two, the other one text of the same length."""
    if any(parameter.dtype == torch.float64 for parameter in model.parameters()) and getattr(
        model.config, "num_local_experts", None
    ):
        model.set_experts_implementation("eager")
    ids = torch.from_numpy(np.stack([text.ids, np.roll(text.ids, 3)]))
    mask = torch.ones_like(ids)
    if present is not None:
        mask[0] = torch.from_numpy(present.astype(np.int64))
    inputs: dict[str, Any] = {"input_ids": ids, "attention_mask": mask}
    if target is not None:
        inputs["decoder_input_ids"] = torch.from_numpy(np.stack([target.ids, target.ids]))
    if text.token_types is not None and "token_type_ids" in signature(model.forward).parameters:
        types = torch.from_numpy(text.token_types)
        inputs["token_type_ids"] = torch.stack([types, types])
    with torch.no_grad():
        outputs = model(**inputs, output_attentions=True, output_hidden_states=True)
        # An encoder–decoder's states are after the last norm too.
        last = (
            model.base_model(**inputs).last_hidden_state
            if target is None
            else outputs.decoder_hidden_states[-1]
        )
    sites: tuple[SiteName, ...] = ("self",) if target is None else ("encoder", "decoder", "cross")
    attention, hidden = {}, {}
    for site in sites:
        weights, states = _OUTPUTS[site]
        attention[site] = [one[0].numpy() for one in getattr(outputs, weights)]
        hidden[site] = [one[0].numpy() for one in getattr(outputs, states)[:-1]] if states else []
    return Theirs(hidden, attention, last[0].numpy(), outputs.logits[0].numpy())
