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
from numpy.typing import NDArray

from inspector.analogy.ingredients import (
    INGREDIENTS,
    Combinations,
    Ingredient,
    one_for_all,
    rungs_made_of,
    telling,
)
from inspector.analysis.measures import (
    Distributions,
    distributions,
    jensen_shannon_bits,
    parts,
    row_mean,
)
from inspector.analysis.sample import measured_rows
from inspector.parallel import parallel_map
from inspector.records import (
    Array,
    Float64,
    RebuiltLayer,
    RungResult,
    Share,
    Trace,
    TracedLayer,
)

Whole = NDArray[np.intp]

#: Entries of weights that are made at once, and that are compared at once.
_TOGETHER = 2**18


def measure_shares(
    trace: Trace, rebuilt: tuple[RebuiltLayer, ...], ladder: tuple[RungResult, ...] = ()
) -> tuple[Share, ...]:
    """Measure the share of every ingredient that some layer has.

    None without a rebuild from the weights. What ``ladder``, of the same trace and rebuild, has
    measured on its way from softmax(X·Xᵀ) to the model is not measured again.
    """
    if not rebuilt:
        return ()
    present = [any(map(ingredient.applies, rebuilt)) for ingredient in INGREDIENTS]
    by_layer = np.full((len(INGREDIENTS), len(trace.layers), trace.heads), np.nan)
    rows = {site: np.flatnonzero(measured_rows(trace, site)) for site in trace.sites}
    measured = {rung.name: rung.all_tokens.jsd_bits for rung in ladder if rung.all_tokens}

    def shares_of(place: int) -> Float64:
        traced = trace.layers[place]
        known = {name: bits[place, : len(traced.attention)] for name, bits in measured.items()}
        return _layer_shares(traced, rebuilt[place], rows[traced.site], known)

    layers = parallel_map(shares_of, range(len(rebuilt)), tokens=trace.longest)
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


def _layer_shares(
    traced: TracedLayer, rebuilt: RebuiltLayer, rows: Whole, measured: dict[str, Float64]
) -> Float64:
    """Return the shares on one layer, (all ingredients, H): 0 for one that it does not have.

    Leaving an ingredient out that does nothing changes no other's Shapley value. ``measured`` says
    how far rungs of the ladder are from the model's attention, (H,) bits.
    """
    there = [index for index, known in enumerate(INGREDIENTS) if known.applies(rebuilt)]
    combinations = [
        frozenset(INGREDIENTS[index].name for bit, index in enumerate(there) if chosen & 1 << bit)
        for chosen in range(1 << len(there))
    ]
    shares = np.zeros((len(INGREDIENTS), len(traced.attention)))
    made_of = rungs_made_of({INGREDIENTS[index].name for index in there})
    known = {
        telling(made_of[rung], rebuilt): bits for rung, bits in measured.items() if rung in made_of
    }
    worth = -_divergences(combinations, traced.attention, rebuilt, rows, known)
    shares[there] = shapley(worth)
    return shares


def _divergences(
    combinations: list[frozenset[str]],
    attention: Array,
    rebuilt: RebuiltLayer,
    rows: Whole,
    known: dict[frozenset[str], Float64],
) -> Float64:
    """Return how far every combination is from the model's attention, (combinations, H) bits.

    Of those that come to the same, one is measured, unless it is ``known``.
    """
    alike = [telling(chosen, rebuilt) for chosen in combinations]
    different = list(dict.fromkeys(chosen for chosen in alike if chosen not in known))
    # Those for all heads come first, and are made once.
    different.sort(key=lambda chosen: not one_for_all(chosen, rebuilt))
    for_all = sum(one_for_all(chosen, rebuilt) for chosen in different)
    made = Combinations(rebuilt, rows)
    shared = _distributions(made.each(different[:for_all]), rebuilt)
    bits = np.empty((len(different), *attention[:, rows, 0].shape))
    counted = np.empty(bits.shape[1:], dtype=np.bool_)
    size = attention.shape[2]
    for heads in parts(len(attention), len(rows) * size, _TOGETHER):
        model = attention[heads, rows]
        own = made.each(different[for_all:], heads)
        for some in parts(len(rows), len(model) * size, _TOGETHER):
            ours = _distributions([model[:, some]], rebuilt)
            counted[heads, some] = ours.alive[0]
            into, entries = bits[:, heads, some], ours.shares.size
            for several in parts(for_all, entries, _TOGETHER):
                theirs = shared[several, :, some]
                into[several] = jensen_shannon_bits(ours, theirs)
            for several in parts(len(own), entries, _TOGETHER):
                theirs = _distributions([matrix[:, some] for matrix in own[several]], rebuilt)
                into[for_all:][several] = jensen_shannon_bits(ours, theirs)
    counted &= rebuilt.visible[rows].any(axis=-1)
    means = known | dict(zip(different, row_mean(bits, counted), strict=True))
    return np.stack([means[chosen] for chosen in alike])


def _distributions(matrices: list[Array], rebuilt: RebuiltLayer) -> Distributions:
    """Lay (h, R, S) matrices out as distributions, (C, h, R, S)."""
    everyone = np.ones(matrices[0].shape[-1], dtype=np.bool_)
    (rows,) = distributions(np.stack(matrices), [everyone], has_sink=rebuilt.sink is not None)
    return rows


def _share(ingredient: Ingredient, per_head: Float64) -> Share:
    """``per_head`` is (N, H), NaN where a head has no row that can be measured."""
    measured = per_head[~np.isnan(per_head)]
    bits = float(measured.mean()) if measured.size else float("nan")
    return Share(ingredient.name, ingredient.adds, per_head, bits)
