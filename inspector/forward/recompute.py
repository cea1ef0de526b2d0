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
    AttentionWeights,
    CapturedLayer,
    Dialect,
    Mask,
    Norm,
    PositionWeights,
    Projection,
    RebuiltLayer,
    Run,
)


def recompute(run: Run, dtype: type[np.floating[Any]] = np.float32) -> tuple[RebuiltLayer, ...]:
    """Rebuild every attention layer of a run whose family has a rebuild.

    ``dtype`` is float32, or float64 for the arbitration, in which case the run must have been
    made in float64 too.
    """
    if run.weights is None or run.dialects is None:
        raise ValueError("this family has no rebuild")
    # The large results are laid out here, not in the threads: memory that a thread asks for goes
    # back when the thread ends, and getting it anew, page by page, costs as much as the softmax.
    spaces = [np.empty(layer.attention.shape, dtype=dtype) for layer in run.layers]
    jobs = list(zip(run.layers, run.weights, run.dialects, spaces, strict=True))
    present = {site: run.present if run.texts(site)[1] is run.text else None for site in run.sites}
    return parallel_map(
        lambda job: _rebuild(*job, present[job[0].site], dtype), jobs, tokens=run.longest
    )


def _rebuild(
    captured: CapturedLayer,
    weights: AttentionWeights,
    dialect: Dialect,
    space: Array,
    present: Mask | None,
    dtype: type[np.floating[Any]],
) -> RebuiltLayer:
    states = _normed(captured.hidden.astype(dtype, copy=False), weights.norm, dtype)
    # Keys and values of cross-attention come from the encoder as it left them: no norm is theirs.
    key_states = captured.key_states
    if key_states is not None:
        key_states = key_states.astype(dtype, copy=False)
    heard_states = states if key_states is None else key_states
    output = _as(weights.output, dtype)
    plain = (
        split_heads(project(states, _as(weights.query, dtype)), dialect.heads),
        split_heads(project(heard_states, _as(weights.key, dtype)), dialect.kv_heads),
    )
    normed = (
        _normed(plain[0], weights.query_norm, dtype),
        _normed(plain[1], weights.key_norm, dtype),
    )
    query, key = turned(normed, dialect.rope)
    value = split_heads(project(heard_states, _as(weights.value, dtype)), dialect.kv_heads)
    heard = visible(dialect, len(states), len(heard_states), present)
    if present is None:
        present = np.ones(len(heard_states), dtype=np.bool_)
    bias = bias_of(dialect.positions, _positions(weights, dtype), present, len(states), dtype)
    sink = _cast(weights.sink, dtype)
    attention, mixed = attend_and_mix(
        query,
        key,
        value,
        output,
        scale=dialect.scale,
        visible=heard,
        softcap=dialect.softcap,
        bias=expand(bias, query, key, dialect.scale),
        sink=sink,
        rounded=dialect.rounds_scores,
        out=space,
    )
    return RebuiltLayer(
        site=captured.site,
        layer=captured.layer,
        states=states,
        query=query,
        key=key,
        value=value,
        scale=dialect.scale,
        visible=heard,
        attention=attention,
        output=mixed,
        output_projection=output,
        rope=dialect.rope,
        softcap=dialect.softcap,
        bias=bias,
        sink=sink,
        normed=None if dialect.rope is None else normed,
        plain=None if weights.query_norm is None else plain,
        key_states=key_states,
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
