"""The real model with its heads silenced and its words blocked: by hooks, in torch.

The oracle of all edits. What a head gives is changed where it enters the output projection, and
what is not to be heard is given the lowest score where the scores enter their softmax: both are
found in any model of transformers, without a word of our own code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from inspect import signature
from typing import Any

import numpy as np
import torch
from forward_models import Made
from tokenizers import Tokenizer, models
from torch.overrides import TorchFunctionMode

from inspector.records import (
    Array,
    BlockEdge,
    BlockToken,
    Checkpoint,
    Edit,
    PatchHead,
    SilenceHead,
    SiteName,
    Text,
)

_SOFTMAXES = {torch.softmax, torch.nn.functional.softmax, torch.Tensor.softmax}

#: One variant of every shape that a block may have, and of everything that acts on the scores.
SHAPES = (
    "bert", "albert", "mpnet", "modernbert", "deberta", "deberta-v2, convolved",  # encoders
    "gpt2", "opt, norms after", "llama", "mistral", "gemma2", "gpt_oss", "bloom",
    "stablelm with norms",  # one for every head
    "gpt_neox", "falcon", "phi",  # the feed-forward beside attention
    "bart, uneven", "t5",
)  # fmt: skip

#: Where a sub-layer is: its site and its layer.
Where = tuple[SiteName, int]


@dataclass
class Hooked:
    """What the real model gave, changed."""

    #: (T, D) and (T, V)
    final: Array
    logits: Array | None
    #: What entered each output projection, (T, H·d): what the heads gave, side by side.
    mixed: dict[Where, Array] = field(default_factory=dict)
    #: (H, T, S) what left each softmax, without a sink's column.
    attention: dict[Where, Array] = field(default_factory=dict)


def run_hooked(
    model: Any, family: Any, text: Text, target: Text | None, edits: Sequence[Edit]
) -> Hooked:
    """Run transformers' model on a text, changed as the edits say."""
    done = Hooked(np.empty(0), None)
    sites = _sites(model, family)
    inputs: dict[str, Any] = {"input_ids": torch.from_numpy(text.ids)[None]}
    inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
    if target is not None:
        inputs["decoder_input_ids"] = torch.from_numpy(target.ids)[None]
    if text.token_types is not None and "token_type_ids" in signature(model.forward).parameters:
        inputs["token_type_ids"] = torch.from_numpy(text.token_types)[None]
    states: list[torch.Tensor] = []

    def keep(_module: Any, _given: Any, gave: Any) -> None:
        states.append(
            gave.last_hidden_state[0] if target is None else gave.decoder_hidden_states[-1][0]
        )

    keys: dict[SiteName, int] = dict.fromkeys(("self", "encoder", "cross"), len(text))
    keys["decoder"] = len(target or text)
    blocking = _Blocked(sites, edits, done, keys)
    with torch.no_grad(), _silenced(sites, edits, done), blocking as blocked:
        whole = model if target is not None else _inner(model.base_model)
        handle = whole.register_forward_hook(keep)
        try:
            outputs = model(**inputs, output_hidden_states=target is not None)
        finally:
            handle.remove()
        # Else something was missed, and the oracle would be of an unchanged model.
        assert blocked.called == len(done.mixed) == len(sites)
    done.final = states[0].numpy()
    logits = getattr(outputs, "logits", None)
    done.logits = None if logits is None else logits[0].numpy()
    return done


def _inner(base: Any) -> Any:
    """Return the module that gives the last states: OPT's head calls the decoder, not the base."""
    return getattr(base, "decoder", base)


@dataclass(frozen=True)
class _Site:
    """One attention sub-layer of the real model, in the order in which they run."""

    where: Where
    projection: torch.nn.Module
    heads: int


def _sites(model: Any, family: Any) -> list[_Site]:
    rows = []
    for row in family.sites:
        heads = getattr(row.own(model.config), row.heads)
        stack = model.base_model.get_submodule(row.stands)
        rows.append(
            [
                _Site(
                    (row.site, at),
                    stack.get_submodule(path).get_submodule(row.output),
                    heads,
                )
                for at, path in enumerate(row.layer_paths(model.config))
            ]
        )
    # An encoder runs first; a decoder's blocks then have two kinds in turn.
    return rows[0] + [site for pair in zip(*rows[1:], strict=True) for site in pair]


@contextmanager
def _silenced(sites: list[_Site], edits: Sequence[Edit], done: Hooked) -> Iterator[None]:
    """Change what the heads give where it enters the output projection."""
    # ALBERT's layers share one module: its first call is of the first layer.
    waiting: dict[torch.nn.Module, list[_Site]] = {}
    for site in sites:
        waiting.setdefault(site.projection, []).append(site)

    def before(module: Any, given: Any) -> Any:
        site = waiting[module].pop(0)
        mixed = given[0].clone()
        done.mixed[site.where] = mixed.reshape(-1, mixed.shape[-1]).numpy().copy()
        size = mixed.shape[-1] // site.heads
        for edit in edits:
            if not isinstance(edit, SilenceHead | PatchHead):
                continue
            if (edit.site, edit.layer) != site.where:
                continue
            its = mixed[..., edit.head * size : (edit.head + 1) * size]
            if isinstance(edit, PatchHead):
                its[...] = torch.from_numpy(edit.given)
            elif edit.to == "zero":
                its[...] = 0
            else:
                its[...] = its.mean(dim=-2, keepdim=True)
        return (mixed, *given[1:])

    handles = [module.register_forward_pre_hook(before) for module in waiting]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class _Blocked(TorchFunctionMode):
    """Give what is not to be heard the lowest score, where the scores enter their softmax."""

    def __init__(
        self, sites: list[_Site], edits: Sequence[Edit], done: Hooked, keys: dict[SiteName, int]
    ) -> None:
        super().__init__()
        self._sites, self._edits, self._done, self._keys = sites, edits, done, keys
        self.called = 0

    def __torch_function__(
        self, function: Any, _types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        # A router's are of two dimensions.
        if function not in _SOFTMAXES or args[0].dim() < 3:
            return function(*args, **kwargs)
        site = self._sites[self.called]
        self.called += 1
        scores = args[0].clone()
        for edit in self._edits:
            self._lower(scores, edit, *site.where)
        weights = function(scores, *args[1:], **kwargs)
        heads = weights.reshape(site.heads, *weights.shape[-2:]).numpy()
        # A sink stands behind the keys.
        self._done.attention[site.where] = heads[..., : self._keys[site.where[0]]].copy()
        return weights

    @staticmethod
    def _lower(scores: torch.Tensor, edit: Edit, site: SiteName, layer: int) -> None:
        lowest = torch.finfo(torch.float32).min
        match edit:
            case BlockToken(token, "text") if site == "cross":
                scores[..., :, token] = lowest
            case BlockToken(token, of) if (of == "target") == (site == "decoder"):
                for query in range(scores.shape[-2]):
                    if query != token:
                        scores[..., query, token] = lowest
            case BlockEdge() if edit.site == site and edit.first <= layer <= edit.last:
                scores[..., edit.query, edit.key] = lowest


def hooked(it: Made, *edits: Edit, text: Text | None = None) -> Hooked:
    """Run a variant's real model with edits."""
    return run_hooked(it.model, it.family, text or it.text, it.target, edits)


def heads_of(it: Made) -> list[tuple[SiteName, int, int]]:
    """Return every head of a variant's model: its site, its layer and its number."""
    sites = _sites(it.model, it.family)
    return [(*site.where, head) for site in sites for head in range(site.heads)]


def tokens_of(it: Made) -> list[BlockToken]:
    """Return the blocking of every token."""
    blocked = [BlockToken(at) for at in range(len(it.text))]
    return blocked + [BlockToken(at, "target") for at in range(len(it.target or ()))]


def kinds_of(it: Made) -> list[list[Edit]]:
    """Return every kind of edit at every site, each alone, and at last all at once."""
    other = hooked(it, text=replace(it.text, ids=np.roll(it.text.ids, 5)))
    alone: list[Edit] = [BlockToken(4)]
    if it.target is not None:
        alone.append(BlockToken(2, "target"))
    for row in it.family.sites:
        given = other.mixed[row.site, 2]
        size = given.shape[1] // getattr(row.own(it.model.config), row.heads)
        alone += [
            SilenceHead(1, 2, row.site),
            SilenceHead(0, 1, row.site, "mean"),
            PatchHead(2, 3, given[:, 3 * size : 4 * size], row.site),
            BlockEdge(7, 3, 1, 2, row.site),
        ]
    return [*([edit] for edit in alone), alone]


def with_words(it: Made) -> Checkpoint:
    """Return a variant's checkpoint with a tokenizer of as many words as it has entries."""
    words = {f"w{entry}": entry for entry in range(it.model.config.vocab_size)}
    words["[MASK]"] = words.pop("w4")
    return replace(it.checkpoint, tokenizer=Tokenizer(models.WordLevel(words)))


def furthest(ours: Array | None, theirs: Array | None) -> float:
    """Return the largest difference, beside the largest number where that is above 1."""
    assert ours is not None and theirs is not None
    assert ours.shape == theirs.shape
    return float(np.abs(ours - theirs).max() / max(1.0, np.abs(theirs).max()))


def keeping_all() -> Callable[[str], Made]:
    """Return what makes a variant once."""
    return cache(Made)
