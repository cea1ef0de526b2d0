"""Attention between tokens merged into attention between words.

Attention *into* a word is the sum over its tokens, attention *out of* a word their mean, so that
rows still sum to 1 (Clark et al. 2019, "What Does BERT Look At?"). Most words are one token, which
is taken as it is; only the further tokens of the others cost arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inspector.records import Array

#: The tokens of every word, in the order of the text: (1,), (2, 3), (4,), …
Groups = Sequence[Sequence[int]]


def merge_tokens(attention: Array, asking: Groups, attended: Groups) -> Array:
    """Merge (H, T, S) between tokens into (H, W, V) between words, an array of its own."""
    rows = attention[:, [group[0] for group in asking]]
    for words, tokens in _further(asking):
        rows[:, words] += attention[:, tokens]
    counts = np.array([len(group) for group in asking])
    several = np.flatnonzero(counts > 1)
    rows[:, several] /= counts[several, None].astype(rows.dtype)
    merged: Array = rows.take([group[0] for group in attended], axis=2)
    for words, tokens in _further(attended):
        merged[:, :, words] += rows[:, :, tokens]
    return merged


def _further(groups: Groups) -> list[tuple[list[int], list[int]]]:
    """Return which words have a second token and where, which have a third, and so on."""
    longest = max(map(len, groups), default=0)
    return [
        (
            [word for word, group in enumerate(groups) if len(group) > nth],
            [group[nth] for group in groups if len(group) > nth],
        )
        for nth in range(1, longest)
    ]
