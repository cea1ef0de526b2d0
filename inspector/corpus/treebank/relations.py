"""What is known of every relation: each head's accuracy, and what is found on held-out sentences.

The best of many heads is flattered by being the best, and so is the best of many offsets. So both
are chosen on the sentences with even rows and judged on those with odd rows; only there is anything
claimed, and only beside each other. A relation is *found* where even the lower end of the interval
of head less offset is above 0.

Intervals hold the middle 95 % of a Poisson bootstrap over sentences (Chamandy et al. 2012,
"Estimating Uncertainty for Massive Data Streams"): in each replicate a sentence counts as often as
its weight says. Each interval stands for itself: of forty that are drawn around nothing, one lies
above 0 on average.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector.corpus.treebank.syntax import DIRECTIONS, OFFSETS, SyntaxSums
from inspector.records import Float64, SiteName

#: Site, layer, head.
HeadPlace = tuple[SiteName, int, int]
#: Columns of one length, by name.
Table = dict[str, NDArray[Any]]

#: A relation is judged with at least so many arcs in each half, from so many sentences: with fewer
#: a bootstrap's interval is too short, and one of no length is easily had.
MIN_ARCS = 50
MIN_SENTENCES = 20
_EVEN, _ODD = 0, 1
_PLACE = ("relation", "direction", "site", "layer", "head")
_DIFFERENCE = ("difference", "difference_low", "difference_high")
_INTERVAL = (2.5, 97.5)


@dataclass(slots=True)
class _Relation:
    """Sums over the sentences with even and with odd rows, once as they are and B times weighted.

    All float64; the first axis is the half, the second has 1 + B weightings.
    """

    #: (2,) sentences with such an arc.
    sentences: Float64
    #: (2, 1 + B) arcs.
    arcs: Float64
    #: (2, 1 + B, len(OFFSETS))
    offsets: Float64
    #: (2, 1 + B, 2, H) by ``DIRECTIONS``.
    found: Float64

    def __add__(self, other: _Relation) -> _Relation:
        return _Relation(
            self.sentences + other.sentences,
            self.arcs + other.arcs,
            self.offsets + other.offsets,
            self.found + other.found,
        )


class Tally:
    """Sums by relation over any number of shards, for one model and one draw of the bootstrap.

    Shards are added in their order, so that every run sums in the same order.

    Its size depends on the treebank's labels and not on its sentences: R labels take
    R·32·(1 + B)·H bytes; fifty labels, B = 500 and 72 heads are 58 MB.

    Parameters
    ----------
    replicates:
        B, the number of weightings.
    heads:
        H, the heads of all layers.
    """

    def __init__(self, replicates: int, heads: int) -> None:
        self.replicates = replicates
        self.heads = heads
        #: Arcs left out because the model was given no piece of one of their words.
        self.unread = 0
        self._relations: dict[str, _Relation] = {}

    def add(self, sums: SyntaxSums, weights: NDArray[Any]) -> None:
        """Add the sums of a shard of S sentences; ``weights`` is (B, S), a row a replicate."""
        self.unread += int(sums.unread.sum())
        for label in np.unique(sums.relation):
            relation = self._relations.setdefault(str(label), self._empty())
            for half in (_EVEN, _ODD):
                rows = np.flatnonzero(
                    (sums.relation == label) & (sums.odd == bool(half)) & (sums.arcs > 0)
                )
                if not rows.size:
                    continue
                weighted = np.ones((1 + self.replicates, len(rows)))
                weighted[1:] = weights[:, sums.sentence[rows]]
                found = sums.found[rows].reshape(len(rows), -1).astype(np.float64)
                relation.sentences[half] += len(rows)
                relation.arcs[half] += weighted @ sums.arcs[rows]
                relation.offsets[half] += weighted @ sums.offsets[rows]
                relation.found[half] += (weighted @ found).reshape(relation.found[half].shape)

    def _empty(self) -> _Relation:
        weightings = 1 + self.replicates
        return _Relation(
            np.zeros(2),
            np.zeros((2, weightings)),
            np.zeros((2, weightings, len(OFFSETS))),
            np.zeros((2, weightings, len(DIRECTIONS), self.heads)),
        )

    def labelled(self) -> Iterator[tuple[str, _Relation]]:
        """Give every relation that has arcs, by name: as written, and pooled over its subtypes.

        ``obl:*`` is ``obl`` with every ``obl:…``. It is left out where the treebank has one of them
        only and the two would be the same.
        """
        names: dict[str, list[str]] = defaultdict(list)
        for label, relation in self._relations.items():
            if relation.arcs[:, 0].any():
                names[label].append(label)
                names[label.partition(":")[0] + ":*"].append(label)
        for name in sorted(names):
            first, *more = sorted(names[name])
            if name == first:
                yield name, self._relations[first]
            elif more:
                pooled = self._relations[first]
                for label in more:
                    pooled = pooled + self._relations[label]
                yield name, pooled


def relations(tally: Tally, heads: Sequence[HeadPlace]) -> Table:
    """Return the accuracy of every head on all sentences, a row for each relation and direction.

    ``baseline`` is that of the best offset; as best of all on the same sentences, both flatter.
    """
    rows: list[tuple[Any, ...]] = []
    for label, relation in tally.labelled():
        arcs = relation.arcs.sum(axis=0)
        found = relation.found.sum(axis=0)
        low, high = _interval(found[1:], arcs[1:])
        accuracy = found[0] / arcs[0]
        baseline = relation.offsets.sum(axis=0)[0].max() / arcs[0]
        rows += [
            (
                label,
                name,
                *place,
                accuracy[direction, head],
                low[direction, head],
                high[direction, head],
                baseline,
                int(arcs[0]),
            )
            for direction, name in enumerate(DIRECTIONS)
            for head, place in enumerate(heads)
        ]
    return _table(
        [
            "relation",
            "direction",
            "site",
            "layer",
            "head",
            "accuracy",
            "low",
            "high",
            "baseline",
            "n",
        ],
        rows,
    )


def findings(tally: Tally, heads: Sequence[HeadPlace]) -> Table:
    """Return the head and the offset chosen on even rows, and what they are worth on odd ones.

    ``offset`` is where the word that the direction asks for is expected, in words to the right.
    ``difference`` is ``accuracy`` less ``baseline`` on the same arcs. Relations too rare to be
    judged (``MIN_ARCS``, ``MIN_SENTENCES``) are left out.
    """
    rows: list[tuple[Any, ...]] = []
    for label, relation in tally.labelled():
        if relation.arcs[:, 0].min() < MIN_ARCS or relation.sentences.min() < MIN_SENTENCES:
            continue
        at = int(relation.offsets[_EVEN, 0].argmax())
        arcs, by_offset = relation.arcs[_ODD], relation.offsets[_ODD, :, at]
        for direction, name in enumerate(DIRECTIONS):
            head = int(relation.found[_EVEN, 0, direction].argmax())
            found = relation.found[_ODD, :, direction, head]
            measures: list[float] = []
            for right in (found, by_offset, found - by_offset):
                measures += (right[0] / arcs[0], *_interval(right[1:], arcs[1:]))
            accuracy, low, high, baseline, _, _, difference, least, most = measures
            offset = OFFSETS[at] if name == "dependent→head" else -OFFSETS[at]
            rows.append(
                (
                    label,
                    name,
                    *heads[head],
                    offset,
                    accuracy,
                    low,
                    high,
                    baseline,
                    difference,
                    least,
                    most,
                    int(arcs[0]),
                )
            )
    return _table(
        [
            "relation",
            "direction",
            "site",
            "layer",
            "head",
            "offset",
            "accuracy",
            "low",
            "high",
            "baseline",
            "difference",
            "difference_low",
            "difference_high",
            "n",
        ],
        rows,
    )


def _interval(right: Float64, arcs: Float64) -> tuple[Any, Any]:
    """Return the ends of the interval of right/arcs over replicates: (B, …) and (B,) → (…).

    A replicate that drew no sentence with such an arc has no accuracy. NaN without any that has.
    """
    drawn = arcs > 0
    if not drawn.any():
        return np.full(right.shape[1:], np.nan), np.full(right.shape[1:], np.nan)
    shape = (-1,) + (1,) * (right.ndim - 1)
    low, high = np.percentile(right[drawn] / arcs[drawn].reshape(shape), _INTERVAL, axis=0)
    return low, high


def _table(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Table:
    kinds = {"relation": np.str_, "direction": np.str_, "site": np.str_} | dict.fromkeys(
        ("layer", "head", "offset", "n"), np.int64
    )
    return {
        name: np.array([row[column] for row in rows], dtype=kinds.get(name, np.float64))
        for column, name in enumerate(names)
    }
