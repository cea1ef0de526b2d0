"""The page of a long text in a real browser: its numbers beside NumPy, keys, search, sizes."""

import re
from dataclasses import replace

import numpy as np
import pytest
from complaints import complaints
from synthetic_long import long_text, model_and_text

from inspector.forward.model import forward
from inspector.report.html.long_page import render_long_report


@pytest.mark.parametrize(
    "variant", ["llama", "gemma2", "bloom", "gpt_oss", "bert", "deberta-v2", "deberta, one term"]
)
def test_its_numbers_are_those_of_whole_matrices(open_html, variant):
    found = long_text(variant)
    page = open_html(render_long_report(found), wait="html[data-ready]").page
    whole = forward(*model_and_text(variant, 40))
    for layer, computed in enumerate(whole.computed):
        for head in (0, 3):
            for query in (0, 17, 39):
                row = page.evaluate(
                    "async ([l, h, q]) => Array.from(await inspector.row(l, h, q))",
                    [layer, head, query],
                )
                expected = computed.attention[head, query]
                assert np.abs(np.array(row) - expected).max() <= 5e-3
            flow = page.evaluate(
                "async ([l, h]) => Array.from((await inspector.flow(l, h)).data)", [layer, head]
            )
            expected = np.array(
                [
                    [
                        computed.attention[head, a.start : a.end, b.start : b.end].sum(1).mean()
                        for b in found.spans
                    ]
                    for a in found.spans
                ]
            )
            assert np.abs(np.array(flow).reshape(expected.shape) - expected).max() <= 5e-3


def test_a_reader_finds_the_way_from_the_map_to_a_word(open_html):
    found = long_text(predicts=True).with_effects()
    one = open_html(render_long_report(found), wait="html[data-ready]")
    page = one.page
    assert page.locator(".map-line[role=row]").count() == len(found.spans)
    assert page.locator("#guesses tbody tr").count() == 2
    assert page.locator(".map-line .bar").count() == len(found.spans)
    assert found.effects is not None
    at = page.evaluate("inspector.state.from")
    said = f"moves the answer by {found.effects.stretches[at].size:.4f} of the embedding"
    assert said in page.inner_text("#map-says")
    assert "Not yet proved" in page.inner_text("#verdict")
    # The map, by keyboard; the address keeps it.
    page.locator("#map-box [aria-selected=true] button").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    assert page.evaluate("inspector.state.from") == 0
    # Another head, by keyboard, and what it says of itself.
    page.evaluate("inspector.show({layer: 0, head: 0})")
    page.locator("#grid [aria-selected=true]").focus()
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#head-says").startswith("Layer 0, head 1")
    assert f"over {found.heads[1].entropy_bits:.1f} bits" in page.inner_text("#head-says")
    assert f"reaches {found.heads[1].distance:.0f} tokens" in page.inner_text("#head-says")
    # A link leads to its words.
    link = found.links[0]
    page.locator("#links button").first.click()
    assert page.evaluate("inspector.state.token") == link.source_token
    page.locator("#zoom-readout dd").first.wait_for()
    # The text is text, and the search goes from place to place.
    said = page.locator("#text-box").inner_text()
    assert "harbour" in said and "</script><b>" in said
    page.fill("#search-for", "harbour")
    page.keyboard.press("Enter")
    first = page.evaluate("inspector.state.token")
    page.keyboard.press("Enter")
    assert page.evaluate("inspector.state.token") != first
    count = found.text.text.count("harbour")
    assert f"{count} places" in page.inner_text("#search-says")
    page.fill("#search-for", "nowhere")
    page.keyboard.press("Enter")
    assert "not in the text" in page.inner_text("#search-says")
    assert "\n".join(complaints(page)) == ""
    # What was chosen stands in the address.
    page.evaluate("inspector.show({layer: 2, head: 1, token: 5})")
    page.wait_for_url(re.compile("token=5"))
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    state = page.evaluate("inspector.state")
    assert (state["layer"], state["head"], state["token"]) == (2, 1, 5)


def test_what_does_not_fit_the_budget_is_named(open_html):
    found = long_text()
    page = open_html(render_long_report(found, [(1, 2)], budget=0), wait="html[data-ready]").page
    assert "one vector of 24 numbers" in page.inner_text("#opening")
    assert page.locator("#grid .whole").count() == 1
    page.evaluate("inspector.show({layer: 0, head: 0})")
    # Nothing is asked for, as of every page that is opened from disk; it is said how a head is had.
    for where in ("#zoom-says", "#head-says"):
        assert "--heads 0.0" in page.inner_text(where)
    for where in ("#zoom-says", "#head-says", "#text-says", "#sources"):
        assert "inspect live --text-file FILE" in page.inner_text(where)
    assert page.evaluate("async () => await inspector.row(0, 0, 3)") is None
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_layer_that_hears_nobody_from_afar_says_nothing_of_a_stretch(open_html):
    found = long_text()
    lifts = np.full_like(found.lifts, np.nan)
    lifts[1:, 3] = 2, 4
    page = open_html(render_long_report(replace(found, lifts=lifts)), wait="html[data-ready]").page
    page.evaluate("inspector.show({from: 3})")
    assert "3.00 times an even part on average, most in layer 2" in page.inner_text("#map-says")
    page.evaluate("inspector.show({from: 2})")
    assert "a sink stands in it" in page.inner_text("#map-says")
