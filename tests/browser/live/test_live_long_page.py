"""The live page of a long text in a browser: every head can be opened, and nobody else is asked."""

from __future__ import annotations

import re

import numpy as np
import pytest
from complaints import complaints
from live_server import LiveTab, start_long
from synthetic_long import long_text, model_and_text

from inspector.forward.model import forward

VARIANT, TOKENS = "llama", 40


@pytest.fixture(scope="module")
def found():
    return long_text(VARIANT, TOKENS)


@pytest.fixture(scope="module")
def server(found):
    server = start_long(found)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def whole():
    return forward(*model_and_text(VARIANT, TOKENS)).computed


class Tab(LiveTab):
    """The page of a long text, with the heads that it asked for."""

    def __init__(self, browser, server, **how):
        self.asked = []
        super().__init__(browser, server, **how)

    def see(self, request):
        super().see(request)
        if request.method == "POST" and request.url == f"{self.server.address}head":
            self.asked.append(request.post_data_json)

    def until(self, where, text):
        self.page.wait_for_function(
            "([id, text]) => document.getElementById(id).textContent.includes(text)",
            arg=[where, text],
        )
        return self.page.inner_text(f"#{where}")


def cell(page, layer, head):
    return page.locator(f"#grid [aria-label^='layer {layer}, head {head}']")


def test_a_head_that_was_left_out_is_opened_by_keyboard(server, open_tab, found, whole):
    tab = open_tab(server)
    page = tab.page
    assert page.locator("#grid .whole").count() == 1 and tab.asked == []
    state = page.evaluate("inspector.state")
    assert (state["layer"], state["head"]) == (1, 2)
    page.locator("#grid [aria-selected=true]").focus()
    page.keyboard.press("ArrowRight")
    said = tab.until("zoom-says", "which were loaded from the server")
    assert "Worked out on this page" in said
    assert "were loaded from the server" in page.inner_text("#head-says")
    assert [(one["layer"], one["head"]) for one in tab.asked] == [(1, 3)]
    assert cell(page, 1, 3).get_attribute("aria-label") == "layer 1, head 3, every weight"
    assert "sent" in cell(page, 1, 3).get_attribute("class")
    # Its numbers are those of the whole matrix: the readout's, the rows', and the text's.
    expected = whole[1].attention[3]
    asking, heard = (found.spans[state[name]] for name in ("from", "to"))
    part = expected[asking.start : asking.end, heard.start : heard.end]
    query, key = map(int, re.findall(r"\d+", page.locator("#zoom-readout dd").nth(1).inner_text()))
    shown = float(page.locator("#zoom-readout dd").first.inner_text())
    assert shown == pytest.approx(expected[query, key], abs=5e-3)
    assert expected[query, key] == pytest.approx(part.max(), abs=5e-3)
    row = page.evaluate("async () => Array.from(await inspector.row(1, 3, 39))")
    assert np.abs(np.array(row) - expected[39]).max() <= 5e-3
    assert "In layer 1, head 3," in page.inner_text("#text-says")
    # Back and forth: it is asked for once.
    page.keyboard.press("ArrowLeft")
    tab.until("zoom-says", "queries and keys, within")
    page.keyboard.press("ArrowRight")
    tab.until("zoom-says", "which were loaded from the server")
    page.evaluate("inspector.show({token: 12})")
    assert len(tab.asked) == 1
    assert "\n".join(complaints(page)) == ""
    tab.close()


def test_every_head_can_be_opened(server, open_tab, found, whole):
    tab = open_tab(server, color_scheme="dark")
    page = tab.page
    for layer in found.layers:
        for head in range(layer.config.heads):
            row = page.evaluate(
                "async ([l, h]) => { inspector.show({layer: l, head: h});"
                " return Array.from(await inspector.row(l, h, 30)); }",
                [layer.layer, head],
            )
            expected = whole[layer.layer].attention[head, 30]
            assert np.abs(np.array(row) - expected).max() <= 5e-3
    heads = sum(layer.config.heads for layer in found.layers)
    assert page.locator("#grid .whole").count() == 1
    assert page.locator("#grid .sent").count() == heads - 1 == len(tab.asked)
    # An address names a head that was left out, and it is there.
    page.goto(f"{server.address}#head=0.1")
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    tab.until("zoom-says", "which were loaded from the server")
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    tab.close()


def test_of_heads_that_are_skipped_over_only_the_last_is_waited_for(server, open_tab, whole):
    tab = open_tab(server)
    said = tab.page.evaluate(
        """async () => {
          const first = inspector.row(0, 0, 20), other = inspector.row(0, 1, 20);
          const again = inspector.row(0, 0, 20);
          return [await first, await other, Array.from(await again)];
        }"""
    )
    assert said[:2] == [None, None]
    assert np.abs(np.array(said[2]) - whole[0].attention[0, 20]).max() <= 5e-3
    tab.close()


def test_a_server_that_ends_is_told_and_gone_on_with(open_tab, found, whole):
    server = start_long(found, token="a" * 32)
    port = server.port
    tab = open_tab(server)
    page = tab.page
    page.evaluate("inspector.show({layer: 0, head: 0})")
    tab.until("zoom-says", "which were loaded from the server")
    server.stop()
    # What was loaded stays.
    page.evaluate("inspector.show({layer: 0, head: 1})")
    tab.until("zoom-says", "The server does not answer")
    tab.until("text-says", "The server does not answer")
    page.evaluate("inspector.show({layer: 0, head: 0})")
    tab.until("zoom-says", "which were loaded from the server")
    page.evaluate("inspector.show({layer: 0, head: 1})")
    tab.until("zoom-says", "The server does not answer")
    server = start_long(found, token="a" * 32, port=port)
    try:
        tab.until("zoom-says", "which were loaded from the server")
        assert "In layer 0, head 1," in tab.until("text-says", "listens most to")
        row = page.evaluate("async () => Array.from(await inspector.row(0, 1, 39))")
        assert np.abs(np.array(row) - whole[0].attention[1, 39]).max() <= 5e-3
    finally:
        server.stop()
    # Another text in its place is not taken for this one.
    server = start_long(long_text(VARIANT, TOKENS + 1), token="a" * 32, port=port)
    try:
        page.evaluate("inspector.show({layer: 0, head: 2})")
        tab.until("zoom-says", "This page is of another text")
        assert page.locator("#zoom-readout").is_hidden()
    finally:
        server.stop()
    assert tab.foreign == []
