"""Reports on the bundled model: the numbers on screen beside the model's own."""

from __future__ import annotations

import re

import numpy as np

import inspector
from inspector.report.html.payload.build import build_payload

READY = "html[data-ready]"
HOSTILE = "</script><!-- \"quoted\" 'text' שלום\u200b 👩‍👩‍👧 e\u0301 <b>bold</b>"


def test_every_number_of_the_cat(open_report, cat):
    opened = open_report(cat)
    for layer in range(6):
        for head in range(12):
            rows, cols, data = opened.attention(layer, head)
            shown = np.array(data, np.float32).reshape(rows, cols)
            np.testing.assert_array_equal(shown, cat.attention(layer, head))


def test_it_was_the_cat_that_was_tired(open_report, cat):
    opened = open_report(cat)
    page = opened.page
    assert "72 of 72 heads" in page.locator("#verdict").inner_text()
    page.locator(".thumb").nth(3 * 12 + 1).click()
    tokens = [token.text for token in cat.tokens]
    page.locator("#sentence .token").nth(tokens.index("it")).click()
    said = page.locator("#sentence-says").inner_text()
    assert re.search(r"In layer 3, head 1, “it” gives 49.% of its attention to “cat”", said)


def test_links_between_pieces_are_called_so(open_report, bundled):
    rules = []
    for pieces in (False, True):
        found = inspector.inspect("untie the knottiness", model=bundled, pieces=pieces)
        page = open_report(found).page
        rules.append(page.locator("#links-rule").inner_text())
        shown = page.locator("#links-list").inner_text()
        assert found.links[0].source in shown
        assert found.links[0].target in shown
    assert "Subwords are combined" in rules[0]
    assert "single tokens" in rules[1]


def test_a_long_text_keeps_its_stated_error(open_report, bundled):
    found = inspector.inspect("The cat sat on the mat because it was tired. " * 15, model=bundled)
    opened = open_report(found)
    stated = build_payload(found, command=None, version="").header["arithmetic_max_abs_error"]
    assert 0 < stated <= 5e-3
    for layer, head in ((0, 0), (3, 1), (5, 11)):
        rows, cols, data = opened.attention(layer, head)
        shown = np.array(data, np.float32).reshape(rows, cols)
        assert np.abs(shown - found.attention(layer, head)).max() <= stated


def test_a_hostile_sentence_is_only_text(open_report, bundled):
    found = inspector.inspect(HOSTILE, model=bundled)
    opened = open_report(found, command=f"inspect {HOSTILE!r}")
    assert opened.page.locator("main b b, main script").count() == 0
    opened.page.locator("#sentence-subwords [data-value=true]").click()
    assert opened.page.locator("#sentence .token").count() == len(found.tokens)


def test_in_a_notebook_the_report_runs_in_its_frame(open_html, cat):
    opened = open_html(f"<!doctype html><title>n</title>{cat._repr_html_()}", wait="iframe")
    frame = opened.page.frame_locator("iframe")
    frame.locator(READY).wait_for(state="attached", timeout=10_000)
    assert "72 of 72 heads" in frame.locator("#verdict").inner_text()
