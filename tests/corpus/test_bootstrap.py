"""Sums that can be merged, and how sure they are, on data with known answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.corpus.bootstrap import draws, interval
from inspector.corpus.sums import Sums


def test_a_sentence_is_drawn_as_a_poisson_variable_of_mean_one() -> None:
    weights = draws(range(400), seed=3)
    assert weights.shape == (501, 400)
    assert (weights[0] == 1).all()
    drawn = weights[1:].ravel()
    for often in range(5):
        expected = math.exp(-1) / math.factorial(often)
        # Four standard errors of a share over 200,000 draws.
        margin = 4 * math.sqrt(expected * (1 - expected) / drawn.size)
        assert abs((drawn == often).mean() - expected) < margin
    # No sentence and no replicate is like another.
    assert np.unique(weights[1:], axis=0).shape[0] == 500
    assert np.unique(weights[1:], axis=1).shape[1] == 400


def test_the_draws_follow_from_seed_file_and_row_alone() -> None:
    keys = [5, 2**40 + 5, 77]
    together = draws(keys, seed=1)
    for column, key in enumerate(keys):
        np.testing.assert_array_equal(draws([key], seed=1)[:, 0], together[:, column])
    assert (draws(keys, seed=2) != together).any()


def test_the_draws_are_the_inverse_of_the_distribution() -> None:
    key = 2**40 + 3
    raw = np.random.Philox(key=np.array([9, key], dtype=np.uint64)).random_raw(50)
    expected = []
    for number in raw:
        often, reached = 0, math.exp(-1)
        while int(number) / 2**64 >= reached:
            often += 1
            reached += math.exp(-1) / math.factorial(often)
        expected.append(often)
    assert draws([key], seed=9, replicates=50)[1:, 0].tolist() == expected


def test_the_interval_of_a_mean_is_as_wide_as_theory_says() -> None:
    """Sentences of one query each: the mean of n independent values has the error σ/√n."""
    generator = np.random.default_rng(5)
    values = generator.normal(3.0, 2.0, size=(2000, 1, 1, 40))
    sums = Sums.weighted(
        tuple(map(str, range(40))), draws(range(2000), seed=0), values, np.ones((2000, 1, 1, 1))
    )
    low, high = sums.intervals()
    np.testing.assert_allclose(sums.means[0, 0], values.mean(axis=0)[0, 0])
    width = 2 * 1.96 * 2.0 / math.sqrt(2000)
    np.testing.assert_allclose((high - low).mean(), width, rtol=0.05)
    # 95 % of 40 intervals hold the truth; fewer than 32 would in one run of 10,000.
    assert ((low < 3.0) & (high > 3.0)).sum() >= 32


def test_queries_of_a_sentence_are_no_independent_evidence() -> None:
    """Every sentence says the same 100 times: the interval must not be ten times narrower."""
    generator = np.random.default_rng(6)
    values = generator.normal(0.0, 1.0, size=(500, 1, 1, 20))
    names = tuple(map(str, range(20)))
    weights = draws(range(500), seed=0)
    once = Sums.weighted(names, weights, values, np.ones((500, 1, 1, 1)))
    often = Sums.weighted(names, weights, 100 * values, np.full((500, 1, 1, 1), 100.0))
    np.testing.assert_allclose(often.intervals(), once.intervals(), rtol=1e-12)


def test_nothing_drawn_is_nothing_known() -> None:
    sums = np.array([[[0.0, 2.0]], [[0.0, 4.0]]])
    counts = np.array([[[0.0, 1.0]], [[0.0, 1.0]]])
    low, high = interval(sums, counts)
    assert np.isnan(low[0, 0])
    assert np.isnan(high[0, 0])
    assert low[0, 1] == pytest.approx(2.05)
    assert high[0, 1] == pytest.approx(3.95)


@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_any_split_merged_in_order_gives_the_same(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 12))
    cuts = sorted(data.draw(st.sets(st.integers(1, count - 1)) if count > 1 else st.just(set())))
    generator = np.random.default_rng(data.draw(st.integers(0, 99)))
    values = generator.random((count, 2, 3, 4))
    counts = generator.integers(1, 9, size=(count, 1, 1, 1)).astype(float)
    names = ("a", "b", "c", "d")
    whole = Sums.weighted(names, draws(range(count), 1, 20), values, counts)
    merged = None
    for first, last in zip([0, *cuts], [*cuts, count], strict=True):
        keys = range(first, last)
        part = Sums.weighted(names, draws(keys, 1, 20), values[first:last], counts[first:last])
        merged = part if merged is None else merged.plus(part)
    assert merged is not None
    np.testing.assert_allclose(merged.values, whole.values, rtol=1e-12)
    np.testing.assert_allclose(merged.counts, whole.counts, rtol=1e-12)


def test_sums_of_different_things_are_not_added() -> None:
    one = Sums.nothing(("a",), 1, 1, 1)
    with pytest.raises(ValueError, match="cannot be added"):
        one.plus(Sums.nothing(("b",), 1, 1, 1))
