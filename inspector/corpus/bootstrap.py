"""How sure: a Poisson bootstrap over sentences.

In a bootstrap replicate of n sentences a sentence is drawn about Poisson(1) times. Each sentence's
draws follow from the seed, its file and its row alone (Chamandy et al. 2012, "Estimating
uncertainty for massive data streams"), so they are the same however the sentences are split.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from inspector.records import Float64

REPLICATES = 500
#: The interval leaves out as much on either side.
_TAIL = 2.5

#: Where 2^64·P(X ≤ k) lies for X ~ Poisson(1); beyond the last there is less than 2^-64.
_STEPS = np.array(
    [
        min(
            2**64 - 1,
            int(2**64 * math.fsum(math.exp(-1) / math.factorial(i) for i in range(k + 1))),
        )
        for k in range(20)
    ],
    dtype=np.uint64,
)


def draws(keys: Iterable[int], seed: int, replicates: int = REPLICATES) -> Float64:
    """Return how often each sentence is drawn, (1 + replicates, sentences); in row 0 once each.

    ``keys`` are the sentences' ``Sentence.key``, made of file and row.

    The random numbers are Philox's raw ones (Salmon et al. 2011), which no version of NumPy
    changes, taken through the inverse distribution.
    """
    numbers = [int(key) for key in keys]
    weights = np.ones((1 + replicates, len(numbers)))
    for column, number in enumerate(numbers):
        generator = np.random.Philox(key=np.array([seed, number], dtype=np.uint64))
        raw = generator.random_raw(replicates)
        weights[1:, column] = np.searchsorted(_STEPS, raw, side="right")
    return weights


def interval(sums: Float64, counts: Float64) -> tuple[Float64, Float64]:
    """Return the percentiles 2.5 and 97.5 of Σw·s / Σw·n over the replicates, which come first.

    NaN where no replicate drew anything.
    """
    ratios = np.full(sums.shape, np.nan)
    np.divide(sums, counts, out=ratios, where=np.broadcast_to(counts > 0, sums.shape))
    if len(ratios) == 0:
        blank = np.full(ratios[:1].shape[1:], np.nan)
        return blank, blank
    known = ~np.isnan(ratios).all(axis=0)
    low, high = (np.full(sums.shape[1:], np.nan) for _ in range(2))
    low[known], high[known] = np.nanpercentile(ratios[:, known], [_TAIL, 100 - _TAIL], axis=0)
    return low, high
