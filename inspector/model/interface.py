"""Watching a model's attention function at work, through transformers' attention interface.

Most families look up the function that turns queries, keys and values into a mixture by a name in
their config. Here a function of our own is registered under a name: it calls the very function
that the family runs under ``eager``, in the module that defines it, and keeps what went in and what
came out. The mask function must be registered beside it, or the mask is silently None and a causal
model sees the future.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask

from inspector.records import Array, Executed

_NAME = "inspector"
_EAGER = "eager_attention_forward"


@dataclass(frozen=True, slots=True)
class Seen:
    """One call of a model's attention function: its inputs, and A, (1, H, T, S), as it gave it."""

    executed: Executed
    attention: torch.Tensor


#: The calls of the run that is being watched, in their order.
_calls: ContextVar[list[Seen]] = ContextVar("calls")


def routes(model: Any) -> bool:
    """Say whether a model's attention goes through the interface, by what its module defines."""
    return hasattr(sys.modules[type(model).__module__], _EAGER)


@contextmanager
def watch_interface(model: Any) -> Iterator[list[Seen]]:
    """Keep every call of the model's attention function, in the order of the calls.

    The model was loaded eager and is eager again afterwards.
    """
    AttentionInterface.register(_NAME, _attend)
    AttentionMaskInterface.register(_NAME, eager_mask)
    calls: list[Seen] = []
    token = _calls.set(calls)
    model.set_attn_implementation(_NAME)
    try:
        yield calls
    finally:
        model.set_attn_implementation("eager")
        _calls.reset(token)


def _attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **options: Any,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Call the module's own eager function, and keep what it was given and what it gave.

    ``options`` under the names that families use: ``softcap``, ``position_bias`` (added to the
    scores before the mask), ``s_aux`` (sinks).
    """
    eager = getattr(sys.modules[type(module).__module__], _EAGER)
    mixed, attention = eager(module, query, key, value, attention_mask, scaling=scaling, **options)
    softcap, sinks = options.get("softcap"), options.get("s_aux")
    added = [
        _numpy(bias) for bias in (options.get("position_bias"), attention_mask) if bias is not None
    ]
    executed = Executed(
        query=_numpy(query),
        key=_numpy(key),
        value=_numpy(value),
        # What the families' functions take where they are given none.
        scale=float(query.shape[-1] ** -0.5 if scaling is None else scaling),
        softcap=None if softcap is None else float(softcap),
        bias=sum(added[1:], start=added[0]) if added else None,
        sinks=None if sinks is None else np.array(sinks.detach().cpu().numpy(), copy=True),
        mixed=_numpy(mixed.flatten(start_dim=2)),
    )
    _calls.get().append(Seen(executed, attention))
    return mixed, attention


def _numpy(tensor: torch.Tensor) -> Array:
    """Copy the only text of a batch out of torch; (1, …) → (…)."""
    array: Array = np.array(tensor[0].detach().cpu().numpy(), copy=True)
    return array
