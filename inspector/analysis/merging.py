"""Attention between tokens merged into attention between words.

Attention *into* a word is the sum over its tokens, attention *out of* a word their mean, so that
rows still sum to 1 (Clark et al. 2019, "What Does BERT Look At?"). Most words are one token, which
is taken as it is; only the further tokens of the others cost arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inspector.records import Array

Whole = NDArray[np.intp]

#: The tokens of every word, in the order of the text: (1,), (2, 3), (4,), …
Groups = Sequence[Sequence[int]]


class Merging:
    """How the tokens of two texts are merged, made ready once for many matrices between them."""

    def __init__(self, asking: Groups, attended: Groups) -> None:
        self._rows, self._cols = _first(asking), _first(attended)
        self._further_rows, self._further_cols = _further(asking), _further(attended)
        counts = np.array([len(group) for group in asking])
        self._several = np.flatnonzero(counts > 1)
        self._counts = counts[self._several, None]

    def __call__(self, attention: Array) -> Array:
        """Merge (H, T, S) between tokens into (H, W, V) between words, an array of its own."""
        rows = attention.take(self._rows, axis=1)
        for words, tokens in self._further_rows:
            rows[:, words] += attention[:, tokens]
        rows[:, self._several] /= self._counts.astype(rows.dtype)
        merged: Array = rows.take(self._cols, axis=2)
        for words, tokens in self._further_cols:
            merged[:, :, words] += rows[:, :, tokens]
        return merged


def _first(groups: Groups) -> Whole:
    return np.array([group[0] for group in groups], dtype=np.intp)


def _further(groups: Groups) -> list[tuple[Whole, Whole]]:
    """Return which words have a second token and where, which have a third, and so on."""
    longest = max(map(len, groups), default=0)
    return [
        (
            np.flatnonzero([len(group) > nth for group in groups]),
            np.array([group[nth] for group in groups if len(group) > nth], dtype=np.intp),
        )
        for nth in range(1, longest)
    ]
