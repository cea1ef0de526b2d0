"""Watching a model's attention function at work, through transformers' attention interface.

Most families look up the function that turns queries, keys and values into a mixture by a name in
their config. Here a function of our own is registered under a name: it calls the very function
that the family runs under ``eager``, in the module that defines it, and tells a listener what went
in and what came out. The mask function must be registered beside it, or the mask is silently None
and a causal model sees the future.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask

from inspector.record import record
from inspector.records import CapturedAttention
from inspector.referee.site_hooks import copied

_NAME = "inspector"
_EAGER = "eager_attention_forward"
#: How far float32's rounding takes the sum of a row from 1.
_WHOLE = 1e-5


@record(frozen=True, slots=True)
class Call:
    """One call of a model's attention function, as its own tensors."""

    #: (B, H, T, d), (B, KV, S, d) and (B, KV, S, d).
    query: torch.Tensor
    key: torch.Tensor
    value: torch.Tensor
    #: (B or 1, 1, T, S): boolean, or added to the scores; None where nothing is masked.
    mask: torch.Tensor | None
    #: What else it was given, under the names that families use: ``scaling``, ``softcap``,
    #: ``position_bias`` (added to the scores before the mask), ``s_aux`` (sinks).
    options: dict[str, Any]
    #: What it gave: (B, T, H, d) A·v, and A, (B, H, T, S).
    mixed: torch.Tensor
    attention: torch.Tensor
    #: Which of the model's layers called, by its own count; None where its module does not say.
    layer: int | None


@record(frozen=True, slots=True)
class Seen:
    """One call of a run of one text: its inputs, and A, (1, H, T, S), as it gave it."""

    captured: CapturedAttention
    attention: torch.Tensor
    layer: int | None


#: Is told of every call of the run that is being watched, in their order.
_listener: ContextVar[Callable[[Call], None]] = ContextVar("listener")


def routes(model: Any) -> bool:
    """Say whether a model's attention goes through the interface, by what its module defines."""
    return hasattr(sys.modules[type(model).__module__], _EAGER)


@contextmanager
def listening(model: Any, listen: Callable[[Call], None]) -> Iterator[None]:
    """Tell ``listen`` of every call of the model's attention function, in the order of the calls.

    Afterwards the model runs as it did before.
    """
    AttentionInterface.register(_NAME, _attend)
    AttentionMaskInterface.register(_NAME, eager_mask)
    token = _listener.set(listen)
    before = model.config._attn_implementation
    model.set_attn_implementation(_NAME)
    try:
        yield
    finally:
        model.set_attn_implementation(before)
        _listener.reset(token)


@contextmanager
def watch_interface(model: Any) -> Iterator[list[Seen]]:
    """Keep every call of the model's attention function in a run of one text, in their order."""
    calls: list[Seen] = []
    with listening(
        model, lambda call: calls.append(Seen(captured(call), call.attention, call.layer))
    ):
        yield calls


def _attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **options: Any,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Call the module's own eager function, and tell of it."""
    eager = getattr(sys.modules[type(module).__module__], _EAGER)
    mixed, attention = eager(module, query, key, value, attention_mask, **options)
    layer = getattr(module, "layer_idx", None)
    _listener.get()(Call(query, key, value, attention_mask, options, mixed, attention, layer))
    return mixed, attention


def captured(call: Call) -> CapturedAttention:
    """Copy what a call for one text was given and what it mixed out of torch."""
    scaling, softcap, sink = (call.options.get(name) for name in ("scaling", "softcap", "s_aux"))
    added = [
        copied(bias) for bias in (call.options.get("position_bias"), call.mask) if bias is not None
    ]
    return CapturedAttention(
        query=copied(call.query),
        key=copied(call.key),
        value=copied(call.value),
        # What the families' functions take where they are given none.
        scale=float(call.query.shape[-1] ** -0.5 if scaling is None else scaling),
        softcap=None if softcap is None else float(softcap),
        bias=sum(added[1:], start=added[0]) if added else None,
        sink=None if sink is None else np.array(sink.detach().cpu().numpy(), copy=True),
        sink_outside=sink is not None and _whole(call.attention),
        mixed=copied(call.mixed.flatten(start_dim=2)),
    )


def _whole(attention: torch.Tensor) -> bool:
    """Say whether no row lacks anything: then no sink took its share of it."""
    return bool((attention.sum(dim=-1) - 1).abs().max() <= _WHOLE)
