"""Sums over sentences that can be added to each other: what a shard leaves behind."""

from __future__ import annotations

import numpy as np

from inspector.corpus.bootstrap import interval
from inspector.record import record
from inspector.records import Float64


@record(frozen=True, slots=True)
class Sums:
    """Weighted sums of some statistics: Σ w·s, and Σ w·n of the queries that they are means over.

    The first axis holds the weights: 1, then the bootstrap replicates.
    """

    #: K names.
    names: tuple[str, ...]
    #: (1 + replicates, N, H, K)
    values: Float64
    #: What broadcasts to it: the counts of statistics that are taken of every query are the same
    #: for all layers and heads.
    counts: Float64

    @classmethod
    def nothing(cls, names: tuple[str, ...], weights: int, layers: int, heads: int) -> Sums:
        """Return the sums of no sentence, whose counts are the same for all statistics."""
        return cls(
            names, np.zeros((weights, layers, heads, len(names))), np.zeros((weights, 1, 1, 1))
        )

    @classmethod
    def weighted(
        cls, names: tuple[str, ...], weights: Float64, values: Float64, counts: Float64
    ) -> Sums:
        """Sum up sentences: weights (1 + R, S), values (S, N, H, K), counts (S, …)."""
        return cls(
            names,
            np.tensordot(weights, values, axes=1),
            np.tensordot(weights, counts, axes=1),
        )

    def plus(self, other: Sums) -> Sums:
        """Add the sums of other sentences."""
        if self.names != other.names:
            raise ValueError(f"{self.names} cannot be added to {other.names}")
        return Sums(self.names, self.values + other.values, self.counts + other.counts)

    @property
    def means(self) -> Float64:
        """(N, H, K), NaN where nothing was counted."""
        return _ratio(self.values[0], self.counts[0])

    @property
    def queries(self) -> Float64:
        """(N, H, K) how many queries each mean is over."""
        return np.broadcast_to(self.counts[0], self.values.shape[1:])

    def intervals(self) -> tuple[Float64, Float64]:
        """Return the ends of the 95 % intervals, (N, H, K) each."""
        return interval(self.values[1:], np.broadcast_to(self.counts[1:], self.values[1:].shape))


def _ratio(values: Float64, counts: Float64) -> Float64:
    ratio = np.full(values.shape, np.nan)
    counts = np.broadcast_to(counts, values.shape)
    np.divide(values, counts, out=ratio, where=counts > 0)
    return ratio
