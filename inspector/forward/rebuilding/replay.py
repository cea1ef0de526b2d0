"""The weaker rebuild: attention from the queries, keys and values that the model itself computed.

For families without a row in the registry. It proves that the model's attention is the softmax of
its own q·k, and nothing about where q, k and v came from::

    s = scale · q·rep(k)ᵀ
    s = c·tanh(s / c)          where the model soft-caps
    s = s + bias               positions, and −3.4e38 where a key is hidden
    A = softmax(s | sink)      a sink's column is used, then dropped
    o = merge(A·rep(v))

Some families give the softmax without the sink as their attention, and let it take its share of
A·rep(v) alone, which comes to the same o.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from inspector.forward.core import (
    FORBIDDEN,
    cap,
    head_blocks,
    merge_heads,
    repeat_heads,
    softmax,
)
from inspector.parallel import parallel_map
from inspector.records import Array, CapturedAttention, Mask, RecomputedLayer, Trace, TracedLayer

#: A score that something below this was added to is hidden; what positions add is never as low.
_HIDDEN = FORBIDDEN / 2


def replay(trace: Trace, dtype: type[np.floating[Any]] = np.float32) -> tuple[RecomputedLayer, ...]:
    """Recompute every attention layer of a trace whose q, k and v were captured.

    ``dtype`` is float32, or float64 for the arbitration, in which case the trace must have been
    made in float64 too.
    """
    jobs = [(layer, layer.captured) for layer in trace.layers if layer.captured is not None]
    return parallel_map(lambda job: _replay(*job, dtype), jobs, tokens=len(trace.text))


def _replay(
    traced: TracedLayer, captured: CapturedAttention, dtype: type[np.floating[Any]]
) -> RecomputedLayer:
    query, key, value = (
        array.astype(dtype, copy=False) for array in (captured.query, captured.key, captured.value)
    )
    scaled = query * dtype(captured.scale)
    mixing = attention = _attention(scaled, key, captured, captured.sink)
    if captured.sink_outside:
        attention = _attention(scaled, key, captured, None)
    return RecomputedLayer(
        site=traced.site,
        layer=traced.layer,
        query=query,
        key=key,
        value=value,
        scale=captured.scale,
        softcap=captured.softcap,
        sink=None if captured.sink_outside else captured.sink,
        visible=_visible(captured),
        attention=attention,
        output=merge_heads(mixing @ repeat_heads(value, len(query))),
        # Nobody has read these families' code: their softmax may be in float32 all the same.
        float32_softmax=True,
    )


def _attention(query: Array, key: Array, captured: CapturedAttention, sink: Array | None) -> Array:
    """Return A, (H, T, S), of queries that have been scaled."""
    heads = len(query)
    key = repeat_heads(key, heads)
    attention = np.empty((heads, query.shape[1], key.shape[1]), dtype=query.dtype)
    for some in head_blocks(attention):
        scores = query[some] @ key[some].swapaxes(-1, -2)
        if captured.softcap is not None:
            cap(scores, captured.softcap)
        if captured.bias is not None:
            bias = captured.bias if len(captured.bias) == 1 else captured.bias[some]
            scores += bias.astype(scores.dtype, copy=False)
        if sink is not None:
            each = sink[some, None, None].astype(scores.dtype, copy=False)
            column = np.broadcast_to(each, (*scores.shape[:2], 1))
            scores = np.concatenate([scores, column], axis=2)
        attention[some] = softmax(scores)[..., : key.shape[1]]
    return attention


def _visible(captured: CapturedAttention) -> Mask:
    """Return (T, S), True where some head's query may attend to the key."""
    if captured.bias is None:
        return np.ones((captured.query.shape[1], captured.key.shape[1]), dtype=np.bool_)
    allowed: Mask = np.logical_or.reduce(captured.bias > _HIDDEN, axis=0)
    return allowed
