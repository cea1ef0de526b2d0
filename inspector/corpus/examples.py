"""For every head the sentences in which it does something most: a few, whatever the corpus.

What a head will be called is known only at the end, so the best sentences of every target are
kept. They are the best of their shard, and the best of those when shards are merged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inspector.corpus.reading import Sentence
from inspector.records import Float64

#: Statistics that are masses on one kind of target.
TARGETS = ("previous", "next", "self", "first", "separator", "same_word")
#: Sentences kept of each target and head.
KEPT = 3
#: Content tokens of a sentence that can be an example: in shorter ones everything is near.
_FROM, _TO = 6, 40

#: Stands where there is no sentence.
_NONE = -1


@dataclass(frozen=True, slots=True)
class Example:
    """One sentence in which a head has much of its attention on one kind of target."""

    layer: int
    head: int
    statistic: str
    #: The mean mass on that target over the sentence's content queries.
    value: float
    file: int
    row: int
    text: str


@dataclass(frozen=True, slots=True)
class Best:
    """The best sentences by target and head, best first."""

    #: (N, H, targets, KEPT) the masses, and ``Sentence.key``; −1 where there is none.
    values: Float64
    keys: NDArray[np.int64]
    #: The texts of all sentences that are named.
    texts: dict[int, str]

    @classmethod
    def of(cls, sentences: Sequence[Sentence], masses: Float64, queries: NDArray[np.int64]) -> Best:
        """Choose from some sentences: masses (S, N, H, targets), queries (S,); NaN is no mass."""
        fitting = (queries >= _FROM) & (queries <= _TO)
        found = np.moveaxis(masses[fitting], 0, -1)
        numbers = np.array([one.key for one in sentences], dtype=np.int64)[fitting]
        keys = np.where(np.isnan(found), _NONE, numbers)
        return _chosen(np.nan_to_num(found, nan=-1.0), keys, {one.key: one.text for one in sentences})

    def plus(self, other: Best) -> Best:
        """Choose from both."""
        return _chosen(
            np.concatenate([self.values, other.values], axis=-1),
            np.concatenate([self.keys, other.keys], axis=-1),
            self.texts | other.texts,
        )

    def of_head(self, layer: int, head: int, statistic: str) -> list[Example]:
        """Return one head's examples of one target, best first."""
        place = (layer, head, TARGETS.index(statistic))
        return [
            Example(
                layer=layer,
                head=head,
                statistic=statistic,
                value=float(value),
                file=int(key) >> 40,
                row=int(key) & (1 << 40) - 1,
                text=self.texts[int(key)],
            )
            for value, key in zip(self.values[place], self.keys[place], strict=True)
            if key != _NONE
        ]


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
