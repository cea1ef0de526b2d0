"""The real model on a long text: its own attention function, asked for some query rows at a time.

With ``output_attentions`` a model returns every matrix whole, which for thousands of tokens are
dozens of gigabytes. Here the family's own eager function is called with its queries in parts, the
same keys and the same mask: a row of attention depends on no other. Of what it gives, the rows that
are to be proved are kept.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from inspect import signature
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask

from inspector.errors import MachineError
from inspector.records import Array, Text, Trace, TracedLayer
from inspector.referee.attention_hook import routes
from inspector.referee.capture import doubled
from inspector.referee.faults.explain import out_of_memory
from inspector.referee.faults.running import refuse_foreign_ids, run_explained
from inspector.referee.loading import LoadedModel
from inspector.referee.quiet import quiet
from inspector.referee.site_hooks import copied, watch_end

_NAME = "inspector_in_parts"
#: Queries of a part: with fewer, keys and values are repeated for the heads too often.
_PART = 128

#: Is told of each layer: what entered it, (T, D), its rows, (H, R, T), and their output, (R, D).
Each = Callable[[TracedLayer], None]


def can_be_watched(loaded: LoadedModel) -> bool:
    """Say whether the model's attention function can be called with its queries in parts."""
    return loaded.family is not None and not loaded.takes_target and routes(loaded.model)


def capture_rows(
    loaded: LoadedModel, text: Text, rows: NDArray[np.intp], each: Each, *, exact: bool = False
) -> Trace:
    """Run the model once, and keep some query rows of every head; ``exact`` is in float64.

    The trace's layers have these rows alone, (H, R, T); of the logits it has the last token's.

    Raises
    ------
    MachineError
        When memory runs out.
    """
    called = loaded.with_head or loaded.model
    if exact:
        called = doubled(called)
    model = called if loaded.with_head is None else called.base_model
    ids = torch.from_numpy(text.ids)[None]
    refuse_foreign_ids(loaded, {"input_ids": ids})
    watched = _Watched(torch.from_numpy(rows), each)
    final: list[Array] = []
    before = model.config._attn_implementation
    AttentionInterface.register(_NAME, watched.attend)
    AttentionMaskInterface.register(_NAME, eager_mask)
    with ExitStack() as stack:
        stack.callback(called.set_attn_implementation, before)
        called.set_attn_implementation(_NAME)
        watched.hook(model, loaded, stack)
        stack.enter_context(watch_end(model, loaded.family, final))
        logits = _run(loaded, called, ids)
    # OPT with its head calls past its base model, which then ends with nothing.
    end = final[-1] if final else None
    return Trace(text=text, layers=tuple(watched.layers), final=end, logits=logits)


def _run(loaded: LoadedModel, called: Any, ids: torch.Tensor) -> Array | None:
    """Return the last token's logits, (1, V), where the model has a head that gives them alone."""
    given: dict[str, Any] = {"input_ids": ids.to(called.device), "use_cache": False}
    given["attention_mask"] = torch.ones_like(given["input_ids"])
    known = signature(called.forward).parameters
    alone = "logits_to_keep" in known
    if alone:
        given["logits_to_keep"] = 1
    elif loaded.with_head is not None:
        called = called.base_model
        known = signature(called.forward).parameters
    if "use_cache" not in known:
        del given["use_cache"]
    try:
        with torch.inference_mode(), quiet(), run_explained(loaded):
            outputs = called(**given)
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        raise MachineError(
            f"There is not enough memory to prove {ids.numel()} tokens.",
            "Leave it with --no-proof.",
        ) from error
    return copied(outputs.logits) if alone and loaded.with_head is not None else None


class _Watched:
    """What a run is asked for: the rows of every layer, told as soon as its output is there."""

    def __init__(self, rows: torch.Tensor, each: Each) -> None:
        self._rows, self._each = rows, each
        self._hidden: Array | None = None
        self._attention: Array | None = None
        self.layers: list[TracedLayer] = []

    def hook(self, model: Any, loaded: LoadedModel, stack: ExitStack) -> None:
        """Watch what enters each layer and what its attention gives."""
        family = loaded.family
        assert family is not None  # noqa: S101 - can_be_watched said so
        for path in dict.fromkeys(family.layer_paths(model.config)):
            layer = model.get_submodule(path)
            entered = layer.get_submodule(family.entry).register_forward_pre_hook(
                self._enter, with_kwargs=True
            )
            left = layer.get_submodule(family.output).register_forward_hook(self._leave)
            stack.enter_context(entered)
            stack.enter_context(left)

    def _enter(self, _module: Any, args: Any, named: Any) -> None:
        self._hidden = copied(args[0] if args else named["hidden_states"])

    def _leave(self, _module: Any, _args: Any, result: Any) -> None:
        if self._hidden is None or self._attention is None:
            raise ValueError("a layer's output came before its attention")
        output = copied(result)[self._rows.numpy()]
        found = TracedLayer("self", len(self.layers), self._hidden, self._attention, output)
        self._each(found)
        # What entered is needed no more, and is as long as the text.
        self.layers.append(replace(found, hidden=output))
        self._hidden = self._attention = None

    def attend(
        self,
        module: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attention_mask: torch.Tensor | None,
        **options: Any,
    ) -> tuple[torch.Tensor, None]:
        """Call the module's own eager function for all queries, in parts."""
        eager = sys.modules[type(module).__module__].eager_attention_forward
        tokens = query.shape[2]
        parts = []
        rows: list[torch.Tensor] = []
        for first in range(0, tokens, _PART):
            some = slice(first, first + _PART)
            mask = attention_mask
            if mask is not None and mask.shape[2] > 1:
                mask = mask[:, :, some]
            mixed, attention = eager(
                module, query[:, :, some], key, value, mask, **_in_part(options, some)
            )
            parts.append(mixed)
            here = self._rows[(self._rows >= first) & (self._rows < first + _PART)] - first
            rows.append(attention[0, :, here])
        self._attention = np.array(torch.cat(rows, dim=1).detach().cpu().numpy(), copy=True)
        return torch.cat(parts, dim=1), None


def _in_part(options: dict[str, Any], some: slice) -> dict[str, Any]:
    """Return the options for some queries: what is added to the scores goes by their rows."""
    bias = options.get("position_bias")
    return options if bias is None else options | {"position_bias": bias[:, :, some]}
