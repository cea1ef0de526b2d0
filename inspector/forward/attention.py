"""One attention sub-layer, from the states that enter it and its weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from inspector.forward.biases import bias_of, expand
from inspector.forward.cache import Offered, Past
from inspector.forward.core import attend_and_mix, project, split_heads
from inspector.forward.masks import visible
from inspector.forward.norms import apply_norm
from inspector.forward.positions import rotate
from inspector.parallel import Workers
from inspector.records import (
    Array,
    AttentionLayer,
    AttentionWeights,
    Mask,
    Norm,
    PositionWeights,
    RebuiltLayer,
    Rope,
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
    past: Past | None = None,
    workers: Workers | None = None,
    space: Array | None = None,
) -> RebuiltLayer:
    """Return all that happens to the states ``hidden``, (T, D), in one attention sub-layer.

    Everything is in the dtype of ``hidden``, and so must the weights be. ``encoder_states``,
    (S, D), are what keys and values are made from in cross-attention. ``present`` is (S,), False
    where a key is padding; ``silent`` are the heads that give nothing; ``space``, (H, T, S), is
    where the weights are written to.

    With ``past`` the T tokens follow others: keys and values are then of all S, but keys before
    their norm and their positions of the T alone, or of none.

    Raises
    ------
    ValueError
        When there is a past and attention is not causal: what was read would then be read anew.
    """
    weights, config = known.weights, known.config
    states = _normed(hidden, weights.norm, workers)
    if past is not None and encoder_states is None and not config.causal:
        raise ValueError("only where attention is causal can a text be read on")
    start = 0 if past is None else past.start
    key_states = states if encoder_states is None else encoder_states

    def offered() -> Offered:
        projected = split_heads(project(key_states, weights.key, workers), config.kv_heads)
        normed = _normed(projected, weights.key_norm)
        value = split_heads(project(key_states, weights.value, workers), config.kv_heads)
        return Offered(projected, normed, _turned(normed, config.rope, start), value)

    asked = split_heads(project(states, weights.query, workers), config.heads)
    asked_normed = _normed(asked, weights.query_norm)
    query = _turned(asked_normed, config.rope, start)
    offer = offered() if past is None else past.joined(offered)
    key, value, keys = offer.key, offer.value, offer.key.shape[1]
    allowed = visible(config, len(states), keys, present, start)
    if present is None:
        present = np.ones(keys, dtype=np.bool_)
    bias = bias_of(
        config.positions, _positions(weights), present, len(states), hidden.dtype.type, start
    )
    if space is None:
        space = np.empty((config.heads, len(states), keys), dtype=hidden.dtype)
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
        after_norm=None if config.rope is None else (asked_normed, offer.normed),
        as_projected=None if weights.query_norm is None else (asked, offer.projected),
    )


def _normed(states: Array, norm: Norm | None, workers: Workers | None = None) -> Array:
    return states if norm is None else apply_norm(states, norm, workers)


def _turned(vectors: Array, rope: Rope | None, start: int) -> Array:
    return vectors if rope is None else rotate(vectors, rope, start)


def _positions(weights: AttentionWeights) -> PositionWeights | None:
    """Return what was learned of distances, its norm applied."""
    positions = weights.positions
    if positions is None or positions.norm is None:
        return positions
    return replace(positions, table=apply_norm(positions.table, positions.norm), norm=None)
