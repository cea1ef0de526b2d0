"""Random models of every family and variant with their heads, and transformers' own pass of them.

The oracle is transformers: it loads the folder that ours is opened from, or runs the model itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from inspect import signature
from typing import Any

import numpy as np
import seq2seq_models
import torch
from family_variants import VARIANTS
from small_models import perturb
from transformers import AutoConfig

from inspector.checkpoint.model.assemble import assemble
from inspector.families.registry import FAMILIES, family_of
from inspector.records import Array, Checkpoint, Mask, SiteName, Text, Trace
from inspector.referee.capture import float64_by_default

__all__ = [
    "ALL",
    "VARIANTS",
    "Made",
    "Theirs",
    "differences",
    "one_at_a_time",
    "one_way",
    "random_model",
    "run_theirs",
]

ALL = VARIANTS | seq2seq_models.VARIANTS
TOKENS, TARGET, PADDING = 14, 9, 4

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
    exact = any(parameter.dtype == torch.float64 for parameter in model.parameters())
    if exact and any(
        getattr(model.config, name, None) for name in ("num_local_experts", "num_experts")
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
    with torch.no_grad(), float64_by_default(model.config.model_type if exact else ""):
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


def one_way(variant: str) -> bool:
    """Say whether a stack of a variant reads only what comes before."""
    model_type, options = ALL[variant]
    return any(
        row.causal or options.get(row.causal_if, False) for row in FAMILIES[model_type].sites
    )


class Made:
    """A variant's model, what ours is put together as, and a text for both."""

    def __init__(self, variant: str) -> None:
        model_type, options = ALL[variant]
        self.model = random_model(model_type, options)
        config = self.model.config
        family = family_of(config)
        assert family is not None
        self.family = family
        tensors = {name: one.numpy().copy() for name, one in self.model.state_dict().items()}
        built = assemble(tensors, self.family, config, variant, architectures=config.architectures)
        self.checkpoint = Checkpoint(
            variant, variant, model_type, None, None, (), None, model=built
        )
        random = np.random.default_rng(3)
        self.text = Text.of_ids(random.integers(5, 32, TOKENS))
        padded = self.family.own(config) if self.family.stands else config
        self.padding = getattr(padded, "pad_token_id", None) or 0
        if getattr(config, "type_vocab_size", 0) > 1:
            types = np.repeat([0, 1], [6, TOKENS - 6])
            self.text = replace(self.text, token_types=types)
        self.target = Text.of_ids(random.integers(5, 32, TARGET)) if self.family.others else None

    def padded(self, side: str) -> tuple[Text, Mask | None]:
        """The text as it stands in a batch beside a longer one."""
        if side == "alone":
            return self.text, None
        present = np.ones(TOKENS, dtype=np.bool_)
        present[:PADDING] = side == "padded right"
        present[TOKENS - PADDING :] = side == "padded left"
        ids = np.where(present, self.text.ids, self.padding)
        return replace(self.text, ids=ids), present


def differences(ours: Trace, theirs: Theirs, real: Mask | slice) -> dict[str, float]:
    """Return the largest difference in the attention, the states, and the logits.

    Of states and logits, which have any size, it is set beside the largest of them.
    """
    found = {"attention": 0.0, "states": 0.0}

    def note(what: str, one: Array, other: Array) -> None:
        size = 1.0 if what == "attention" else max(1.0, float(np.abs(other).max()))
        found[what] = max(found.get(what, 0.0), float(np.abs(one - other).max()) / size)

    for site, weights in theirs.attention.items():
        layers = [layer for layer in ours.layers if layer.site == site]
        assert len(layers) == len(weights) >= 3
        rows = real if site in ("self", "encoder") else slice(None)
        for layer, attention in zip(layers, weights, strict=True):
            note("attention", layer.attention[:, rows], attention[:, rows])
        for layer, hidden in zip(layers, theirs.hidden[site], strict=False):
            note("states", layer.hidden[rows], hidden[rows])
    rows = real if ours.target is None else slice(None)
    assert ours.final is not None
    assert ours.logits is not None
    note("states", ours.final[rows], theirs.final[rows])
    note("logits", ours.logits[rows], theirs.logits[rows])
    return found


def one_at_a_time() -> Callable[[str], Made]:
    """Return what makes a variant and keeps it until another is asked for.

    The tests of a variant follow one another.
    """
    known: dict[str, Made] = {}

    def make(variant: str) -> Made:
        if variant not in known:
            known.clear()
            known[variant] = Made(variant)
        return known[variant]

    return make
