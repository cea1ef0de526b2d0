"""Queries and keys counted in steps: how far a score moves, and what cannot be counted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.report.html.blobs import Blob
from inspector.report.html.steps import in_steps, noise_of

NOISE = 1 / 300


def some(seed, heads=4, kept=2, tokens=60, width=16, spread=1.0):
    """Draw queries and keys whose dimensions differ in size, and lie anywhere."""
    rng = np.random.default_rng(seed)
    sizes = np.exp(spread * rng.normal(size=(2, width)))
    query = (rng.normal(size=(heads, tokens, width)) + rng.normal(size=width)) * sizes[0]
    key = (rng.normal(size=(kept, tokens, width)) + rng.normal(size=width)) * sizes[1]
    return query.astype(np.float32), key.astype(np.float32)


def scores(query, key, scale):
    """q·k for every pair, one product at a time in double precision."""
    shared = len(query) // len(key)
    whole = query.astype(float), np.repeat(key.astype(float), shared, axis=0)
    return np.einsum("htd,hsd->hts", *whole) * scale


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000), st.floats(0.005, 0.05), st.floats(0, 0.5), st.floats(1 / 1500, 1 / 300)
)
def test_a_score_moves_by_what_is_promised_whatever_the_sizes(seed, scale, spread, noise):
    query, key = some(seed, spread=spread)
    rounded = in_steps(query, key, scale, noise)
    assert rounded is not None
    moved = scores(*(side.numbers for side in rounded), scale) - scores(query, key, scale)
    assert np.sqrt(np.mean(moved**2)) == pytest.approx(noise, rel=0.25)


def test_every_number_is_off_by_half_a_step_at_most():
    for side, rounded in zip(some(7), in_steps(*some(7), 0.25, NOISE), strict=True):
        assert rounded.shape == side.shape
        step = np.empty(len(rounded.step))
        step[rounded.order] = rounded.step
        off = np.abs(rounded.numbers - side) / step.reshape(len(side), 1, -1)
        assert 0.4 < off.max() <= 0.5 + 1e-3


def test_a_page_carries_fewer_bytes_than_in_halves():
    query, key = some(1, heads=8, tokens=300, width=32)
    steps = [Blob.pack_steps("x", side) for side in in_steps(query, key, 32**-0.5, noise_of(300))]
    halves = [Blob.pack("x", side.astype(np.float16)) for side in (query, key)]
    assert sum(len(b.text) for b in steps) < 0.85 * sum(len(b.text) for b in halves)


def test_a_dimension_of_nothing_stays_nothing():
    query, key = some(2)
    query[..., 3] = key[..., 5] = 0
    rounded_query, rounded_key = in_steps(query, key, 0.25, NOISE)
    assert not rounded_query.numbers[..., 3].any() and not rounded_key.numbers[..., 5].any()
    assert not in_steps(query * 0, key * 0, 0.25, NOISE)[0].numbers.any()


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_what_cannot_be_counted_in_sixteen_bits_is_refused(value):
    query, key = some(3)
    key[0, 4, 2] = value
    query[0, 4, 2] = 1e3
    assert in_steps(query, key, 0.25, NOISE) is None


def test_the_longer_the_text_the_rougher_within_bounds():
    finest, roughest = noise_of(1), noise_of(10**6)
    assert finest == noise_of(50) < noise_of(200) < noise_of(400) < roughest == noise_of(600)
    # A weight moves by a quarter of what its score does, at most, and several of these add up.
    assert roughest < 5e-3
