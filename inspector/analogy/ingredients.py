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

from collections.abc import Callable, Sequence, Set

import numpy as np
from numpy.typing import NDArray

from inspector.analogy.ladder import RUNGS, has_dialect, interactions, own_scale, queries_and_keys
from inspector.forward.biases import expand
from inspector.forward.core import (
    cap,
    forbid,
    merge_heads,
    repeat_heads,
    softmax,
    split_heads,
)
from inspector.record import record
from inspector.records import Array, RebuiltLayer

_WORDS = {rung.name: rung.adds for rung in RUNGS}


@record(frozen=True, slots=True)
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


#: The rungs of the ladder that are combinations of ingredients, as far as a layer has them.
_RUNGS: dict[str, Set[str]] = {
    "softmax": frozenset(),
    "scaled": {"scale"},
    "learned": {"learned", "scale"},
    "heads": {"learned", "scale", "heads"},
    "position": {"learned", "scale", "heads", "position"},
    "mask": {"learned", "scale", "heads", "position", "mask"},
    "model": {ingredient.name for ingredient in INGREDIENTS},
}


def rungs_made_of(there: Set[str]) -> dict[str, frozenset[str]]:
    """Return which of the ingredients that are there make the ladder's rungs, by a rung's name."""
    return {rung: frozenset(chosen & there) for rung, chosen in _RUNGS.items()}


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


class Combinations:
    """The weights that combinations of ingredients make on some queries of a layer.

    Scale and mask change nothing in what is multiplied: products are made once for all that differ
    in no more, and queries and keys are turned once for all. ``rows`` are the queries, R of them.
    """

    def __init__(self, layer: RebuiltLayer, rows: NDArray[np.intp] | slice = slice(None)) -> None:
        self.layer = layer
        self.rows = rows
        self._visible = layer.visible[rows]
        self._hides = not bool(self._visible.all())
        #: Queries and keys with norms or without, and with positions or without.
        self._learnt: dict[tuple[bool, bool], tuple[Array, Array]] = {}

    def weights(self, chosen: Set[str], heads: slice = slice(None)) -> Array:
        """Return (h, R, S) for the h heads of the slice, or (1, R, S) where ``one_for_all``."""
        (made,) = self.each([chosen], heads)
        return made

    def each(self, several: Sequence[Set[str]], heads: slice = slice(None)) -> list[Array]:
        """Return the same of several combinations, each where it stands among them."""
        alike: dict[frozenset[str], list[int]] = {}
        for place, chosen in enumerate(several):
            alike.setdefault(frozenset(chosen - {"scale", "mask"}), []).append(place)
        made: dict[int, Array] = {}
        for basis, places in alike.items():
            made |= zip(
                places,
                self._of_products(basis, [several[place] for place in places], heads),
                strict=True,
            )
        return [made[place] for place in range(len(several))]

    def _of_products(self, basis: frozenset[str], several: list[Set[str]], heads: slice) -> Array:
        """Return the weights of combinations that share their products, (C, h, R, S)."""
        heads = slice(None) if one_for_all(basis, self.layer) else heads
        products, width = self._products(basis, heads)
        own = {"dialect", "learned"} <= basis
        scores = np.empty((len(several), *products.shape), dtype=products.dtype)
        for into, chosen in zip(scores, several, strict=True):
            scale = width**-0.5 if "scale" in chosen else 1.0
            if own:
                scale *= own_scale(self.layer)
            np.multiply(products, products.dtype.type(scale), out=into)
            if own and self.layer.softcap is not None:
                cap(into, self.layer.softcap)
            if (added := self._positions(basis, heads, scale)) is not None:
                np.add(into, added[:, self.rows], out=into)
            if self._hides and "mask" in chosen:
                forbid(into, self._visible)
        sink = self._sink(basis, heads) if own else None
        if sink is None:
            return softmax(scores)
        for into in scores:
            softmax(into, sink)
        return scores

    def _products(self, basis: frozenset[str], heads: slice) -> tuple[Array, int]:
        """Return what is multiplied with what, (h, R, S), and of how many dimensions."""
        if "learned" not in basis and one_for_all(basis, self.layer):
            return self._interactions()[None], self.layer.states.shape[1]
        query, key = self._vectors(basis)
        return query[heads, self.rows] @ key[heads].swapaxes(1, 2), query.shape[2]

    def _interactions(self) -> Array:
        """Return X·Xᵀ, (R, S); of all queries to the last bit the ladder's."""
        some: Array = self.layer.states[self.rows]
        if len(some) == len(self.layer.states):
            return interactions(self.layer)[self.rows]
        products: Array = some @ self.layer.key_states.T
        return products

    def _vectors(self, basis: frozenset[str]) -> tuple[Array, Array]:
        """Return queries, (H, T, d), and keys, (H, S, d); the heads side by side in one for all."""
        count = len(self.layer.query)
        if "learned" not in basis:
            states = self.layer.states, self.layer.key_states
            return split_heads(states[0], count), split_heads(states[1], count)
        query, key = self._learned(basis)
        key = repeat_heads(key, count)
        if one_for_all(basis, self.layer):
            return merge_heads(query)[None], merge_heads(key)[None]
        return query, key

    def _learned(self, basis: frozenset[str]) -> tuple[Array, Array]:
        """Return queries and keys with their norms and positions as chosen."""
        how = "dialect" in basis, "position" in basis
        if how not in self._learnt:
            normed, placed = how
            self._learnt[how] = queries_and_keys(self.layer, normed=normed, placed=placed)
        return self._learnt[how]

    def _positions(self, basis: frozenset[str], heads: slice, scale: float) -> Array | None:
        """Return what positions add to the scores, (h or 1, T, S); None where that is nothing."""
        bias = self.layer.bias
        if bias is None or not {"position", "learned"} <= basis:
            return None
        added = expand(bias, *self._learned(basis), scale, heads)
        if added is None or not one_for_all(basis, self.layer):
            return added
        summed: Array = added.sum(axis=0) if bias.vectors else added.mean(axis=0)
        return summed[None]

    def _sink(self, basis: frozenset[str], heads: slice) -> Array | None:
        sink = self.layer.sink
        if sink is None:
            return None
        return sink.mean(keepdims=True) if one_for_all(basis, self.layer) else sink[heads]


def _sliceable(layer: RebuiltLayer) -> bool:
    return bool(layer.states.shape[1] % len(layer.query) == 0)
