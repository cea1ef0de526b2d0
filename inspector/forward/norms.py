"""The norms that stand before projections, and before positions on queries and keys."""

from __future__ import annotations

import numpy as np

from inspector.records import Array, Norm


def apply_norm(states: Array, norm: Norm) -> Array:
    """Return ``states`` (…, n) normed along the last axis, times weight, plus bias.

    Ba et al. 2016, "Layer Normalization"; where ``norm.centred`` is False, Zhang and Sennrich 2019,
    "Root Mean Square Layer Normalization", which leaves the mean where it is.
    """
    centred: Array = states - states.mean(axis=-1, keepdims=True) if norm.centred else states
    square = np.mean(centred * centred, axis=-1, keepdims=True)
    normed: Array = centred / np.sqrt(square + states.dtype.type(norm.eps))
    if norm.weight is not None:
        normed *= norm.weight
    if norm.bias is not None:
        normed += norm.bias
    return normed
