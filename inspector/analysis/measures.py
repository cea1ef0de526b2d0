"""How near one attention matrix comes to another, row by row: divergence, ranks, top-1 keys.

All take matrices (…, T, S) and return one number a row, (…, T) float64.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector.record import record
from inspector.records import Array, Float64, Mask

Whole = NDArray[np.intp]

#: Stands in for 0 under a logarithm.
_TINY = 1e-300
#: Entries that are worked on at a time. Larger temporaries leave the cache, and the system hands
#: their memory out anew each time, which costs more than the logarithms.
_BLOCK = 2**18


_held = threading.local()


def scratch(name: str, shape: tuple[int, ...]) -> Float64:
    """Return a thread's space for what is needed once more at most: the same memory every time.

    Handing out new memory costs the system as much as a logarithm costs the processor.
    """
    size = math.prod(shape)
    space: Float64 | None = getattr(_held, name, None)
    if space is None or space.size < size:
        space = np.empty(size)
        setattr(_held, name, space)
    return space[:size].reshape(shape)


def parts(count: int, entries: int, most: int) -> Iterator[slice]:
    """Part ``count`` things of so many entries each into even slices of at most ``most`` entries.

    One thing may have more.
    """
    number = -(-count // max(1, most // max(1, entries)))
    return (slice(count * at // number, count * (at + 1) // number) for at in range(number))


def sink_masses(weights: Array) -> Float64:
    """Return what every row lacks to 1, (…, T, 1): the weight of a sink that was dropped."""
    lacking: Float64 = 1 - weights.sum(axis=-1, keepdims=True, dtype=np.float64)
    return np.maximum(lacking, 0, out=lacking)


@record(frozen=True, slots=True)
class Distributions:
    """Rows that sum to 1, in float64, over some of the keys that there are."""

    #: (…, R, S') what each of those keys has, 1e-300 standing in for 0.
    shares: Float64
    #: (…, R) what a sink has, which counts as one more key; None without one.
    sink: Float64 | None
    #: (…, R) Σ p·log2 p: minus the entropy in bits.
    negative_entropy: Float64
    #: (…, R) whether anything is left of a row.
    alive: Mask

    def __getitem__(self, index: tuple[slice | None, ...]) -> Distributions:
        """Return some of several matrices, or some rows of some."""
        sink = None if self.sink is None else self.sink[index]
        return Distributions(
            self.shares[index], sink, self.negative_entropy[index], self.alive[index]
        )


def distributions(
    weights: Array, choices: Sequence[Mask], *, has_sink: bool = False
) -> list[Distributions]:
    """Divide rows, (…, R, S), by their sum over some keys, for each of several choices, (S,).

    In float64: float32 weights sum to 1 only within 1e-7, and a divergence taken from them would
    be as far off. With ``has_sink``, what a whole row lacks to 1 counts as one more key. Logarithms
    are taken once for all choices: Σ p·log p of a part of the row follows from Σ w·log w and Σ w.
    """
    exact = scratch("weights", weights.shape)
    np.copyto(exact, weights)
    kept = np.stack(choices, axis=1).astype(np.float64)
    totals = exact @ kept
    masses = sink_masses(exact)[..., 0] if has_sink else None
    # At p = 0 the product is 0 whatever stands in for the logarithm, as the limit has it. Standing
    # in for p itself, it also keeps 0 out of every sum of two shares.
    np.maximum(exact, _TINY, out=exact)
    logarithms = np.log2(exact, out=scratch("logarithms", weights.shape))
    logarithms *= exact
    logged = logarithms @ kept
    if masses is not None:
        totals += masses[..., None]
        logged += _times_log(masses)[..., None]
    alive = totals > 0
    np.copyto(totals, 1, where=~alive)
    logged /= totals
    logged -= np.log2(totals)
    np.reciprocal(totals, out=totals)
    return [
        Distributions(
            shares=exact[..., _columns(keys)] * totals[..., at, None],
            sink=None if masses is None else masses * totals[..., at],
            negative_entropy=logged[..., at],
            alive=alive[..., at],
        )
        for at, keys in enumerate(choices)
    ]


def jensen_shannon_bits(first: Distributions, second: Distributions) -> Float64:
    """Return the Jensen–Shannon divergence of every pair of rows, in bits, 0 to 1.

    Lin 1991, "Divergence measures based on the Shannon entropy": the entropy of the mean less the
    mean of the entropies. With s = p + q, which sums to 2, the entropy of the mean is
    1 − ½·Σ s·log2 s. Both are over the same keys, and broadcast where one has fewer matrices; where
    nothing is left of a row on either side, the number is without meaning.
    """
    shape = np.broadcast_shapes(first.shares.shape, second.shares.shape)
    both = np.add(first.shares, second.shares, out=scratch("weights", shape))
    logged = np.vecdot(both, np.log2(both, out=scratch("logarithms", shape)))
    if first.sink is not None and second.sink is not None:
        logged += _times_log(first.sink + second.sink)
    divergence: Float64 = (first.negative_entropy + second.negative_entropy - logged) / 2
    divergence += 1
    return np.maximum(divergence, 0, out=divergence)


def divergence_from_one_key(share: Float64) -> Float64:
    """Return the same beside a row in which one key has everything, from its ``share`` of ours.

    At every other key s is p itself, and its logarithms cancel out.
    """
    divergence: Float64 = 1 + (_times_log(share) - _times_log(share + 1)) / 2
    return np.maximum(divergence, 0, out=divergence)


def _times_log(values: Float64) -> Float64:
    """Return x·log2 x, 0 at 0."""
    result: Float64 = values * np.log2(np.maximum(values, _TINY))
    return result


def _columns(keys: Mask) -> slice | Whole:
    """Return where the chosen keys stand: as a slice where they stand together."""
    places = np.flatnonzero(keys)
    if places.size and places[-1] - places[0] + 1 == places.size:
        return slice(int(places[0]), int(places[-1]) + 1)
    return places


def row_mean(rows: Float64, counted: Mask) -> Float64:
    """Return the mean over the counted rows that have a number: (…, T) → (…), NaN without any."""
    usable = counted & ~np.isnan(rows)
    count = usable.sum(axis=-1)
    result = np.full(count.shape, np.nan)
    np.divide(np.where(usable, rows, 0.0).sum(axis=-1), count, out=result, where=count > 0)
    return result


def negative_entropy(weights: Array) -> Float64:
    """Return Σ_j p_j·log2 p_j of every row, (…, T): minus the entropy in bits."""
    total = np.empty(weights.shape[:-1])
    for rows in _blocks(weights.shape):
        some = weights[..., rows, :]
        # Behind the last key that any of them has there is nothing to add: half of a causal text.
        has = np.flatnonzero(some.any(axis=tuple(range(some.ndim - 1))))
        exact = some[..., : has[-1] + 1 if has.size else 0].astype(np.float64, copy=False)
        # At p = 0 the product is 0 whatever stands in for the logarithm, as the limit has it.
        logarithm = np.maximum(exact, _TINY)
        np.log2(logarithm, out=logarithm)
        np.vecdot(exact, logarithm, out=total[..., rows])
    return total


def _blocks(shape: tuple[int, ...]) -> Iterator[slice]:
    """Cut the rows of matrices (…, T, S) into slices that hold few enough entries."""
    return parts(shape[-2], math.prod(shape) // max(1, shape[-2]), _BLOCK)


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
