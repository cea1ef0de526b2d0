"""The three measures beside slow versions, and on rows whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from inspector.analysis.measures import (
    average_ranks,
    centred,
    jensen_shannon_bits,
    negative_entropy,
    ranks_without,
    spearman,
    top1_agreement,
    tops,
)

# Few different values, so that ties are common.
rows = arrays(np.float64, (3, 6), elements=st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0, 3.5]))
masks = arrays(np.bool_, (3, 6))


def jsd(p: np.ndarray, q: np.ndarray) -> float:
    return float(jensen_shannon_bits(p, q, negative_entropy(p), negative_entropy(q))[0])


@pytest.mark.parametrize(
    ("first", "second", "bits"),
    [
        ([1, 0], [0, 1], 1.0),
        ([0.5, 0.5], [0.5, 0.5], 0.0),
        # H(3/4, 1/4) − (0 + 1)/2
        ([1, 0], [0.5, 0.5], 0.811278124459 - 0.5),
        ([0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5], 1.0),
    ],
)
def test_known_divergences(first: list[float], second: list[float], bits: float) -> None:
    assert jsd(np.array([first]), np.array([second])) == pytest.approx(bits, abs=1e-12)


@given(rows, rows)
@settings(max_examples=100, deadline=None)
def test_divergence_is_the_sum_over_keys(a: np.ndarray, b: np.ndarray) -> None:
    p, q = a + 0.001, b + 0.001
    p, q = p / p.sum(1, keepdims=True), q / q.sum(1, keepdims=True)
    for i in range(3):
        expected = 0.0
        for x, y in zip(p[i], q[i], strict=True):
            m = (x + y) / 2
            expected += (x * math.log2(x / m) + y * math.log2(y / m)) / 2
        assert jsd(p[i : i + 1], q[i : i + 1]) == pytest.approx(expected, abs=1e-12)


def slow_ranks(row: np.ndarray, visible: np.ndarray) -> list[float]:
    """A key's rank is how many are smaller, plus half of how many others tie with it."""
    seen = [value for value, there in zip(row, visible, strict=True) if there]
    return [
        sum(other < value for other in seen) + (sum(other == value for other in seen) - 1) / 2
        for value in row
    ]


@given(rows, masks)
@settings(max_examples=100, deadline=None)
def test_ranks_are_counted(values: np.ndarray, visible: np.ndarray) -> None:
    ranks = average_ranks(values, visible)
    for i in range(3):
        expected = slow_ranks(values[i], visible[i])
        np.testing.assert_array_equal(ranks[i][visible[i]], np.array(expected)[visible[i]])


@given(rows, masks, st.sets(st.integers(0, 5), max_size=3))
@settings(max_examples=100, deadline=None)
def test_ranks_without_some_keys_are_ranks_of_the_rest(
    values: np.ndarray, visible: np.ndarray, dropped: set[int]
) -> None:
    kept = np.array([key not in dropped for key in range(6)])
    ours = ranks_without(average_ranks(values, visible), values, visible, sorted(dropped))
    again = average_ranks(values[:, kept], visible[:, kept])
    there = visible[:, kept]
    np.testing.assert_array_equal(ours[:, kept][there], again[there])


@given(rows, rows, masks)
@settings(max_examples=100, deadline=None)
def test_spearman_is_pearson_of_the_ranks(
    a: np.ndarray, b: np.ndarray, visible: np.ndarray
) -> None:
    ours = spearman(
        centred(average_ranks(a, visible), visible), centred(average_ranks(b, visible), visible)
    )
    for i in range(3):
        first = np.array(slow_ranks(a[i], visible[i]))[visible[i]]
        second = np.array(slow_ranks(b[i], visible[i]))[visible[i]]
        if len(set(first)) < 2 or len(set(second)) < 2:
            assert math.isnan(ours[i])
        else:
            assert ours[i] == pytest.approx(np.corrcoef(first, second)[0, 1], abs=1e-12)


@given(rows, rows, masks)
@settings(max_examples=100, deadline=None)
def test_top1_is_how_often_two_picks_agree(
    a: np.ndarray, b: np.ndarray, visible: np.ndarray
) -> None:
    ours = top1_agreement(tops(a, visible), tops(b, visible))
    for i in range(3):
        keys = [j for j in range(6) if visible[i, j]]
        if not keys:
            assert math.isnan(ours[i])
            continue
        best_a = [j for j in keys if a[i, j] == max(a[i, k] for k in keys)]
        best_b = [j for j in keys if b[i, j] == max(b[i, k] for k in keys)]
        agree = sum(x == y for x in best_a for y in best_b) / (len(best_a) * len(best_b))
        assert ours[i] == pytest.approx(agree)
