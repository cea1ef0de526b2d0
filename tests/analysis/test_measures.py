"""The three measures beside slow versions, and on rows whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from inspector.analysis.ladder import ranking
from inspector.analysis.ladder.ranking import (
    RankedRows,
    agreeing_tops,
    correlation,
    rank_rows,
    same_order,
    sort_rows,
)
from inspector.analysis.measures import (
    distributions,
    divergence_from_one_key,
    jensen_shannon_bits,
    negative_entropy,
)

# Few different values, so that ties are common; both signs and both zeros.
rows = arrays(np.float64, (3, 6), elements=st.sampled_from([0.0, -0.0, 0.25, 0.5, 1.0, -2.0, 3.5]))
weights = arrays(np.float64, (3, 6), elements=st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0, 3.5]))
masks = arrays(np.bool_, (3, 6))
choices = arrays(np.bool_, 6)
#: What is packed into whole numbers and what is not.
types = st.sampled_from([np.float32, np.float64])
EVERYTHING = np.ones(6, dtype=bool)


def jsd(p: np.ndarray, q: np.ndarray) -> float:
    everything = [np.ones(p.shape[1], dtype=bool)]
    return float(
        jensen_shannon_bits(*distributions(p, everything), *distributions(q, everything))[0]
    )


def ranked(values: np.ndarray, visible: np.ndarray, keys: np.ndarray = EVERYTHING) -> RankedRows:
    return rank_rows(sort_rows(values, None if visible.all() else visible), keys)


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


@given(weights, weights)
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


def slow_divergence(p: list[float], q: list[float]) -> float:
    p, q = [x / sum(p) for x in p], [x / sum(q) for x in q]
    bits = 0.0
    for x, y in zip(p, q, strict=True):
        middle = (x + y) / 2
        bits += (x * math.log2(x / middle) if x else 0) / 2
        bits += (y * math.log2(y / middle) if y else 0) / 2
    return bits


@given(weights, weights, choices, st.booleans())
@settings(max_examples=200, deadline=None)
def test_divergence_over_some_keys_and_a_sink(
    a: np.ndarray, b: np.ndarray, keys: np.ndarray, has_sink: bool
) -> None:
    """Both choices at once; what is left of a row may be nothing."""
    a, b = a / 16, b / 16
    both = [distributions(side, [EVERYTHING, keys], has_sink=has_sink) for side in (a, b)]
    for choice, kept in enumerate((EVERYTHING, keys)):
        ours = jensen_shannon_bits(both[0][choice], both[1][choice])
        for i in range(3):
            p, q = list(a[i][kept]), list(b[i][kept])
            if has_sink:
                p.append(max(0.0, 1 - a[i].sum()))
                q.append(max(0.0, 1 - b[i].sum()))
            assert both[0][choice].alive[i] == (sum(p) > 0)
            if sum(p) > 0 and sum(q) > 0:
                assert ours[i] == pytest.approx(slow_divergence(p, q), abs=1e-12)
            if sum(p) > 0:
                entropy = -sum(x / sum(p) * math.log2(x / sum(p)) for x in p if x)
                assert -both[0][choice].negative_entropy[i] == pytest.approx(entropy, abs=1e-12)


@given(weights, st.integers(0, 5))
@settings(max_examples=50, deadline=None)
def test_divergence_from_a_row_of_one_key(values: np.ndarray, key: int) -> None:
    values = values + 0.125 * (values.sum(axis=1, keepdims=True) == 0)
    (ours,) = distributions(values, [EVERYTHING])
    one = [float(j == key) for j in range(6)]
    for i, bits in enumerate(divergence_from_one_key(ours.shares[:, key])):
        assert bits == pytest.approx(slow_divergence(list(values[i]), one), abs=1e-12)


def test_entropy_is_the_sum_over_keys() -> None:
    values = np.array([[0.5, 0.25, 0.25, 0], [1, 0, 0, 0]])
    np.testing.assert_allclose(negative_entropy(values), [-1.5, 0], atol=1e-12)


def slow_ranks(row: np.ndarray, visible: np.ndarray) -> list[float]:
    """A key's rank is how many are smaller, plus half of how many others tie with it."""
    seen = [value for value, there in zip(row, visible, strict=True) if there]
    return [
        sum(other < value for other in seen) + (sum(other == value for other in seen) - 1) / 2
        for value in row
    ]


@given(rows, masks, choices, types)
@settings(max_examples=200, deadline=None)
def test_ranks_are_counted(
    values: np.ndarray, visible: np.ndarray, keys: np.ndarray, dtype: type
) -> None:
    values = values.astype(dtype)
    ours = ranked(values, visible, keys)
    for i in range(3):
        there = visible[i] & keys
        expected = np.array(slow_ranks(values[i], there)) - (there.sum() - 1) / 2
        np.testing.assert_array_equal(ours.ranks[i], np.where(there, expected, 0))
        assert ours.counts[i] == there.sum()
        best = [j for j in np.flatnonzero(there) if values[i, j] == max(values[i][there])]
        assert ours.unclear[i] == (len(best) != 1)
        assert ours.unclear[i] or ours.top[i] == best[0]


@given(rows, rows, masks, types)
@settings(max_examples=200, deadline=None)
def test_the_same_order_is_the_same_ranks_without_ties(
    a: np.ndarray, b: np.ndarray, visible: np.ndarray, dtype: type
) -> None:
    a, b = a.astype(dtype), b.astype(dtype)
    same = same_order(sort_rows(a, visible), b)
    for i in range(3):
        ranks = [np.array(slow_ranks(side[i], visible[i]))[visible[i]] for side in (a, b)]
        without_ties = all(len(set(of)) == len(of) for of in ranks)
        assert same[i] == (without_ties and (ranks[0] == ranks[1]).all())


@given(rows, rows, masks, types)
@settings(max_examples=100, deadline=None)
def test_correlation_is_pearson_of_the_ranks(
    a: np.ndarray, b: np.ndarray, visible: np.ndarray, dtype: type
) -> None:
    first, second = ranked(a.astype(dtype), visible), ranked(b.astype(dtype), visible)
    product = (first.ranks * second.ranks).sum(axis=1)
    ours = correlation(product, first.squares, second.squares)
    for i in range(3):
        ranks = [np.array(slow_ranks(side[i], visible[i]))[visible[i]] for side in (a, b)]
        if min(len(set(of)) for of in ranks) < 2:
            assert math.isnan(ours[i])
        else:
            assert ours[i] == pytest.approx(np.corrcoef(*ranks)[0, 1], abs=1e-12)


@given(rows, rows, masks, choices, types)
@settings(max_examples=200, deadline=None)
def test_top1_is_how_often_two_picks_agree(
    a: np.ndarray, b: np.ndarray, visible: np.ndarray, chosen: np.ndarray, dtype: type
) -> None:
    a, b = a.astype(dtype), b.astype(dtype)
    places = np.arange(3)
    ours = agreeing_tops(
        ranked(a, visible, chosen), ranked(b, visible, chosen), (places[:, None], places)
    )
    for i in range(3):
        keys = [j for j in range(6) if visible[i, j] and chosen[j]]
        if not keys:
            assert math.isnan(ours[i, i])
            continue
        best_a = [j for j in keys if a[i, j] == max(a[i, k] for k in keys)]
        best_b = [j for j in keys if b[i, j] == max(b[i, k] for k in keys)]
        agree = sum(x == y for x in best_a for y in best_b) / (len(best_a) * len(best_b))
        assert ours[i, i] == pytest.approx(agree)


@given(st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=30, deadline=None)
def test_ranks_of_a_short_row_are_as_exact_in_float32(seed: int, ties: bool) -> None:
    """The longest rows that are ranked so, beside the same in float64: equal to the last bit."""
    random = np.random.default_rng(seed)
    drawn = random.normal(size=(2, 5, ranking._EXACT)).astype(np.float32)
    if ties:
        drawn = np.round(drawn, 1)
    keys = random.random(ranking._EXACT) < random.choice([0.5, 0.99, 1.0])
    short = [rank_rows(sort_rows(values, None), keys) for values in drawn]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "_EXACT", 0)
        long = [rank_rows(sort_rows(values, None), keys) for values in drawn]
    assert short[0].ranks.dtype == np.float32
    assert long[0].ranks.dtype == np.float64
    for one, other in zip(short, long, strict=True):
        assert one.ranks.tolist() == other.ranks.tolist()
        assert one.squares.tolist() == other.squares.tolist()
    products = [(side[0].ranks @ side[1].ranks.T).tolist() for side in (short, long)]
    assert products[0] == products[1]
