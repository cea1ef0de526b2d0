"""One attention sub-layer, from the states that enter it and its weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from inspector.forward.biases import bias_of, expand
from inspector.forward.core import attend_and_mix, project, split_heads
from inspector.forward.masks import visible
from inspector.forward.norms import apply_norm
from inspector.forward.positions import turned
from inspector.parallel import Workers
from inspector.records import (
    Array,
    AttentionLayer,
    AttentionWeights,
    Mask,
    Norm,
    PositionWeights,
    RebuiltLayer,
    SiteName,
)


def attention_of(
    hidden: Array,
    known: AttentionLayer,
    *,
    site: SiteName,
    layer: int,
    encoder_states: Array | None = None,
    present: Mask | None = None,
    silent: Sequence[int] = (),
    workers: Workers | None = None,
    space: Array | None = None,
) -> RebuiltLayer:
    """Return all that happens to the states ``hidden``, (T, D), in one attention sub-layer.

    Everything is in the dtype of ``hidden``, and so must the weights be. ``encoder_states``,
    (S, D), are what keys and values are made from in cross-attention. ``present`` is (S,), False
    where a key is padding; ``silent`` are the heads that give nothing; ``space``, (H, T, S), is
    where the weights are written to.
    """
    weights, config = known.weights, known.config
    states = _normed(hidden, weights.norm, workers)
    key_states = states if encoder_states is None else encoder_states
    as_projected = (
        split_heads(project(states, weights.query, workers), config.heads),
        split_heads(project(key_states, weights.key, workers), config.kv_heads),
    )
    value = split_heads(project(key_states, weights.value, workers), config.kv_heads)
    after_norm = (
        _normed(as_projected[0], weights.query_norm),
        _normed(as_projected[1], weights.key_norm),
    )
    query, key = turned(after_norm, config.rope)
    allowed = visible(config, len(states), len(key_states), present)
    if present is None:
        present = np.ones(len(key_states), dtype=np.bool_)
    bias = bias_of(config.positions, _positions(weights), present, len(states), hidden.dtype.type)
    if space is None:
        space = np.empty((config.heads, len(states), len(key_states)), dtype=hidden.dtype)
    attention, mixed = attend_and_mix(
        query,
        key,
        value,
        weights.output,
        scale=config.scale,
        visible=allowed,
        softcap=config.softcap,
        bias=expand(bias, query, key, config.scale),
        sink=weights.sink,
        rounded=config.rounds_scores,
        silent=silent,
        workers=workers,
        out=space,
    )
    return RebuiltLayer(
        site=site,
        layer=layer,
        states=states,
        query=query,
        key=key,
        value=value,
        scale=config.scale,
        softcap=config.softcap,
        sink=weights.sink,
        visible=allowed,
        attention=attention,
        output=mixed,
        float32_softmax=config.float32_softmax,
        output_projection=weights.output,
        encoder_states=encoder_states,
        rope=config.rope,
        bias=bias,
        after_norm=None if config.rope is None else after_norm,
        as_projected=None if weights.query_norm is None else as_projected,
    )


def _normed(states: Array, norm: Norm | None, workers: Workers | None = None) -> Array:
    return states if norm is None else apply_norm(states, norm, workers)


def _positions(weights: AttentionWeights) -> PositionWeights | None:
    """Return what was learned of distances, its norm applied."""
    positions = weights.positions
    if positions is None or positions.norm is None:
        return positions
    return replace(positions, table=apply_norm(positions.table, positions.norm), norm=None)
