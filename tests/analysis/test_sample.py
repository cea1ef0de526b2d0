"""Long texts on a sample of their queries: which, how many, and that it is said."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from plain_attention import small_layer, trace_of
from rich.console import Console

from inspector.analysis.agreement import measure_ladder
from inspector.analysis.sample import measured_rows, row_sample
from inspector.analysis.shares import measure_shares
from inspector.records import RowSample, SampledRows, Text, Token
from inspector.report.export.summary import summarise
from inspector.report.terminal.inspection import print_answer
from inspector.session import Inspection


def text_of(count: int) -> Text:
    return Text.of(tuple(Token(i, "a", i, False, 0, None) for i in range(count)), "")


def test_all_queries_of_a_short_text_and_a_sample_of_a_long_one() -> None:
    assert measured_rows(text_of(256)).all()
    drawn = measured_rows(text_of(512))
    assert drawn.sum() == 128
    # Drawn from everywhere, the same every time.
    assert all(part.sum() > 16 for part in np.split(drawn, 4))
    np.testing.assert_array_equal(drawn, measured_rows(text_of(512)))


@pytest.mark.parametrize("causal", [False, True])
def test_the_sample_is_what_the_rows_say(causal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measures of a sample are means over its rows; shares still sum to the ladder's gap."""
    layer = small_layer(tokens=12, causal=causal, seed=3)
    other = small_layer(tokens=12, causal=causal, seed=8).attention
    trace = trace_of(layer)
    trace = replace(trace, layers=(replace(trace.layers[0], attention=other),))
    monkeypatch.setattr("inspector.analysis.sample._ALL_UP_TO", 11)
    monkeypatch.setattr("inspector.analysis.sample._SAMPLED", 5)
    drawn = measured_rows(trace.text)
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
            "inspector.analysis.agreement.measured_rows", lambda _, row=row: np.arange(12) == row
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
    assert "Measured on a sample: 128 of 512 queries (seed 0)." in printed(long)


def printed(inspection: Inspection) -> str:
    out = io.StringIO()
    print_answer(Console(file=out, width=120), inspection)
    return out.getvalue()
