"""The core beside plain loops over Python floats."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from inspector.forward.core import (
    attend,
    attend_and_mix,
    mix,
    split_heads,
    transformed_norms,
)
from inspector.forward.products import project
from inspector.records import Projection

numbers = st.floats(-3, 3, width=32)


def loop_attention(
    query: np.ndarray, key: np.ndarray, scale: float, visible: np.ndarray
) -> list[Any]:
    heads, tokens, dims = query.shape
    shared = heads // len(key)
    result = []
    for h in range(heads):
        matrix = []
        for i in range(tokens):
            scores = []
            for j in range(key.shape[1]):
                dot = sum(
                    float(query[h, i, k]) * float(key[h // shared, j, k]) for k in range(dims)
                )
                scores.append(scale * dot if visible[i, j] else -3.4e38)
            top = max(scores)
            powers = [math.exp(score - top) for score in scores]
            matrix.append([power / sum(powers) for power in powers])
        result.append(matrix)
    return result


@st.composite
def qk(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    kv_heads, shared = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    tokens, dims = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    query = draw(arrays(np.float64, (kv_heads * shared, tokens, dims), elements=numbers))
    key = draw(arrays(np.float64, (kv_heads, tokens, dims), elements=numbers))
    return query, key


@given(qk(), st.floats(0.1, 2), st.booleans())
@settings(max_examples=60, deadline=None)
def test_attention_is_the_loop(
    both: tuple[np.ndarray, np.ndarray], scale: float, causal: bool
) -> None:
    query, key = both
    tokens = query.shape[1]
    visible = (
        np.tril(np.ones((tokens, tokens), bool)) if causal else np.ones((tokens, tokens), bool)
    )
    ours = attend(query, key, scale=scale, visible=visible)
    np.testing.assert_allclose(ours, loop_attention(query, key, scale, visible), atol=1e-12)


def test_what_is_forbidden_gets_exactly_nothing() -> None:
    query = np.ones((1, 3, 2), np.float32)
    visible = np.tril(np.ones((3, 3), bool))
    weights = attend(query, query, scale=1.0, visible=visible)
    assert (weights[0][~visible] == 0).all()
    assert weights[0, 0, 0] == 1


def test_float32_stays_float32() -> None:
    rng = np.random.default_rng(0)
    states = rng.normal(size=(5, 8)).astype(np.float32)
    square = Projection(
        rng.normal(size=(8, 8)).astype(np.float32), rng.normal(size=8).astype(np.float32)
    )
    heads = split_heads(project(states, square), 2)
    weights = attend(heads, heads, scale=8**-0.5, visible=np.ones((5, 5), bool))
    assert weights.dtype == np.float32
    assert mix(weights, heads, square).dtype == np.float32
    assert transformed_norms(heads, square, 2).dtype == np.float32


def test_large_scores_do_not_overflow() -> None:
    query = np.full((1, 2, 4), 1e4, np.float32)
    weights = attend(query, query, scale=1.0, visible=np.ones((2, 2), bool))
    np.testing.assert_array_equal(weights, np.full((1, 2, 2), 0.5, np.float32))


@pytest.mark.parametrize("length", [0.1, 4.0, 8.5, 9.3, 10.0, 30.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_shortcut_for_moderate_scores_is_no_other_softmax(
    length: float, dtype: type[np.floating[Any]]
) -> None:
    """Scores reach ±length²: up to where nothing is shifted, at that edge, and beyond it."""
    rng = np.random.default_rng(3)
    query = rng.normal(size=(2, 6, 3))
    query *= length / np.linalg.norm(query, axis=-1, keepdims=True)
    key = np.concatenate([query[:, :3], -query[:, 3:]], axis=1)
    visible = np.tril(np.ones((6, 6), bool))
    ours = attend(query.astype(dtype), key.astype(dtype), scale=1.0, visible=visible)
    assert np.isfinite(ours).all()
    # A score of 900 has lost four digits in float32 before any softmax.
    atol = 1e-12 if dtype is np.float64 else 1e-7 * max(1, length**2)
    np.testing.assert_allclose(ours, loop_attention(query, key, 1.0, visible), atol=atol)


def test_who_may_hear_nobody_hears_everybody_alike() -> None:
    query = np.ones((1, 2, 2), np.float32)
    weights = attend(query, query, scale=1.0, visible=np.array([[True, False], [False, False]]))
    np.testing.assert_array_equal(weights[0], np.array([[1, 0], [0.5, 0.5]], np.float32))


@pytest.mark.parametrize("softcap", [None, 0.5])
def test_mixing_head_by_head_is_mixing_afterwards(softcap: float | None) -> None:
    rng = np.random.default_rng(4)
    query, key, value = (rng.normal(size=(heads, 5, 3)) for heads in (4, 2, 2))
    output = Projection(rng.normal(size=(6, 12)), rng.normal(size=6))
    visible = np.tril(np.ones((5, 5), bool))
    space = np.empty((4, 5, 5))
    attention, mixed = attend_and_mix(
        query, key, value, scale=0.7, visible=visible, softcap=softcap, out=space
    )
    expected = attend(query, key, scale=0.7, visible=visible, softcap=softcap)
    assert attention is space
    np.testing.assert_allclose(attention, expected, atol=1e-15)
    np.testing.assert_allclose(project(mixed, output), mix(expected, value, output), atol=1e-12)


def test_the_output_is_every_head_mixed_and_projected() -> None:
    rng = np.random.default_rng(1)
    attention = rng.dirichlet(np.ones(3), size=(2, 3))
    value = rng.normal(size=(2, 3, 2))
    weight, bias = rng.normal(size=(4, 4)), rng.normal(size=4)
    expected = np.zeros((3, 4))
    for i in range(3):
        for out in range(4):
            expected[i, out] = bias[out]
            for h in range(2):
                for k in range(2):
                    mixed = sum(attention[h, i, j] * value[h, j, k] for j in range(3))
                    expected[i, out] += mixed * weight[out, 2 * h + k]
    np.testing.assert_allclose(mix(attention, value, Projection(weight, bias)), expected)


@pytest.mark.parametrize("kv_heads", [1, 2, 4])
def test_moved_is_the_length_of_the_moved_vector(kv_heads: int) -> None:
    rng = np.random.default_rng(2)
    value = rng.normal(size=(kv_heads, 3, 2))
    weight = rng.normal(size=(6, 8))
    lengths = transformed_norms(value, Projection(weight, None), heads=4)
    for h in range(4):
        for j in range(3):
            vector = weight[:, 2 * h : 2 * h + 2] @ value[h // (4 // kv_heads), j]
            assert lengths[h, j] == pytest.approx(math.sqrt(sum(x * x for x in vector)))
