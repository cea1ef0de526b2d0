"""For every head the sentences in which it does something most: a few, whatever the corpus.

What a head will be called is known only at the end, so the best sentences of every share are
kept. They are the best of their shard, and the best of those when shards are merged.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inspector.corpus.reading import Sentence
from inspector.record import record
from inspector.records import TARGETS, Float64

#: Sentences kept of each share and head.
KEPT = 2
#: Content tokens of a sentence that can be an example: in shorter ones everything is near.
_FROM, _TO = 6, 40

#: Stands where there is no sentence.
_NONE = -1


@record(frozen=True, slots=True)
class Best:
    """The best sentences by share and head, best first."""

    #: (N, H, shares, KEPT) the masses, and ``Sentence.key``; −1 where there is none.
    values: Float64
    keys: NDArray[np.int64]
    #: The texts of all sentences that are named.
    texts: dict[int, str]

    @classmethod
    def of(cls, sentences: Sequence[Sentence], masses: Float64, queries: NDArray[np.int64]) -> Best:
        """Choose from some sentences: masses (S, N, H, shares), queries (S,); NaN is no mass."""
        fitting = (queries >= _FROM) & (queries <= _TO)
        found = np.moveaxis(masses[fitting], 0, -1)
        numbers = np.array([one.key for one in sentences], dtype=np.int64)[fitting]
        keys = np.where(np.isnan(found), _NONE, numbers)
        return _chosen(
            np.nan_to_num(found, nan=-1.0), keys, {one.key: one.text for one in sentences}
        )

    def plus(self, other: Best) -> Best:
        """Choose from both."""
        return _chosen(
            np.concatenate([self.values, other.values], axis=-1),
            np.concatenate([self.keys, other.keys], axis=-1),
            self.texts | other.texts,
        )

    def of_head(self, layer: int, head: int, statistic: str) -> list[int]:
        """Return the keys of one head's best sentences for one share, best first."""
        keys = self.keys[layer, head, TARGETS.index(statistic)]
        return [int(key) for key in keys if key != _NONE]


def _chosen(values: Float64, keys: NDArray[np.int64], texts: dict[int, str]) -> Best:
    """Keep the largest; of equal ones the sentence that comes first in the corpus."""
    missing = KEPT - values.shape[-1]
    if missing > 0:
        ends = [(0, 0)] * (values.ndim - 1) + [(0, missing)]
        values = np.pad(values, ends, constant_values=-1.0)
        keys = np.pad(keys, ends, constant_values=_NONE)
    order = np.lexsort((keys, -values), axis=-1)[..., :KEPT]
    values = np.take_along_axis(values, order, axis=-1)
    keys = np.take_along_axis(keys, order, axis=-1)
    named = [int(key) for key in np.unique(keys) if key != _NONE]
    return Best(values, keys, {key: texts[key] for key in named})
