"""Every rung beside plain loops, and the ladder's end beside the model."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from inspector.analogy.ladder import RUNGS, applies, mixed, weights
from inspector.records import Projection, RebuiltLayer
from inspector.session import Inspection

T, D, H, DIM = 4, 6, 2, 2
RUNG = {rung.name: rung for rung in RUNGS}
rng = np.random.default_rng(5)
OUTPUT = Projection(rng.normal(size=(D, H * DIM)), rng.normal(size=D))


@pytest.fixture(params=[False, True], ids=["everybody heard", "causal"])
def layer(request: pytest.FixtureRequest) -> RebuiltLayer:
    visible = np.tril(np.ones((T, T), bool)) if request.param else np.ones((T, T), bool)
    attention = rng.dirichlet(np.ones(T), size=(H, T))
    return RebuiltLayer(
        site="self",
        layer=0,
        states=rng.normal(size=(T, D)),
        query=rng.normal(size=(H, T, DIM)),
        key=rng.normal(size=(1, T, DIM)),
        value=rng.normal(size=(1, T, DIM)),
        scale=0.3,
        visible=visible,
        attention=attention,
        output=rng.normal(size=(T, D)),
        output_projection=OUTPUT,
    )


def dot(first: Any, second: Any) -> float:
    return sum(float(a) * float(b) for a, b in zip(first, second, strict=True))


def softmax_row(row: list[float]) -> list[float]:
    powers = [math.exp(value) for value in row]
    return [power / sum(powers) for power in powers]


def interactions(layer: RebuiltLayer) -> list[list[float]]:
    X = layer.states
    return [[dot(X[i], X[j]) for j in range(T)] for i in range(T)]


def expected(name: str, layer: RebuiltLayer) -> Any:  # noqa: PLR0911
    R = interactions(layer)
    query, key = layer.query, layer.key[0]
    match name:
        case "strangers":
            return [[float(i == j) for j in range(T)] for i in range(T)]
        case "classroom":
            return R
        case "share":
            return [[max(r, 0) / sum(max(x, 0) for x in row) for r in row] for row in R]
        case "softmax":
            return [softmax_row(row) for row in R]
        case "scaled":
            return [softmax_row([r / math.sqrt(D) for r in row]) for row in R]
        case "learned":
            scores = [
                [
                    sum(dot(query[h, i], key[j]) for h in range(H)) / math.sqrt(H * DIM)
                    for j in range(T)
                ]
                for i in range(T)
            ]
            return [softmax_row(row) for row in scores]
        case "heads" | "mask":
            hidden = name == "mask"
            return [
                [
                    softmax_row(
                        [
                            dot(query[h, i], key[j]) / math.sqrt(DIM)
                            if layer.visible[i, j] or not hidden
                            else -math.inf
                            for j in range(T)
                        ]
                    )
                    for i in range(T)
                ]
                for h in range(H)
            ]
    raise AssertionError(name)


@pytest.mark.parametrize(
    "name", ["strangers", "classroom", "share", "softmax", "scaled", "learned", "heads", "mask"]
)
def test_weights_are_the_loops(name: str, layer: RebuiltLayer) -> None:
    np.testing.assert_allclose(weights(RUNG[name], layer), expected(name, layer), atol=1e-12)


def test_the_last_rung_is_the_rebuild(layer: RebuiltLayer) -> None:
    np.testing.assert_array_equal(weights(RUNG["model"], layer), layer.attention)


def test_a_share_of_nothing_stays_with_oneself() -> None:
    from inspector.analogy.ladder import share

    raw = np.array([[-1.0, -2.0], [3.0, 1.0]])
    np.testing.assert_array_equal(share(raw), [[1.0, 0.0], [0.75, 0.25]])


@pytest.mark.parametrize("name", ["strangers", "classroom", "share", "softmax", "scaled"])
def test_the_classroom_mixes_traits(name: str, layer: RebuiltLayer) -> None:
    matrix = expected(name, layer)
    by_hand = [
        [sum(matrix[i][j] * layer.states[j, k] for j in range(T)) for k in range(D)]
        for i in range(T)
    ]
    ours = mixed(RUNG[name], layer, np.zeros((T, D)))
    np.testing.assert_allclose(ours, by_hand, atol=1e-12)


@pytest.mark.parametrize("name", ["learned", "heads"])
def test_learned_rungs_mix_values(name: str, layer: RebuiltLayer) -> None:
    matrix = expected(name, layer)
    assert OUTPUT.bias is not None
    result = np.zeros((T, D))
    for i in range(T):
        for out in range(D):
            result[i, out] = OUTPUT.bias[out]
            for h in range(H):
                row = matrix[i] if name == "learned" else matrix[h][i]
                for k in range(DIM):
                    value = sum(row[j] * layer.value[0, j, k] for j in range(T))
                    result[i, out] += value * OUTPUT.weight[out, h * DIM + k]
    np.testing.assert_allclose(mixed(RUNG[name], layer, np.zeros((T, D))), result)


def test_the_model_adds_to_what_was_there(layer: RebuiltLayer) -> None:
    hidden = rng.normal(size=(T, D))
    np.testing.assert_array_equal(mixed(RUNG["model"], layer, hidden), hidden + layer.output)


def test_rungs_that_a_layer_does_not_have(layer: RebuiltLayer) -> None:
    there = {rung.name for rung in RUNGS if applies(rung, layer)}
    assert "position" not in there
    assert ("mask" in there) is not bool(layer.visible.all())


def test_on_the_real_model_heads_are_the_attention(cat: Inspection) -> None:
    """BERT has neither positions in its scores nor a mask: splitting into heads is the end."""
    assert cat.rebuild.layers
    for captured, rebuilt in zip(cat.trace.layers, cat.rebuild.layers, strict=True):
        assert np.abs(weights(RUNG["heads"], rebuilt) - captured.attention).max() <= 1e-5


def test_mix_by_name(cat: Inspection) -> None:
    hidden, output = cat.trace.layers[2].hidden, cat.trace.layers[2].output
    assert output is not None
    np.testing.assert_allclose(cat.mix("model", 2), hidden + output, atol=1e-5)
    np.testing.assert_array_equal(cat.mix("strangers", 2), hidden)
    np.testing.assert_allclose(cat.mix("heads", 2), output, atol=1e-5)
