"""One attention sub-layer, from the states that enter it and its weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from inspector.forward.biases import bias_of, expand
from inspector.forward.cache import Offered, Past
from inspector.forward.core import attend_and_mix, merge_heads, split_heads, visible
from inspector.forward.edits import Change, change_at
from inspector.forward.norms import apply_norm
from inspector.forward.positions import rotate
from inspector.forward.products import project, project_each, project_rows
from inspector.parallel import ALONE, Workers
from inspector.records import (
    Array,
    AttentionConfig,
    AttentionLayer,
    AttentionWeights,
    Bias,
    Edit,
    Latent,
    Mask,
    Norm,
    PositionWeights,
    RebuiltLayer,
    Rope,
    SiteName,
)

#: What goes on with some rows of an attention sub-layer: which, what its projections received, and
#: what it gives, of which no more rows than those need to stand yet.
Behind = Callable[[slice, Array, Array], None]


def attention_of(
    hidden: Array,
    known: AttentionLayer,
    *,
    site: SiteName,
    layer: int,
    encoder_states: Array | None = None,
    present: Mask | None = None,
    edits: Sequence[Sequence[Edit]] = ((),),
    first: int = 0,
    past: Past | None = None,
    workers: Workers = ALONE,
    space: Array | None = None,
    behind: Behind | None = None,
) -> RebuiltLayer:
    """Return all that happens to the states ``hidden``, (B·T, D), in one attention sub-layer.

    Everything is in the dtype of ``hidden``, and so must the weights be. ``encoder_states``,
    (B·S, D), are what keys and values are made from in cross-attention. ``present`` is (S,), False
    where a key is padding; ``space``, (B·H, T, S), is where the weights are written to. There are
    as many texts of one length, B, as there are ``edits``, what is changed for each; where there
    are several, heads stand one text's behind another's in all that is returned. ``first`` is the
    place of the first row in its text, of which edits name places. ``behind`` goes on with rows of
    the output as soon as they stand.

    With ``past`` the T tokens follow others: keys and values are then of all S, but keys before
    their norm and their positions of the T alone, or of none.

    Raises
    ------
    ValueError
        When there is a past and attention is not causal: what was read would then be read anew.
    """
    weights, config = known.weights, known.config
    states = normed(hidden, weights.norm, workers)
    if past is not None and encoder_states is None and not config.causal:
        raise ValueError("only where attention is causal can a text be read on")
    start = 0 if past is None else past.start
    texts, tokens = len(edits), len(states) // len(edits)
    if encoder_states is None:
        asked, own = of_themselves(states, known, start=start, texts=texts, workers=workers)
        offer = own if past is None else past.joined(lambda: own)
    else:
        asked = asked_of(states, known, start=start, texts=texts, workers=workers)
        offered = partial(
            offer_of, encoder_states, known, start=start, texts=texts, workers=workers
        )
        offer = offered() if past is None else past.joined(offered)
    query = asked.query
    key, value, keys = offer.key, offer.value, offer.key.shape[1]
    changes = [change_at(of_text, site, layer, tokens, keys, first) for of_text in edits]
    whole = present if encoder_states is None else None
    allowed = _allowed(visible(config, tokens, keys, present, start), changes, config.heads)
    if present is None:
        present = np.ones(keys, dtype=np.bool_)
    bias = bias_of(
        config.positions, learned_positions(weights), present, tokens, hidden.dtype.type, start
    )
    if space is None:
        space = np.empty((len(query), tokens, keys), dtype=hidden.dtype)
    attention, merged = attend_and_mix(
        query,
        key,
        value,
        scale=config.scale,
        visible=allowed,
        softcap=config.softcap,
        bias=_expanded(bias, query, key, config.scale, texts),
        sink=weights.sink if weights.sink is None else np.tile(weights.sink, texts),
        rounded=config.rounds_scores,
        changed=[partial(change.apply, start=first, present=whole) for change in changes],
        texts=texts,
        workers=workers,
        out=space,
    )
    output = np.empty((len(merged), len(weights.output.weight)), dtype=merged.dtype)

    def rows(part: slice) -> None:
        project_rows(merged, (weights.output,), (output,), part)
        if behind is not None:
            behind(part, states, output)

    workers.over(len(output), rows)
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
        output=output,
        float32_softmax=config.float32_softmax,
        output_projection=weights.output,
        encoder_states=encoder_states,
        rope=config.rope,
        bias=bias,
        after_norm=None if config.rope is None else (asked.normed, offer.normed),
        as_projected=None if weights.query_norm is None else (asked.projected, offer.projected),
    )


class Asked(NamedTuple):
    """What tokens ask with: queries on their way to the scores, each (H, T, d)."""

    #: As projected, with their norm, and turned by their place.
    projected: Array
    normed: Array
    query: Array


def of_themselves(
    states: Array,
    known: AttentionLayer,
    *,
    start: int = 0,
    texts: int = 1,
    workers: Workers = ALONE,
) -> tuple[Asked, Offered]:
    """Return queries, and keys and values, of tokens that attend to each other, (B·T, D).

    As ``asked_of`` and ``offer_of`` do; where both are made of the same, in one step.
    """
    weights = known.weights
    query, pair = None, None
    if weights.query_latent is None and weights.key_latent is None:
        several = (weights.query, weights.key, weights.value)
        query, *pair = project_each(states, several, workers)
    return (
        asked_of(states, known, start=start, texts=texts, workers=workers, made=query),
        offer_of(states, known, start=start, texts=texts, workers=workers, made=pair),
    )


def asked_of(
    states: Array,
    known: AttentionLayer,
    *,
    start: int = 0,
    texts: int = 1,
    workers: Workers = ALONE,
    made: Array | None = None,
) -> Asked:
    """Return the queries that a layer makes of its normed states, (B·T, D).

    ``made`` are those states projected, where that is done.
    """
    weights, config = known.weights, known.config
    if made is None:
        made = project(_latent(states, weights.query_latent, workers), weights.query, workers)
    projected = split_heads(made, config.heads, texts)
    behind, query = _placed(projected, weights.query_norm, config, start=start, texts=texts)
    return Asked(projected, behind, query)


def offer_of(
    states: Array,
    known: AttentionLayer,
    *,
    start: int = 0,
    texts: int = 1,
    workers: Workers = ALONE,
    made: Sequence[Array] | None = None,
) -> Offered:
    """Return the keys and values that a layer makes of what it attends to, (B·S, D).

    ``made`` are keys and values projected, where that is done.
    """
    weights, config = known.weights, known.config
    if made is None:
        made_of = _latent(states, weights.key_latent, workers)
        made = project_each(made_of, (weights.key, weights.value), workers)
    projected, value = (split_heads(each, config.kv_heads, texts) for each in made)
    if weights.shared_key is not None:
        shared = split_heads(project(states, weights.shared_key, workers), 1, texts)
        projected = _with_shared(projected, shared)
    value = _clipped(value, config)
    if config.turns_values:
        value = _turned(value, config.rope, start)
    behind, key = _placed(projected, weights.key_norm, config, start=start, texts=texts)
    return Offered(projected, behind, key, value)


def _placed(
    projected: Array, norm: Norm | None, config: AttentionConfig, *, start: int, texts: int
) -> tuple[Array, Array]:
    """Return queries or keys with their norm alone, and as they are in the scores."""
    behind = _normed_heads(projected, norm, config, texts)
    if not config.norms_behind_rope:
        return behind, _turned(behind, config.rope, start)
    turned = _turned(projected, config.rope, start)
    return behind, _normed_heads(turned, norm, config, texts)


def _allowed(allowed: Mask, changes: Sequence[Change], heads: int) -> Mask:
    """Leave out what is forbidden: (T, S), or of several texts (B·H, T, S) where any has that."""
    if all(change.forbidden is None for change in changes):
        return allowed
    each = [
        allowed if change.forbidden is None else allowed & ~change.forbidden for change in changes
    ]
    return each[0] if len(each) == 1 else np.repeat(np.stack(each), heads, axis=0)


def _expanded(
    bias: Bias | None, query: Array, key: Array, scale: float, texts: int
) -> Array | None:
    """Lay out what is added to the scores, (B·H, T, S)."""
    if bias is None or texts == 1:
        return expand(bias, query, key, scale)
    pairs = zip(np.split(query, texts), np.split(key, texts), strict=True)
    each = [expand(bias, *pair, scale) for pair in pairs]
    return np.concatenate([one for one in each if one is not None])


def normed(states: Array, norm: Norm | None, workers: Workers = ALONE) -> Array:
    """Return the states behind a norm, or as they are where there is none."""
    return states if norm is None else apply_norm(states, norm, workers)


def _latent(states: Array, latent: Latent | None, workers: Workers) -> Array:
    """Return what heads are made of: the states, or what is narrower than they are."""
    if latent is None:
        return states
    return apply_norm(project(states, latent.down, workers), latent.norm, workers)


def _with_shared(keys: Array, shared: Array) -> Array:
    """Put (B, T, r) dimensions that a text's heads share behind those of each, (B·KV, T, d)."""
    return np.concatenate([keys, np.repeat(shared, len(keys) // len(shared), axis=0)], axis=2)


def _clipped(vectors: Array, config: AttentionConfig) -> Array:
    return vectors if config.clip is None else np.clip(vectors, -config.clip, config.clip)


def _normed_heads(vectors: Array, norm: Norm | None, config: AttentionConfig, texts: int) -> Array:
    """Norm (B·H, T, d) vectors: a norm may have weights for every head, (H, 1, d), or for all.

    Behind the norm, or without one, they are bounded where the family does that.
    """
    if norm is None:
        return _clipped(vectors, config)
    if config.norms_over_all:
        whole = _clipped(apply_norm(merge_heads(vectors, texts), norm), config)
        return split_heads(whole, len(vectors) // texts, texts)
    by_text = vectors.reshape(texts, -1, *vectors.shape[1:])
    return _clipped(apply_norm(by_text, norm).reshape(vectors.shape), config)


def _turned(vectors: Array, rope: Rope | None, start: int) -> Array:
    return vectors if rope is None else rotate(vectors, rope, start)


def learned_positions(weights: AttentionWeights) -> PositionWeights | None:
    """Return what was learned of distances, its norm applied."""
    positions = weights.positions
    if positions is None or positions.norm is None:
        return positions
    return replace(positions, table=apply_norm(positions.table, positions.norm), norm=None)
