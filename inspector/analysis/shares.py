"""Who buys what, whatever the order: each ingredient's share in closing the gap to the model.

What a rung of the ladder gains depends on the rungs before it. Here every combination of the
ingredients is measured, and an ingredient's share is its Shapley value (Shapley 1953, "A Value for
n-Person Games"): the drop in bits when it joins, averaged over all orders in which all of them can
join. The shares sum to the whole gap between softmax(X·Xᵀ) and the model, an ingredient that
changes nothing gets 0, and one that made things worse on average gets less.
"""

from __future__ import annotations

from math import comb

import numpy as np

from inspector.analogy.ingredients import INGREDIENTS, Ingredient, one_for_all, weights
from inspector.analysis.measures import (
    distributions,
    jensen_shannon_bits,
    negative_entropy,
    row_mean,
    sink_masses,
)
from inspector.forward.core import head_blocks
from inspector.parallel import parallel_map
from inspector.records import Array, Float64, Mask, RebuiltLayer, Share, Trace, TracedLayer


def measure_shares(trace: Trace, rebuilt: tuple[RebuiltLayer, ...]) -> tuple[Share, ...]:
    """Measure the share of every ingredient that some layer has.

    None without a rebuild from the weights.
    """
    if not rebuilt:
        return ()
    present = [any(map(ingredient.applies, rebuilt)) for ingredient in INGREDIENTS]
    by_layer = np.full((len(INGREDIENTS), len(trace.layers), trace.heads), np.nan)
    layers = parallel_map(
        lambda pair: _layer_shares(*pair),
        zip(trace.layers, rebuilt, strict=True),
        tokens=trace.longest,
    )
    for index, shares in enumerate(layers):
        by_layer[:, index, : shares.shape[1]] = shares
    return tuple(
        _share(ingredient, per_head)
        for ingredient, per_head, there in zip(INGREDIENTS, by_layer, present, strict=True)
        if there
    )


def shapley(worth: Float64) -> Float64:
    """Return the Shapley values, (n, …), of n players whose coalitions are worth ``worth``.

    ``worth`` is (2ⁿ, …): entry c belongs to the players whose bits are set in c.
    """
    players = len(worth).bit_length() - 1
    values = np.empty((players, *worth.shape[1:]))
    for player in range(players):
        bit = 1 << player
        without = [chosen for chosen in range(len(worth)) if not chosen & bit]
        # The part of all orders in which exactly these came before the player.
        part = [1 / (players * comb(players - 1, chosen.bit_count())) for chosen in without]
        joined = [chosen | bit for chosen in without]
        values[player] = np.tensordot(part, worth[joined] - worth[without], axes=1)
    return values


def _layer_shares(traced: TracedLayer, rebuilt: RebuiltLayer) -> Float64:
    """Return the shares on one layer, (all ingredients, H): 0 for one that it does not have.

    Leaving an ingredient out that does nothing changes no other's Shapley value.
    """
    there = [place for place, known in enumerate(INGREDIENTS) if known.applies(rebuilt)]
    combinations = [
        frozenset(INGREDIENTS[place].name for bit, place in enumerate(there) if chosen & 1 << bit)
        for chosen in range(1 << len(there))
    ]
    shares = np.zeros((len(INGREDIENTS), len(traced.attention)))
    shares[there] = shapley(-_divergences(combinations, traced.attention, rebuilt))
    return shares


def _divergences(
    combinations: list[frozenset[str]], attention: Array, rebuilt: RebuiltLayer
) -> Float64:
    """Return how far every combination is from the model's attention, (combinations, H) bits."""
    has_sink = rebuilt.sink is not None
    shared = {
        chosen: _prepare(weights(chosen, rebuilt), has_sink=has_sink)
        for chosen in combinations
        if one_for_all(chosen, rebuilt)
    }
    seeing = rebuilt.visible.any(axis=-1)
    bits = np.empty((len(combinations), len(attention)))
    for heads in head_blocks(attention):
        model, alive = _distributions(attention[heads], has_sink=has_sink)
        entropy = negative_entropy(model)
        for place, chosen in enumerate(combinations):
            rows, own = shared.get(chosen) or _prepare(
                weights(chosen, rebuilt, heads), has_sink=has_sink
            )
            divergence = jensen_shannon_bits(model, rows, entropy, own)
            bits[place, heads] = row_mean(divergence, alive & seeing)
    return bits


def _prepare(matrices: Array, *, has_sink: bool) -> tuple[Float64, Float64]:
    rows, _ = _distributions(matrices, has_sink=has_sink)
    return rows, negative_entropy(rows)


def _distributions(matrices: Array, *, has_sink: bool) -> tuple[Float64, Mask]:
    return distributions(matrices, sink_masses(matrices) if has_sink else None)


def _share(ingredient: Ingredient, per_head: Float64) -> Share:
    """``per_head`` is (N, H), NaN where a head has no row that can be measured."""
    measured = per_head[~np.isnan(per_head)]
    bits = float(measured.mean()) if measured.size else float("nan")
    return Share(ingredient.name, ingredient.adds, per_head, bits)
