"""Three measures of how near one attention matrix comes to another, row by row.

All take matrices (…, T, S) that broadcast against each other and return one number a row,
(…, T) float64, NaN where the row has no such number.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector.records import Array, Float64, Mask

#: Stands in for 0 under a logarithm.
_TINY = 1e-300
#: Entries that are worked on at a time. Larger temporaries leave the cache, and the system hands
#: their memory out anew each time, which costs more than the logarithms.
_BLOCK = 2**16


def sink_masses(weights: Array) -> Float64:
    """Return what every row lacks to 1, (…, T, 1): the weight of a sink that was dropped."""
    lacking: Float64 = 1 - weights.sum(axis=-1, keepdims=True, dtype=np.float64)
    return np.maximum(lacking, 0, out=lacking)


def distributions(weights: Array, sink: Float64 | None = None) -> tuple[Float64, Mask]:
    """Return every row divided by its sum, in float64, and which rows have anything to sum, (…, T).

    float32 weights sum to 1 only within 1e-7; a divergence taken from them would be as far off.
    ``sink``, (…, T, 1), where given, counts as one more key: (…, T, S + 1).
    """
    exact: Float64 = weights.astype(np.float64)
    if sink is not None:
        exact = np.concatenate([exact, sink], axis=-1)
    total = exact.sum(axis=-1, keepdims=True)
    np.divide(exact, total, out=exact, where=total > 0)
    return exact, total[..., 0] > 0


def row_mean(rows: Float64, counted: Mask) -> Float64:
    """Return the mean over the counted rows that have a number: (H, T) → (H,), NaN without any."""
    usable = counted & ~np.isnan(rows)
    count = usable.sum(axis=-1)
    result = np.full(count.shape, np.nan)
    np.divide(np.where(usable, rows, 0.0).sum(axis=-1), count, out=result, where=count > 0)
    return result


def negative_entropy(weights: Array) -> Float64:
    """Return Σ_j p_j·log2 p_j of every row, (…, T): minus the entropy in bits."""
    total = np.empty(weights.shape[:-1])
    for rows in _blocks(weights.shape):
        exact = weights[..., rows, :].astype(np.float64, copy=False)
        # At p = 0 the product is 0 whatever stands in for the logarithm, as the limit has it.
        logarithm = np.maximum(exact, _TINY)
        np.log2(logarithm, out=logarithm)
        np.einsum("...j,...j->...", exact, logarithm, out=total[..., rows])
    return total


def jensen_shannon_bits(
    first: Array, second: Array, first_entropy: Float64, second_entropy: Float64
) -> Float64:
    """Return the Jensen–Shannon divergence of every pair of rows, in bits, 0 to 1.

    Lin 1991, "Divergence measures based on the Shannon entropy": the entropy of the mean less the
    mean of the entropies. The rows must sum to 1. The two last arguments are the rows'
    ``negative_entropy``, passed in because one matrix is compared with many.
    """
    shape = np.broadcast_shapes(first.shape, second.shape)
    divergence = np.empty(shape[:-1])
    for rows in _blocks(shape):
        middle = first[..., rows, :] + second[..., rows, :].astype(np.float64, copy=False)
        middle /= 2
        entropies = (first_entropy[..., rows] + second_entropy[..., rows]) / 2
        divergence[..., rows] = entropies - negative_entropy(middle)
    np.maximum(divergence, 0.0, out=divergence)
    return divergence


def _blocks(shape: tuple[int, ...]) -> Iterator[slice]:
    """Cut the rows of matrices (…, T, S) into slices that hold few enough entries."""
    rows = shape[-2]
    step = max(1, _BLOCK * rows // max(1, math.prod(shape)))
    return (slice(first, first + step) for first in range(0, rows, step))


def average_ranks(weights: Array, visible: Mask) -> Float64:
    """Return every entry's rank in its row, (…, T, S), from 0; ties share their mean rank.

    Only visible keys are ranked; what stands at the others is without meaning.
    """
    values = np.where(visible, weights, np.inf)
    order = np.argsort(values, axis=-1)
    ordered = np.take_along_axis(values, order, axis=-1)
    places = np.arange(values.shape[-1], dtype=np.float64)
    differs = ordered[..., 1:] != ordered[..., :-1]
    if differs.all():
        shared = np.broadcast_to(places, values.shape)
    else:
        # A run of equal values starts where a value differs from the one before and ends where
        # it differs from the one after; its members share the mean of both places.
        edge = np.ones((*values.shape[:-1], 1), dtype=np.bool_)
        starts = np.where(np.concatenate([edge, differs], axis=-1), places, 0)
        ends = np.where(np.concatenate([differs, edge], axis=-1), places, places[-1])
        start = np.maximum.accumulate(starts, axis=-1)
        end = np.minimum.accumulate(ends[..., ::-1], axis=-1)[..., ::-1]
        shared = (start + end) / 2
    ranks = np.empty(values.shape, dtype=np.float64)
    np.put_along_axis(ranks, order, shared, axis=-1)
    return ranks


def ranks_without(ranks: Float64, weights: Array, visible: Mask, dropped: list[int]) -> Float64:
    """Return the ranks as they are when some keys are dropped, without sorting again.

    A dropped key that was smaller takes one place from everybody above it, one that tied half a
    place. What stands in the dropped columns is without meaning.
    """
    result = ranks.copy()
    for key in dropped:
        column = weights[..., key, None]
        result -= visible[..., key, None] * ((column < weights) + 0.5 * (column == weights))
    return result


def centred(ranks: Float64, visible: Mask) -> Float64:
    """Return ranks less their row's mean, and 0 at what is not visible: (…, T, S)."""
    # The ranks of n keys always sum to n·(n − 1)/2, ties or not.
    mean = (visible.sum(axis=-1, keepdims=True) - 1) / 2
    return np.where(visible, ranks - mean, 0.0)


def spearman(first: Float64, second: Float64) -> Float64:
    """Return Spearman's rank correlation of rows given as ``centred`` ranks; NaN if constant."""
    product = np.einsum("...j,...j->...", first, second)
    squares = np.einsum("...j,...j->...", first, first) * np.einsum(
        "...j,...j->...", second, second
    )
    result = np.full(product.shape, np.nan)
    np.divide(product, np.sqrt(squares), out=result, where=squares > 0)
    return result


def tops(weights: Array, visible: Mask) -> NDArray[np.bool_]:
    """Mark the largest entry of every row among the visible keys, all of them if several tie."""
    values = np.where(visible, weights, -np.inf)
    marked: NDArray[np.bool_] = values == values.max(axis=-1, keepdims=True)
    return marked & visible


def top1_agreement(first: NDArray[Any], second: NDArray[Any]) -> Float64:
    """Return, for rows given as ``tops``, how often picks from both would be the same key.

    Ties count fractionally: of n and m tied keys with c in common, a pick from each falls on the
    same key with probability c/(n·m).
    """
    common = (first & second).sum(axis=-1)
    pairs = first.sum(axis=-1) * second.sum(axis=-1)
    result = np.full(common.shape, np.nan)
    np.divide(common, pairs, out=result, where=pairs > 0)
    return result
