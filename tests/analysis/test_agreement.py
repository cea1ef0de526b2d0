"""The ladder's measures beside a slow version that works row by row, and on the real model."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from plain_attention import small_layer, trace_of

from inspector.analogy.ladder import RUNGS, interactions, weights
from inspector.analysis.ladder.agreement import measure_ladder
from inspector.records import RungResult
from inspector.session import Inspection

NAMES = [rung.name for rung in RUNGS]
#: A softmax orders a row as its scores do: these are ranked by R, which nothing rounds away.
SOFTMAX_OF_R = ("softmax", "scaled")


def result(ladder: tuple[RungResult, ...], name: str) -> RungResult:
    return next(rung for rung in ladder if rung.name == name)


def ranks(row: list[float]) -> list[float]:
    return [
        sum(other < value for other in row) + (sum(other == value for other in row) - 1) / 2
        for value in row
    ]


def slow(
    model: np.ndarray,
    rung: np.ndarray,
    keep: list[int],
    *,
    raw: bool,
    sink: bool = False,
    order: np.ndarray | None = None,
) -> dict[str, Any]:
    """The three measures of one head by definition, over the kept rows and columns.

    With a sink what a row lacks to 1 counts as one more key in the divergence. ``order`` are the
    scores that the rung's keys are ranked by, where that is not its weights.
    """
    order = rung if order is None else order
    divergences, correlations, agreements = [], [], []
    constant = empty = 0
    for i in keep:
        p = [float(model[i, j]) for j in keep]
        q = [float(rung[i, j]) for j in keep]
        if sum(p) <= 0 or (not raw and sum(q) <= 0):
            empty += 1
            continue
        scores = [float(order[i, j]) for j in keep]
        best_p = [j for j, x in enumerate(p) if x == max(p)]
        best_q = [j for j, x in enumerate(scores) if x == max(scores)]
        agreements.append(len(set(best_p) & set(best_q)) / (len(best_p) * len(best_q)))
        first, second = ranks(p), ranks(scores)
        if len(set(first)) < 2 or len(set(second)) < 2:
            constant += 1
        else:
            correlations.append(np.corrcoef(first, second)[0, 1])
        if not raw:
            if sink:
                p.append(max(0.0, 1 - float(model[i].sum())))
                q.append(max(0.0, 1 - float(rung[i].sum())))
            p, q = [x / sum(p) for x in p], [x / sum(q) for x in q]
            bits = 0.0
            for x, y in zip(p, q, strict=True):
                m = (x + y) / 2
                bits += (x * math.log2(x / m) if x else 0) / 2
                bits += (y * math.log2(y / m) if y else 0) / 2
            divergences.append(bits)
    return {
        "jsd_bits": np.mean(divergences) if divergences else math.nan,
        "rank_correlation": np.mean(correlations) if correlations else math.nan,
        "top1_agreement": np.mean(agreements) if agreements else math.nan,
        "constant": constant,
        "empty": empty,
    }


@pytest.mark.parametrize("name", [*NAMES, "uniform", "layer_mean"])
@pytest.mark.parametrize("which", ["all_tokens", "content"])
def test_measures_are_the_definition(cat: Inspection, name: str, which: str) -> None:
    found = result(cat.ladder, name)
    if not found.applies:
        assert name in ("position", "mask")
        assert found.all_tokens is found.content is None
        return
    agreement = getattr(found, which)
    tokens = len(cat.tokens)
    keep = [i for i in range(tokens) if which == "all_tokens" or not cat.tokens[i].special]
    assert cat.rebuild.layers
    constant = empty = 0
    for place, (captured, rebuilt) in enumerate(
        zip(cat.trace.layers, cat.rebuild.layers, strict=True)
    ):
        for head in range(12):
            model = captured.attention[head]
            if name == "uniform":
                matrix = np.full((tokens, tokens), 1 / tokens)
            elif name == "layer_mean":
                matrix = captured.attention.mean(axis=0)
            else:
                matrix = weights(next(r for r in RUNGS if r.name == name), rebuilt)
                matrix = matrix[head] if matrix.ndim == 3 else matrix
            order = interactions(rebuilt) if name in SOFTMAX_OF_R else None
            expected = slow(model, matrix, keep, raw=name == "classroom", order=order)
            for measure in ("jsd_bits", "rank_correlation", "top1_agreement"):
                assert getattr(agreement, measure)[place, head] == pytest.approx(
                    expected[measure], abs=1e-9, nan_ok=True
                ), (measure, place, head)
            constant += expected["constant"]
            empty += expected["empty"]
    assert (agreement.constant_rows, agreement.empty_rows) == (constant, empty)


def test_a_text_of_which_every_token_is_special_has_no_content_to_measure() -> None:
    """A decoder that ends at once has written nothing else."""
    layer = small_layer(tokens=3)
    trace = trace_of(layer)
    trace = replace(trace, text=replace(trace.text, special=np.ones(3, dtype=np.bool_)))
    for found in measure_ladder(trace, (layer,)):
        if found.applies:
            assert found.content is not None and found.all_tokens is not None
            assert np.isnan(found.content.jsd_bits).all()
            assert found.content.empty_rows >= found.all_tokens.empty_rows
            if found.name != "classroom":
                assert not np.isnan(found.all_tokens.jsd_bits).any()


@pytest.mark.parametrize("which", ["all_tokens", "content"])
def test_a_sink_is_one_more_key_in_the_divergence(which: str) -> None:
    layer = small_layer(tokens=5, heads=3, positions="by_key", sink=True, stretch=0.7)
    trace = trace_of(layer)
    trace = replace(trace, text=replace(trace.text, special=np.arange(5) == 0))
    other = small_layer(tokens=5, heads=3, positions="by_key", sink=True, seed=9).attention
    trace = replace(trace, layers=(replace(trace.layers[0], attention=other),))
    ladder = measure_ladder(trace, (layer,))
    keep = list(range(5)) if which == "all_tokens" else list(range(1, 5))
    for name in ("softmax", "position", "model", "layer_mean"):
        agreement = getattr(result(ladder, name), which)
        for head in range(3):
            if name == "layer_mean":
                matrix = other.mean(axis=0)
            else:
                matrix = weights(next(r for r in RUNGS if r.name == name), layer)
                matrix = matrix[head] if matrix.ndim == 3 else matrix
            expected = slow(other[head], matrix, keep, raw=False, sink=True)
            assert agreement.jsd_bits[0, head] == pytest.approx(expected["jsd_bits"], abs=1e-9)


def test_what_only_trained_weights_show(cat: Inspection) -> None:
    """In divergence uniform beats the raw classroom; splitting into heads closes the gap."""
    bits = {
        rung.name: rung.all_tokens.means()["jsd_bits"] for rung in cat.ladder if rung.all_tokens
    }
    assert bits["classroom"] is None
    assert bits["uniform"] < bits["share"] < bits["scaled"] < bits["softmax"]
    assert bits["layer_mean"] < bits["learned"]
    assert bits["heads"] < 1e-6
    assert bits["model"] < 1e-6


def test_the_order_is_the_ladders(cat: Inspection) -> None:
    assert [rung.name for rung in cat.ladder] == [*NAMES, "uniform", "layer_mean"]
    assert [rung.name for rung in cat.ladder if rung.reference] == ["uniform", "layer_mean"]
    assert [rung.name for rung in cat.ladder if not rung.applies] == ["position", "mask"]


def test_rows_with_nothing_left_are_counted(cat: Inspection) -> None:
    """A word that attends to [CLS] alone has no row among content tokens."""
    attention = cat.trace.layers[0].attention.copy()
    attention[4, 3] = 0
    attention[4, 3, 0] = 1
    layers = (replace(cat.trace.layers[0], attention=attention), *cat.trace.layers[1:])
    ladder = measure_ladder(replace(cat.trace, layers=layers), cat.rebuild.layers)
    uniform = result(ladder, "uniform")
    assert uniform.content is not None
    assert uniform.all_tokens is not None
    assert uniform.content.empty_rows == 1
    assert uniform.all_tokens.empty_rows == 0


@pytest.mark.parametrize("positions", [None, "by_key"])
def test_few_rows_at_a_time_give_the_same(
    positions: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = small_layer(tokens=9, heads=3, causal=True, positions=positions, seed=4)
    other = small_layer(tokens=9, heads=3, causal=True, seed=5).attention
    trace = trace_of(layer)
    trace = replace(trace, layers=(replace(trace.layers[0], attention=other),))
    whole = measure_ladder(trace, (layer,))
    monkeypatch.setattr("inspector.analysis.ladder.beside._BLOCK", 1)
    for ours, theirs in zip(measure_ladder(trace, (layer,)), whole, strict=True):
        for side in ("all_tokens", "content"):
            for measure in ("jsd_bits", "rank_correlation", "top1_agreement"):
                if (first := getattr(ours, side)) is not None:
                    np.testing.assert_allclose(
                        getattr(first, measure), getattr(getattr(theirs, side), measure), atol=1e-14
                    )


def test_without_a_rebuild_nothing_is_measured(cat: Inspection) -> None:
    ladder = measure_ladder(cat.trace, ())
    assert [rung.name for rung in ladder] == [*NAMES, "uniform", "layer_mean"]
    assert not any(rung.applies for rung in ladder)
    assert all(rung.all_tokens is rung.content is rung.matrices is None for rung in ladder)


@pytest.mark.parametrize("held", [2**25, 500, 1])
def test_layers_that_are_alike_are_measured_as_each_by_itself(
    held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some with a mask, one with a window, one with another rebuild, one with fewer heads."""
    layers = [
        small_layer(tokens=9, heads=3, causal=causal, seed=seed)
        for seed, causal in enumerate((False, True, True, False, True))
    ]
    window = np.triu(layers[1].visible, -2)
    layers.append(replace(small_layer(tokens=9, heads=3, causal=True, seed=8), visible=window))
    layers.append(small_layer(tokens=9, heads=1, causal=True, seed=9))
    whole = trace_of(*layers)
    other = small_layer(tokens=9, heads=3, causal=True, seed=7).attention
    traced = list(whole.layers)
    traced[2] = replace(traced[2], attention=other)
    trace = replace(whole, layers=tuple(traced))
    monkeypatch.setattr("inspector.analysis.ladder.climbing._HELD", held)
    together = {rung.name: rung for rung in measure_ladder(trace, tuple(layers))}
    for place, layer in enumerate(layers):
        alone = replace(trace, layers=(replace(traced[place], layer=0),))
        for rung in measure_ladder(alone, (layer,)):
            for side in ("all_tokens", "content"):
                if (expected := getattr(rung, side)) is None:
                    continue
                for measure in ("jsd_bits", "rank_correlation", "top1_agreement"):
                    of_layer = getattr(getattr(together[rung.name], side), measure)[place]
                    heads = len(layer.attention)
                    np.testing.assert_allclose(
                        of_layer[:heads], getattr(expected, measure)[0], atol=1e-14
                    )
                    assert np.isnan(of_layer[heads:]).all()
