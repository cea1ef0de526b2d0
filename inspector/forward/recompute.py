"""The rebuild: every layer's attention from its input hidden states and the weights.

It never sees a query or a key that the model computed: a model that does something else with the
same weights must be caught, and a rebuild fed with the model's own q and k would agree with it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from inspector.forward.biases import bias_of, expand
from inspector.forward.core import attend_and_mix, project, split_heads
from inspector.forward.masks import visible
from inspector.forward.norms import apply_norm
from inspector.forward.positions import turned
from inspector.parallel import parallel_map
from inspector.records import (
    Array,
    AttentionLayer,
    AttentionWeights,
    Mask,
    Norm,
    PositionWeights,
    Projection,
    RebuiltLayer,
    Trace,
    TracedLayer,
)


def recompute(
    attention: tuple[AttentionLayer, ...], trace: Trace, dtype: type[np.floating[Any]] = np.float32
) -> tuple[RebuiltLayer, ...]:
    """Rebuild every attention layer of a trace from the layers of its checkpoint.

    ``dtype`` is float32, or float64 for the arbitration, in which case the trace must have been
    made in float64 too.
    """
    # The large results are laid out here, not in the threads: memory that a thread asks for goes
    # back when the thread ends, and getting it anew, page by page, costs as much as the softmax.
    spaces = [np.empty(layer.attention.shape, dtype=dtype) for layer in trace.layers]
    jobs = list(zip(trace.layers, attention, spaces, strict=True))
    present = {
        site: trace.present if trace.texts(site)[1] is trace.text else None for site in trace.sites
    }
    return parallel_map(
        lambda job: _rebuild(*job, present[job[0].site], dtype), jobs, tokens=trace.longest
    )


def _rebuild(
    traced: TracedLayer,
    known: AttentionLayer,
    space: Array,
    present: Mask | None,
    dtype: type[np.floating[Any]],
) -> RebuiltLayer:
    weights, config = known.weights, known.config
    states = _normed(traced.hidden.astype(dtype, copy=False), weights.norm, dtype)
    # Keys and values of cross-attention come from the encoder as it left them: no norm is theirs.
    encoder_states = traced.key_states
    if encoder_states is not None:
        encoder_states = encoder_states.astype(dtype, copy=False)
    key_states = states if encoder_states is None else encoder_states
    output = _as(weights.output, dtype)
    as_projected = (
        split_heads(project(states, _as(weights.query, dtype)), config.heads),
        split_heads(project(key_states, _as(weights.key, dtype)), config.kv_heads),
    )
    after_norm = (
        _normed(as_projected[0], weights.query_norm, dtype),
        _normed(as_projected[1], weights.key_norm, dtype),
    )
    query, key = turned(after_norm, config.rope)
    value = split_heads(project(key_states, _as(weights.value, dtype)), config.kv_heads)
    allowed = visible(config, len(states), len(key_states), present)
    if present is None:
        present = np.ones(len(key_states), dtype=np.bool_)
    bias = bias_of(config.positions, _positions(weights, dtype), present, len(states), dtype)
    sink = _cast(weights.sink, dtype)
    attention, mixed = attend_and_mix(
        query,
        key,
        value,
        output,
        scale=config.scale,
        visible=allowed,
        softcap=config.softcap,
        bias=expand(bias, query, key, config.scale),
        sink=sink,
        rounded=config.rounds_scores,
        out=space,
    )
    return RebuiltLayer(
        site=traced.site,
        layer=traced.layer,
        states=states,
        query=query,
        key=key,
        value=value,
        scale=config.scale,
        softcap=config.softcap,
        sink=sink,
        visible=allowed,
        attention=attention,
        output=mixed,
        float32_softmax=config.float32_softmax,
        output_projection=output,
        encoder_states=encoder_states,
        rope=config.rope,
        bias=bias,
        after_norm=None if config.rope is None else after_norm,
        as_projected=None if weights.query_norm is None else as_projected,
    )


def _normed(states: Array, norm: Norm | None, dtype: type[np.floating[Any]]) -> Array:
    if norm is None:
        return states
    weight, bias = _cast(norm.weight, dtype), _cast(norm.bias, dtype)
    return apply_norm(states, replace(norm, weight=weight, bias=bias))


def _positions(weights: AttentionWeights, dtype: type[np.floating[Any]]) -> PositionWeights | None:
    if (positions := weights.positions) is None:
        return None
    key, query = (part and _as(part, dtype) for part in (positions.key, positions.query))
    table = _normed(positions.table.astype(dtype, copy=False), positions.norm, dtype)
    return PositionWeights(table, None, key, query)


def _as(projection: Projection, dtype: type[np.floating[Any]]) -> Projection:
    return Projection(projection.weight.astype(dtype, copy=False), _cast(projection.bias, dtype))


def _cast(array: Array | None, dtype: type[np.floating[Any]]) -> Array | None:
    return None if array is None else array.astype(dtype, copy=False)
