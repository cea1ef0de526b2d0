"""The norms before, within and behind sub-layers, and on queries and keys."""

from __future__ import annotations

import math

import numpy as np

from inspector.parallel import ALONE, Workers
from inspector.records import Array, Float64, Norm

#: Fewer numbers are normed in the time in which another thread wakes up.
_WORTH_THREADS = 1 << 17


def apply_norm(states: Array, norm: Norm, workers: Workers = ALONE) -> Array:
    """Return ``states`` (…, n) normed along the last axis, times weight, plus bias.

    Ba et al. 2016, "Layer Normalization"; where ``norm.centred`` is False, Zhang and Sennrich 2019,
    "Root Mean Square Layer Normalization", which leaves the mean where it is. Rows of (T, n) are
    parted among ``workers`` where there is enough of them.
    """
    if workers.count == 1 or states.size < _WORTH_THREADS:
        return _normed(states, norm)
    result = np.empty_like(states)

    def rows(part: slice) -> None:
        result[part] = _normed(states[part], norm)

    workers.over(len(states), rows)
    return result


def spread_of(states: Float64, norm: Norm) -> float:
    """Return what a norm divides (n,) states by, their mean taken off where it is."""
    centred = states - states.mean() if norm.centred else states
    return math.sqrt(float(centred @ centred) / len(states) + norm.eps)


def _normed(states: Array, norm: Norm) -> Array:
    size = states.dtype.type(states.shape[-1])
    # A scalar product of each row with itself takes one pass, and no array of squares.
    normed: Array = states - states.mean(axis=-1, keepdims=True) if norm.centred else states.copy()
    square = np.vecdot(normed, normed)[..., None]
    square /= size
    square += states.dtype.type(norm.eps)
    np.sqrt(square, out=square)
    normed /= square
    if norm.weight is not None:
        normed *= norm.weight
    if norm.bias is not None:
        normed += norm.bias
    return normed
