"""Tokens merged into words beside plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.analysis.merging import Merging

lengths = st.lists(st.integers(1, 4), min_size=1, max_size=5)


def groups(sizes: list[int]) -> list[list[int]]:
    ends = np.cumsum(sizes)
    return [list(range(end - size, end)) for end, size in zip(ends, sizes, strict=True)]


@given(lengths, lengths)
@settings(max_examples=50, deadline=None)
def test_into_a_word_is_the_sum_and_out_of_it_the_mean(rows: list[int], cols: list[int]) -> None:
    attention = np.random.default_rng(1).random((2, sum(rows), sum(cols)))
    before = attention.copy()
    merged = Merging(groups(rows), groups(cols))(attention)
    assert merged.shape == (2, len(rows), len(cols))
    for head in range(2):
        for word, asking in enumerate(groups(rows)):
            for other, attended in enumerate(groups(cols)):
                total = sum(before[head, i, j] for i in asking for j in attended)
                assert merged[head, word, other] == pytest.approx(total / len(asking), abs=1e-12)
    merged[:] = 0
    np.testing.assert_array_equal(attention, before)


def test_it_stays_in_float32_and_rows_still_sum_to_one() -> None:
    attention = np.random.default_rng(2).dirichlet(np.ones(5), size=(3, 5)).astype(np.float32)
    words = [[0], [1, 2], [3, 4]]
    merged = Merging(words, words)(attention)
    assert merged.dtype == np.float32
    np.testing.assert_allclose(merged.sum(axis=2), 1, atol=1e-6)
