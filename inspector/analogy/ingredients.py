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

import math
from collections.abc import Callable, Set
from dataclasses import dataclass

import numpy as np

from inspector.analogy.ladder import RUNGS, interactions
from inspector.forward.biases import expand
from inspector.forward.core import cap, forbid, merge_heads, repeat_heads, softmax, split_heads
from inspector.forward.positions import turned
from inspector.records import Array, RebuiltLayer

_WORDS = {rung.name: rung.adds for rung in RUNGS}


@dataclass(frozen=True, slots=True)
class Ingredient:
    """One ingredient: its name, what it adds in the classroom's words, which layers have it."""

    name: str
    adds: str
    applies: Callable[[RebuiltLayer], bool] = lambda _layer: True


def _has_dialect(layer: RebuiltLayer) -> bool:
    return (
        layer.as_projected is not None
        or layer.softcap is not None
        or layer.sink is not None
        or not math.isclose(_own_scale(layer), 1)
    )


def _own_scale(layer: RebuiltLayer) -> float:
    """By what the family's scale differs from 1/√d."""
    own: float = layer.scale * layer.query.shape[2] ** 0.5
    return own


INGREDIENTS = (
    Ingredient("learned", _WORDS["learned"]),
    Ingredient("heads", _WORDS["heads"]),
    Ingredient("scale", _WORDS["scaled"]),
    Ingredient("mask", _WORDS["mask"], lambda layer: not layer.visible.all()),
    Ingredient("position", _WORDS["position"], lambda layer: layer.has_positions),
    Ingredient("dialect", _WORDS["model"], _has_dialect),
)


def one_for_all(chosen: Set[str], layer: RebuiltLayer) -> bool:
    """Say whether the chosen ingredients give one matrix for all heads of the layer.

    The slices of X that stand in for heads without ``learned`` have D/H dimensions each. Where H
    does not divide D there are no such slices, and ``heads`` alone does nothing.
    """
    return "heads" not in chosen or ("learned" not in chosen and not _sliceable(layer))


def weights(chosen: Set[str], layer: RebuiltLayer, heads: slice = slice(None)) -> Array:
    """Return the attention weights that the chosen ingredients make on some heads of a layer.

    (h, T, S) for the h heads of the slice, or (1, T, S) where ``one_for_all``.
    """
    scores, width = _scores(chosen, layer, heads)
    own = {"dialect", "learned"} <= chosen
    scale = (width**-0.5 if "scale" in chosen else 1) * (_own_scale(layer) if own else 1)
    scores *= scores.dtype.type(scale)
    if own and layer.softcap is not None:
        cap(scores, layer.softcap)
    if {"position", "learned"} <= chosen:
        _add_positions(chosen, layer, heads, scores, scale)
    if "mask" in chosen:
        forbid(scores, layer.visible)
    return softmax(scores, _sink(chosen, layer, heads) if own else None)


def _scores(chosen: Set[str], layer: RebuiltLayer, heads: slice) -> tuple[Array, int]:
    """Return the products (h or 1, T, S) and over how many dimensions they were taken."""
    count = len(layer.query)
    if "learned" in chosen:
        query, key = _learned(chosen, layer)
        key = repeat_heads(key, count)
        if one_for_all(chosen, layer):
            query, key = merge_heads(query)[None], merge_heads(key)[None]
    elif one_for_all(chosen, layer):
        return interactions(layer)[None], layer.states.shape[1]
    else:
        query, key = split_heads(layer.states, count), split_heads(layer.key_states, count)
    if not one_for_all(chosen, layer):
        query, key = query[heads], key[heads]
    return query @ np.swapaxes(key, 1, 2), query.shape[2]


def _learned(chosen: Set[str], layer: RebuiltLayer) -> tuple[Array, Array]:
    """Return queries and keys with their norms and positions as chosen."""
    vectors = layer.before_positions if "dialect" in chosen else layer.before_norms
    return turned(vectors, layer.rope if "position" in chosen else None)


def _add_positions(
    chosen: Set[str], layer: RebuiltLayer, heads: slice, scores: Array, scale: float
) -> None:
    """Add what positions add to the scores (h or 1, T, S), which were multiplied by ``scale``."""
    added = expand(layer.bias, *_learned(chosen, layer), scale, heads)
    if layer.bias is None or added is None:
        return
    if one_for_all(chosen, layer):
        added = added.sum(axis=0) if layer.bias.vectors else added.mean(axis=0)
    scores += added


def _sink(chosen: Set[str], layer: RebuiltLayer, heads: slice) -> Array | None:
    if layer.sink is None:
        return None
    return layer.sink.mean(keepdims=True) if one_for_all(chosen, layer) else layer.sink[heads]


def _sliceable(layer: RebuiltLayer) -> bool:
    return bool(layer.states.shape[1] % len(layer.query) == 0)
