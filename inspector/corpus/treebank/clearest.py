"""Of every relation, direction and head the sentence in which the head finds it most surely.

Which head is shown for a relation is known only when all shards are merged, so one sentence is kept
of each; its words and its tree are read again from its file.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector.corpus.treebank.syntax import DIRECTIONS, SyntaxSums
from inspector.records import Float64

#: Words of a sentence that can be an example: in shorter ones everything is near.
_FROM, _TO = 6, 40
#: Stands where a head never finds a relation.
_NONE = -1

_Kept = tuple[Float64, NDArray[np.int64]]


class Clearest:
    """The clearest sentences of a treebank, shard after shard."""

    def __init__(self) -> None:
        #: By relation as written (2, H): the share of its arcs that are found, and
        #: ``Sentence.key``; by ``DIRECTIONS``.
        self._kept: dict[str, _Kept] = {}

    def add(self, sums: SyntaxSums, keys: NDArray[np.integer[Any]]) -> None:
        """Look through the sums of a shard of S sentences; ``keys`` is (S,)."""
        # Every word but the root hangs on one arc.
        words = np.bincount(sums.sentence, sums.arcs + sums.unread, minlength=len(keys)) + 1
        fits = ((words >= _FROM) & (words <= _TO))[sums.sentence] & (sums.arcs > 0)
        for label in np.unique(sums.relation[fits]):
            rows = np.flatnonzero(fits & (sums.relation == label))
            its = keys[sums.sentence[rows]]
            # Of equal sentences the first in the corpus.
            order = np.argsort(its)
            shares = sums.found[rows[order]] / sums.arcs[rows[order], None, None]
            best = shares.argmax(axis=0)
            share = np.take_along_axis(shares, best[None], axis=0)[0].astype(np.float64)
            here = share, np.where(share > 0, its[order][best], _NONE)
            name = str(label)
            self._kept[name] = _better(self._kept[name], here) if name in self._kept else here

    def of(self, relation: str, direction: str, head: int) -> int | None:
        """Return the key of a sentence; None where no sentence has such an arc that is found.

        ``relation`` may be pooled over its subtypes, such as ``obl:*``; ``head`` counts over all
        layers.
        """
        kept = [found for label, found in self._kept.items() if is_of(label, relation)]
        if not kept:
            return None
        _, keys = reduce(_better, kept)
        key = int(keys[DIRECTIONS.index(direction), head])
        return None if key == _NONE else key


def is_of(label: str, relation: str) -> bool:
    """Say whether an arc's label is a relation, which may be pooled over its subtypes."""
    return relation in (label, label.partition(":")[0] + ":*")


def _better(one: _Kept, other: _Kept) -> _Kept:
    """Keep the larger share of each head, and of equal ones the first sentence in the corpus."""
    takes = (other[0] > one[0]) | ((other[0] == one[0]) & (other[1] < one[1]))
    return np.where(takes, other[0], one[0]), np.where(takes, other[1], one[1])
