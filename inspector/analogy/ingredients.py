"""What lies between the classroom and the model, as ingredients that may be put in in any order.

The ladder adds one thing after another. Here every ingredient can be on or off by itself:

=========  ================================================================================
none       softmax(X·Xᵀ), the ladder's rung; in cross-attention softmax(X·Yᵀ)
learned    Q and K in place of X, on both sides
heads      a slice of the dimensions for each head instead of all of them at once
scale      ÷ √ of the number of dimensions that are multiplied
mask       which keys can be attended to at all
position   queries and keys turned by where they stand, or what that adds to the scores
dialect    the family's own scale, norms of queries and keys, soft cap, sinks, where it has them
=========  ================================================================================

With all that a family has the result is the model's own formula. ``position`` and ``dialect`` are
part of the learned queries and keys: without ``learned`` they do nothing. Where one matrix serves
all heads, products are summed over them, those with the vectors of distances too, and what is added
whatever the words are is their mean.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inspector.analogy.ladder import RUNGS, has_dialect, interactions, own_scale
from inspector.forward.biases import expand
from inspector.forward.core import (
    attend,
    forbid,
    merge_heads,
    repeat_heads,
    softmax,
    split_heads,
)
from inspector.forward.positions import turned
from inspector.records import Array, RebuiltLayer

_WORDS = {rung.name: rung.adds for rung in RUNGS}


@dataclass(frozen=True, slots=True)
class Ingredient:
    """One ingredient: its name, what it adds in the classroom's words, which layers have it."""

    name: str
    adds: str
    applies: Callable[[RebuiltLayer], bool] = lambda _layer: True


INGREDIENTS = (
    Ingredient("learned", _WORDS["learned"]),
    Ingredient("heads", _WORDS["heads"]),
    Ingredient("scale", _WORDS["scaled"]),
    Ingredient("mask", _WORDS["mask"], lambda layer: not layer.visible.all()),
    Ingredient("position", _WORDS["position"], lambda layer: layer.has_positions),
    Ingredient("dialect", _WORDS["model"], has_dialect),
)


def one_for_all(chosen: Set[str], layer: RebuiltLayer) -> bool:
    """Say whether the chosen ingredients give one matrix for all heads of the layer.

    The slices of X that stand in for heads without ``learned`` have D/H dimensions each. Where H
    does not divide D there are no such slices, and ``heads`` alone does nothing.
    """
    return "heads" not in chosen or ("learned" not in chosen and not _sliceable(layer))


def telling(chosen: Set[str], layer: RebuiltLayer) -> frozenset[str]:
    """Return the chosen ingredients without those that do nothing beside the others."""
    idle: set[str] = set() if "learned" in chosen else {"position", "dialect"}
    if one_for_all(chosen, layer) or len(layer.query) == 1:
        idle.add("heads")
    return frozenset(chosen - idle)


def weights(
    chosen: Set[str],
    layer: RebuiltLayer,
    heads: slice = slice(None),
    rows: NDArray[np.intp] | slice = slice(None),
) -> Array:
    """Return the attention weights that the chosen ingredients make on some heads of a layer.

    (h, R, S) for the h heads of the slice and the R queries of ``rows``, or (1, R, S) where
    ``one_for_all``.
    """
    visible = layer.visible[rows]
    if "learned" not in chosen and one_for_all(chosen, layer):
        scores = interactions(layer)[None, rows]
        if "scale" in chosen:
            scores *= scores.dtype.type(layer.states.shape[1] ** -0.5)
        if "mask" in chosen:
            forbid(scores, visible)
        return softmax(scores)
    query, key = _vectors(chosen, layer)
    own = {"dialect", "learned"} <= chosen
    scale = (query.shape[2] ** -0.5 if "scale" in chosen else 1) * (own_scale(layer) if own else 1)
    added = _positions(chosen, layer, heads, scale)
    heads = slice(None) if one_for_all(chosen, layer) else heads
    return attend(
        query[heads, rows],
        key[heads],
        scale=scale,
        visible=visible if "mask" in chosen else np.ones_like(visible),
        softcap=layer.softcap if own else None,
        bias=None if added is None else added[:, rows],
        sink=_sink(chosen, layer, heads) if own else None,
    )


def _vectors(chosen: Set[str], layer: RebuiltLayer) -> tuple[Array, Array]:
    """Return what is multiplied, (H, T, d) and (H, S, d), the heads side by side in one for all."""
    count = len(layer.query)
    if "learned" not in chosen:
        return split_heads(layer.states, count), split_heads(layer.key_states, count)
    query, key = _learned(chosen, layer)
    key = repeat_heads(key, count)
    if one_for_all(chosen, layer):
        return merge_heads(query)[None], merge_heads(key)[None]
    return query, key


def _learned(chosen: Set[str], layer: RebuiltLayer) -> tuple[Array, Array]:
    """Return queries and keys with their norms and positions as chosen."""
    if {"dialect", "position"} <= chosen:
        return layer.query, layer.key
    vectors = layer.before_positions if "dialect" in chosen else layer.before_norms
    return turned(vectors, layer.rope if "position" in chosen else None)


def _positions(chosen: Set[str], layer: RebuiltLayer, heads: slice, scale: float) -> Array | None:
    """Return what positions add to the scores, (h or 1, T, S); None where they add nothing."""
    if layer.bias is None or not {"position", "learned"} <= chosen:
        return None
    added = expand(layer.bias, *_learned(chosen, layer), scale, heads)
    if added is None or not one_for_all(chosen, layer):
        return added
    summed: Array = added.sum(axis=0) if layer.bias.vectors else added.mean(axis=0)
    return summed[None]


def _sink(chosen: Set[str], layer: RebuiltLayer, heads: slice) -> Array | None:
    if layer.sink is None:
        return None
    return layer.sink.mean(keepdims=True) if one_for_all(chosen, layer) else layer.sink[heads]


def _sliceable(layer: RebuiltLayer) -> bool:
    return bool(layer.states.shape[1] % len(layer.query) == 0)
