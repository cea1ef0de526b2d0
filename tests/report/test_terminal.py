"""The screenful, as it is printed into a pipe."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

import inspector
from inspector.inspection import Inspection
from inspector.model.loading import LoadedModel
from inspector.report.terminal import print_inspection


def printed(found: Inspection, width: int = 80) -> str:
    stream = io.StringIO()
    print_inspection(Console(file=stream, width=width), found, {"report": "attention.html"})
    return stream.getvalue()


def test_a_screenful(cat: Inspection) -> None:
    text = printed(cat)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert len(text.splitlines()) <= 40
    assert "✓ verified  72 of 72 heads" in text
    assert "Report: attention.html" in text
    for rung in cat.ladder:
        lines = [line for line in text.splitlines() if line.startswith(rung.name)]
        if not rung.applies:
            assert lines == []
            continue
        assert rung.all_tokens is not None
        bits = rung.all_tokens.means()["jsd_bits"]
        assert ("no distribution" if bits is None else f"{bits:.3f}") in lines[0]
    link = cat.links[0]
    assert f"{link.source} → {link.target}" in text
    assert f"layer {link.layer}, head {link.head}" in text


def test_the_finding_is_of_these_numbers(cat: Inspection) -> None:
    text = " ".join(printed(cat).split())
    assert "learned comes nearest: 0.332 bits, nearer than listening to all alike (0.341)" in text


def test_a_mismatch_is_named(cat: Inspection) -> None:
    check = cat.verification.layers[2]
    heads = list(check.head_verdicts)
    heads[5] = "mismatch"
    wrong = replace(check, verdict="mismatch", head_verdicts=tuple(heads))
    layers = (*cat.verification.layers[:2], wrong, *cat.verification.layers[3:])
    verification = replace(cat.verification, verdict="mismatch", layers=layers)
    text = printed(replace(cat, verification=verification))
    assert "✗ mismatch" in text
    assert "layer 2 head 5" in text
    assert "verified" not in text


@pytest.mark.parametrize("text", ["[bold]not markup[/bold]", "\x1b[31mred", "a\u202eb\u200bc"])
def test_text_is_only_text(bundled: LoadedModel, text: str) -> None:
    shown = printed(inspector.inspect(text, model=bundled))
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    if "\x1b" in text:
        assert r"\x1b[31mred" in shown
    elif "[bold]" in text:
        assert "[bold]not markup[/bold]" in shown
    else:
        assert r"a\u202eb\u200bc" in shown


def test_a_very_long_word_keeps_the_table_in_shape(bundled: LoadedModel) -> None:
    found = inspector.inspect(f"the {'cat' * 100} sat on the mat", model=bundled)
    table = printed(found).split("Strongest links")[1]
    assert max(map(len, table.splitlines())) <= 80
