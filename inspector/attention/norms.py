"""The norms through which a layer's input goes before its projections."""

from __future__ import annotations

import numpy as np

from inspector.records import Array, Norm


def layer_norm(states: Array, norm: Norm) -> Array:
    """Return each row, (T, D), with mean 0 and variance 1, times weight, plus bias.

    Ba et al. 2016, "Layer Normalization".
    """
    centred: Array = states - states.mean(axis=-1, keepdims=True)
    variance = np.mean(centred * centred, axis=-1, keepdims=True)
    centred /= np.sqrt(variance + states.dtype.type(norm.eps))
    if norm.weight is not None:
        centred *= norm.weight
    if norm.bias is not None:
        centred += norm.bias
    return centred
