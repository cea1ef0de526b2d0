"""Long texts on a sample of their queries: which, how many, and that it is said."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from plain_attention import small_layer, trace_of
from rich.console import Console

from inspector.analysis.ladder.agreement import measure_ladder
from inspector.analysis.sample import half_interval, measured_rows, row_sample
from inspector.analysis.shares import measure_shares
from inspector.records import RowSample, SampledRows, Text, Token, Trace, TracedLayer
from inspector.referee.loading import LoadedModel
from inspector.report.export.summary import summarise
from inspector.report.terminal.inspection import print_answer
from inspector.session import Inspection, inspect


def rows_of(tokens: int, *, layers: int = 6, heads: int = 12) -> np.ndarray:
    attention = np.zeros((heads, tokens, tokens), dtype=np.float32)
    text = Text.of(tuple(Token(i, "a", i, False, 0, None) for i in range(tokens)), "")
    layer = TracedLayer("self", 0, np.zeros((tokens, 1), np.float32), attention, None)
    return measured_rows(Trace(text, (layer,) * layers), "self")


def test_all_queries_of_a_short_text_and_a_sample_of_a_long_one() -> None:
    assert rows_of(64).all()
    drawn = rows_of(512)
    assert drawn.sum() == 64
    # Drawn from everywhere, the same every time.
    assert all(part.sum() > 8 for part in np.split(drawn, 4))
    np.testing.assert_array_equal(drawn, rows_of(512))


def test_of_a_model_of_many_heads_fewer_queries() -> None:
    assert rows_of(16, layers=30, heads=9).all()
    assert [rows_of(tokens, layers=30, heads=9).sum() for tokens in (256, 512, 700)] == [36, 18, 16]


@pytest.mark.parametrize("causal", [False, True])
def test_the_sample_is_what_the_rows_say(causal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measures of a sample are means over its rows; shares still sum to the ladder's gap."""
    layer = small_layer(tokens=12, causal=causal, seed=3)
    other = small_layer(tokens=12, causal=causal, seed=8).attention
    trace = trace_of(layer)
    trace = replace(trace, layers=(replace(trace.layers[0], attention=other),))
    monkeypatch.setattr("inspector.analysis.sample._MOST", 5)
    monkeypatch.setattr("inspector.analysis.sample._FEWEST", 1)
    drawn = measured_rows(trace, "self")
    assert drawn.sum() == 5
    assert row_sample(trace) == RowSample(0, (SampledRows("self", 5, 12),))
    sampled = {rung.name: rung.all_tokens for rung in measure_ladder(trace, (layer,))}
    gap = sampled["softmax"].jsd_bits - sampled["model"].jsd_bits
    total = sum(share.per_head for share in measure_shares(trace, (layer,)))
    np.testing.assert_allclose(total, gap, atol=1e-12)
    # Each of the drawn rows measured alone.
    each = []
    for row in np.flatnonzero(drawn):
        monkeypatch.setattr(
            "inspector.analysis.ladder.agreement.measured_rows",
            lambda *_, row=row: np.arange(12) == row,
        )
        alone = {rung.name: rung.all_tokens for rung in measure_ladder(trace, (layer,))}
        each.append(alone["learned"].jsd_bits)
    np.testing.assert_allclose(sampled["learned"].jsd_bits, np.mean(each, axis=0), atol=1e-12)


def test_a_short_text_says_nothing_of_a_sample(cat: Inspection) -> None:
    assert cat.ladder_rows is None
    assert row_sample(cat.trace) is None
    assert summarise(cat, {})["ladder_rows"] is None
    assert "sample" not in printed(cat)


def test_the_size_is_said(cat: Inspection) -> None:
    long = replace(cat, ladder_rows=RowSample(0, (SampledRows("self", 128, 512),)))
    found = json.loads(json.dumps(summarise(long, {})))["ladder_rows"]
    assert found == {"seed": 0, "sites": [{"site": "self", "measured": 128, "of": 512}]}
    assert "Measured on a sample: 128 of 512 queries (seed 0); no divergence" in printed(long)


def test_the_interval_holds_the_mean_of_all_queries(bundled: LoadedModel) -> None:
    """Over many seeds the whole text's number is outside about once in twenty."""
    text = (Path(__file__).parents[2] / "benchmarks" / "data" / "passage.txt").read_text()[:900]
    found = inspect(text, model=bundled.checkpoint, prove=False)
    rebuilt, count = found.rebuild.from_weights, len(found.tokens)
    layer = found.trace.layers[2]
    trace = replace(found.trace, layers=(layer,))
    everything = np.ones(count, dtype=np.bool_)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inspector.analysis.ladder.agreement.measured_rows", lambda *_: everything)
        exact = {rung.name: rung for rung in measure_ladder(trace, rebuilt[2:3])}
        assert exact["softmax"].jsd_bits_error is None
        outside = 0
        for seed in range(60):
            drawn = np.zeros(count, dtype=np.bool_)
            drawn[np.random.default_rng(seed).choice(count, 40, replace=False)] = True
            patch.setattr(
                "inspector.analysis.ladder.agreement.measured_rows", lambda *_, of=drawn: of
            )
            for rung in measure_ladder(trace, rebuilt[2:3]):
                if rung.name in ("softmax", "learned", "uniform"):
                    mean, true = (
                        of.all_tokens.means()["jsd_bits"] for of in (rung, exact[rung.name])
                    )
                    assert 0 < rung.jsd_bits_error < 0.1
                    outside += abs(mean - true) > rung.jsd_bits_error
    assert 1 <= outside <= 24


def test_half_an_interval_by_hand() -> None:
    values = np.array([[0.1, 0.3, np.nan, 0.5], [0.3, np.nan, np.nan, 0.5]])
    # Means of the queries 0.2, 0.3, 0.5; one has none.
    spread = np.std([0.2, 0.3, 0.5], ddof=1)
    assert half_interval(values, 12) == pytest.approx(1.96 * spread * np.sqrt((1 - 3 / 12) / 3))
    assert half_interval(values, 3) == 0.0
    assert half_interval(values[:, :1], 12) == 0.0


def printed(inspection: Inspection) -> str:
    out = io.StringIO()
    print_answer(Console(file=out, width=120), inspection)
    return out.getvalue()


def test_a_site_that_is_measured_whole_weighs_as_much_as_its_heads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layers = [
        replace(small_layer(tokens=9, heads=2, seed=1), site="encoder"),
        *(
            replace(small_layer(tokens=5, heads=2, causal=True, seed=2 + at), site="decoder")
            for at in range(2)
        ),
    ]
    of_encoder = trace_of(layers[0])
    trace = Trace(
        of_encoder.text,
        tuple(
            TracedLayer(layer.site, place, layer.states, layer.attention, None)
            for place, layer in zip((0, 0, 1), layers, strict=True)
        ),
        target=trace_of(layers[1]).text,
    )
    drawn = np.arange(9) % 3 > 0
    monkeypatch.setattr(
        "inspector.analysis.ladder.agreement.measured_rows",
        lambda of, site: drawn if len(of.texts(site)[0]) == len(drawn) else np.ones(5, bool),
    )
    both = {rung.name: rung.jsd_bits_error for rung in measure_ladder(trace, tuple(layers))}
    alone = replace(trace, layers=trace.layers[:1], target=None)
    alone = replace(alone, layers=(replace(alone.layers[0], site="self"),))
    layers[0] = replace(layers[0], site="self")
    for rung in measure_ladder(alone, tuple(layers[:1])):
        if rung.jsd_bits_error is not None:
            # Two of six heads.
            assert both[rung.name] == pytest.approx(rung.jsd_bits_error * 2 / 6)
    assert both["softmax"] > 0
