"""Shares beside an average over every order, row by row, and the laws that fix what they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from plain_attention import divergence, row, small_layer, trace_of

import inspector
from inspector.analysis.ladder.agreement import measure_ladder
from inspector.analysis.shares import measure_shares, shapley
from inspector.records import RebuiltLayer, Share, Trace
from inspector.session import Inspection

games = arrays(np.float64, (8, 2), elements=st.floats(-1, 1))


def with_sink(row: Sequence[float]) -> list[float]:
    """A row and what it lacks to 1, which is the sink's."""
    return [*row, max(0.0, 1 - float(sum(row)))]


def over_all_orders(layer: RebuiltLayer, model: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """(ingredients, H): the mean drop in bits when each joins, over every order."""
    heads, tokens, _ = model.shape

    def distance(chosen: set[str], head: int) -> float:
        rows = [
            divergence(with_sink(model[head, i]), with_sink(row(layer, chosen, head, i)))
            for i in range(tokens)
        ]
        return sum(rows) / tokens

    result = np.zeros((len(names), heads))
    orders = list(permutations(names))
    for head in range(heads):
        for order in orders:
            chosen: set[str] = set()
            for name in order:
                before = distance(chosen, head)
                chosen = chosen | {name}
                result[names.index(name), head] += (before - distance(chosen, head)) / len(orders)
    return result


def gap(trace: Trace, rebuilt: tuple[RebuiltLayer, ...]) -> np.ndarray:
    """(N, H): what lies between two rungs of the ladder, measured by the ladder."""
    bits = {
        rung.name: rung.all_tokens.jsd_bits
        for rung in measure_ladder(trace, rebuilt)
        if rung.all_tokens
    }
    return bits["softmax"] - bits["model"]


def names(shares: tuple[Share, ...]) -> list[str]:
    return [share.ingredient for share in shares]


@pytest.mark.parametrize("another", [False, True], ids=["the rebuild", "another model"])
@pytest.mark.parametrize("positions", [None, "by_key", "vectors"])
@pytest.mark.parametrize(("stretch", "sink"), [(1.0, False), (1.5, False), (1.0, True)])
def test_what_the_ladder_has_measured_is_taken_from_it(
    another: bool, positions: str | None, stretch: float, sink: bool
) -> None:
    layers = tuple(
        small_layer(
            tokens=6, causal=causal, positions=positions, stretch=stretch, sink=sink, seed=seed
        )
        for seed, causal in enumerate((False, True, True))
    )
    trace = trace_of(*layers)
    if another:
        others = [small_layer(tokens=6, causal=True, sink=sink, seed=8 + at) for at in range(3)]
        pairs = zip(trace.layers, others, strict=True)
        trace = replace(
            trace, layers=tuple(replace(of, attention=by.attention) for of, by in pairs)
        )
    ladder = measure_ladder(trace, layers)
    found, alone = measure_shares(trace, layers, ladder), measure_shares(trace, layers)
    assert names(found) == names(alone)
    for one, expected in zip(found, alone, strict=True):
        np.testing.assert_allclose(one.per_head, expected.per_head, atol=1e-6)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("width", [6, 5])
@pytest.mark.parametrize("another", [False, True], ids=["the rebuild", "another model"])
def test_a_share_is_the_mean_over_all_orders(causal: bool, width: int, another: bool) -> None:
    layer = small_layer(causal=causal, width=width)
    trace = trace_of(layer)
    model = layer.attention
    if another:
        model = np.random.default_rng(3).dirichlet(np.ones(4), size=(2, 4))
        trace = replace(trace, layers=(replace(trace.layers[0], attention=model),))
    found = measure_shares(trace, (layer,))
    assert names(found) == ["learned", "heads", "scale", *(["mask"] if causal else [])]
    expected = over_all_orders(layer, model, names(found))
    np.testing.assert_allclose([share.per_head[0] for share in found], expected, atol=1e-12)
    np.testing.assert_allclose([share.bits for share in found], expected.mean(axis=1), atol=1e-12)


@pytest.mark.parametrize("positions", ["by_key", "vectors"])
def test_a_sink_and_what_positions_add_are_shared_out_too(positions: str) -> None:
    layer = small_layer(tokens=3, positions=positions, sink=True)
    found = measure_shares(trace_of(layer), (layer,))
    assert names(found) == ["learned", "heads", "scale", "position", "dialect"]
    expected = over_all_orders(layer, layer.attention, names(found))
    np.testing.assert_allclose([share.per_head[0] for share in found], expected, atol=1e-12)


@pytest.mark.parametrize("together", [1, 20, 150])
def test_one_head_and_few_rows_at_a_time_give_the_same(
    monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    layers = tuple(small_layer(tokens=7, heads=3, causal=n == 1, seed=n) for n in range(2))
    whole = measure_shares(trace_of(*layers), layers)
    monkeypatch.setattr("inspector.analysis.shares._TOGETHER", together)
    parts = measure_shares(trace_of(*layers), layers)
    for first, second in zip(whole, parts, strict=True):
        np.testing.assert_allclose(first.per_head, second.per_head, atol=1e-14)


def test_a_layer_without_an_ingredient_gives_it_nothing() -> None:
    layers = (small_layer(causal=False), small_layer(causal=True))
    found = measure_shares(trace_of(*layers), layers)
    alone = measure_shares(trace_of(layers[0]), layers[:1])
    assert names(found) == ["learned", "heads", "scale", "mask"]
    assert (found[3].per_head[0] == 0).all()
    assert (found[3].per_head[1] > 0).all()
    for with_mask, without in zip(found[:3], alone, strict=True):
        np.testing.assert_allclose(with_mask.per_head[0], without.per_head[0], atol=1e-14)


# --- efficiency -----------------------------------------------------------------------------


@pytest.mark.parametrize("causal", [False, True])
def test_shares_sum_to_the_gap_between_two_rungs(causal: bool) -> None:
    layers = tuple(small_layer(tokens=6, causal=causal, seed=n) for n in range(3))
    trace = trace_of(*layers)
    total = sum(share.per_head for share in measure_shares(trace, layers))
    np.testing.assert_allclose(total, gap(trace, layers), atol=1e-12)


def test_on_the_bundled_model_they_sum_to_the_gap(cat: Inspection) -> None:
    assert names(cat.shares) == ["learned", "heads", "scale"]
    expected = gap(cat.trace, cat.rebuild.layers)
    np.testing.assert_allclose(sum(share.per_head for share in cat.shares), expected, atol=1e-9)
    assert sum(share.bits for share in cat.shares) == pytest.approx(expected.mean(), abs=1e-9)


@pytest.mark.parametrize("name", ["random bert", "random distilbert", "trained distilbert"])
def test_on_other_models_they_sum_to_the_gap(name: str, model_folders: dict[str, Path]) -> None:
    found = inspector.inspect("the cat sat on the mat .", model=model_folders[name])
    total = sum(share.per_head for share in found.shares)
    np.testing.assert_allclose(total, gap(found.trace, found.rebuild.layers), atol=1e-9)


# --- symmetry, null, and a game by hand -----------------------------------------------------


@given(games)
def test_values_sum_to_what_all_are_worth_together(worth: np.ndarray) -> None:
    np.testing.assert_allclose(shapley(worth).sum(axis=0), worth[7] - worth[0], atol=1e-12)


@given(games)
def test_players_who_can_stand_in_for_each_other_get_the_same(worth: np.ndarray) -> None:
    # Players 0 and 1: {0} as {1}, {0, 2} as {1, 2}.
    worth[0b010], worth[0b110] = worth[0b001], worth[0b101]
    first, second, _ = shapley(worth)
    np.testing.assert_allclose(first, second, atol=1e-12)


@given(games)
def test_a_player_who_changes_nothing_gets_nothing(worth: np.ndarray) -> None:
    worth[0b100:] = worth[:0b100]
    np.testing.assert_array_equal(shapley(worth)[2], 0)


def test_a_game_by_hand() -> None:
    """The glove game: players 0 and 1 each own a left glove, player 2 the only right one."""
    worth = np.array([0, 0, 0, 0, 0, 1, 1, 1], dtype=float)
    np.testing.assert_allclose(shapley(worth), [1 / 6, 1 / 6, 4 / 6])


def test_ingredients_that_change_nothing_get_nothing() -> None:
    """With one head of one dimension there is nothing to split and √1 to divide by."""
    layer = small_layer(heads=1, size=1, width=1)
    found = {share.ingredient: share.bits for share in measure_shares(trace_of(layer), (layer,))}
    assert found["heads"] == found["scale"] == 0
    assert found["learned"] > 0


def test_learning_to_ask_for_what_one_is_changes_nothing() -> None:
    layer = small_layer(kv_heads=2)
    sliced = layer.states.reshape(4, 2, 3).transpose(1, 0, 2)
    layer = replace(layer, query=sliced, key=sliced)
    found = {share.ingredient: share.bits for share in measure_shares(trace_of(layer), (layer,))}
    assert found["learned"] == pytest.approx(0, abs=1e-14)


def test_without_a_rebuild_there_are_none(cat: Inspection) -> None:
    assert measure_shares(cat.trace, None) == ()
