"""The weaker rebuild: attention from the queries, keys and values that the model itself computed.

For families without a row in the registry. It proves that the model's attention is the softmax of
its own q·k, and nothing about where q, k and v came from::

    s = scale · q·rep(k)ᵀ
    s = c·tanh(s / c)          where the model soft-caps
    s = s + bias               positions, and −3.4e38 where a key is hidden
    A = softmax(s | sink)      a sink's column is used, then dropped
    o = merge(A·rep(v))
"""

from __future__ import annotations

from typing import Any

import numpy as np

from inspector.forward.core import (
    FORBIDDEN,
    cachefuls,
    cap,
    merge_heads,
    repeat_heads,
    softmax,
)
from inspector.parallel import parallel_map
from inspector.records import Array, CapturedLayer, Executed, Mask, ReplayedLayer, Run

#: A score that something below this was added to is hidden; what positions add is never as low.
_HIDDEN = FORBIDDEN / 2


def replay(run: Run, dtype: type[np.floating[Any]] = np.float32) -> tuple[ReplayedLayer, ...]:
    """Recompute every attention layer of a run whose q, k and v were captured.

    ``dtype`` is float32, or float64 for the arbitration, in which case the run must have been
    made in float64 too.
    """
    if run.executed is None:
        raise ValueError("the queries, keys and values of this run were not captured")
    jobs = zip(run.layers, run.executed, strict=True)
    return parallel_map(lambda job: _replay(*job, dtype), jobs, tokens=len(run.text.tokens))


def _replay(
    captured: CapturedLayer, executed: Executed, dtype: type[np.floating[Any]]
) -> ReplayedLayer:
    query, key, value = (
        array.astype(dtype, copy=False) for array in (executed.query, executed.key, executed.value)
    )
    attention = _attention(query * dtype(executed.scale), key, executed)
    return ReplayedLayer(
        site=captured.site,
        layer=captured.layer,
        query=query,
        key=key,
        value=value,
        scale=executed.scale,
        visible=_visible(executed),
        attention=attention,
        mixed=merge_heads(attention @ repeat_heads(value, len(query))),
    )


def _attention(query: Array, key: Array, executed: Executed) -> Array:
    """Return A, (H, T, S), of queries that have been scaled."""
    heads = len(query)
    key = repeat_heads(key, heads)
    attention = np.empty((heads, query.shape[1], key.shape[1]), dtype=query.dtype)
    for some in cachefuls(attention):
        scores = query[some] @ key[some].swapaxes(-1, -2)
        if executed.softcap is not None:
            cap(scores, executed.softcap)
        if executed.bias is not None:
            bias = executed.bias if len(executed.bias) == 1 else executed.bias[some]
            scores += bias.astype(scores.dtype, copy=False)
        if executed.sinks is not None:
            sinks = executed.sinks[some, None, None].astype(scores.dtype, copy=False)
            column = np.broadcast_to(sinks, (*scores.shape[:2], 1))
            scores = np.concatenate([scores, column], axis=2)
        attention[some] = softmax(scores)[..., : key.shape[1]]
    return attention


def _visible(executed: Executed) -> Mask:
    """Return (T, S), True where some head's query may hear the key."""
    if executed.bias is None:
        return np.ones((executed.query.shape[1], executed.key.shape[1]), dtype=np.bool_)
    heard: Mask = np.logical_or.reduce(executed.bias > _HIDDEN, axis=0)
    return heard
