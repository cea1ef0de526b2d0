"""Tables of places that nobody learned: sines and cosines, which a file need not have.

Vaswani et al. 2017, "Attention Is All You Need", section 3.5, but for the order of the columns:
sines in the first half of the width, cosines in the second. What is taken in float32 is so in the
family's own code: in float64 a place far from the first would differ in the fifth digit.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from inspector.records import Array, Float32

Kind = Literal["paper", "ctrl", "fairseq"]

_BASE = 10000.0


def sinusoids(kind: Kind, places: int, width: int, empty: int | None = None) -> Float32:
    """Return the table of ``places`` in one family's manner, (places, width).

    The waves become slower from pair to pair, until the base is reached behind the last pair
    (``paper``, in float64, and ``ctrl``, in float32) or with it (``fairseq``, in float32, where
    the vector of the place ``empty``, the padding's, is 0).
    """
    if kind == "paper":
        speeds: Array = np.power(_BASE, -2 * np.arange((width + 1) // 2) / width)
    elif kind == "ctrl":
        steps = 2 * np.arange((width + 1) // 2, dtype=np.float32) / np.float32(width)
        # Powers in float64 and then rounded: float32's own differ from processor to processor.
        speeds = np.float32(1) / np.power(_BASE, steps.astype(np.float64)).astype(np.float32)
    else:
        step = np.float32(-math.log(_BASE) / (width // 2 - 1))
        steps = np.arange(width // 2, dtype=np.float32) * step
        speeds = np.exp(steps.astype(np.float64)).astype(np.float32)
    angles = np.arange(places).astype(speeds.dtype)[:, None] * speeds
    table = np.zeros((places, width), dtype=np.float32)
    table[:, : len(speeds)] = np.sin(angles)
    cosines = np.cos(angles)[:, : width // 2]
    table[:, len(speeds) : len(speeds) + width // 2] = cosines
    if kind == "fairseq" and empty is not None:
        table[empty] = 0
    return table
