"""``inspect live`` in a browser: what is typed is what is shown, whatever is typed."""

from __future__ import annotations

import numpy as np
import pytest
from complaints import complaints
from live_server import SENTENCE, LiveTab, start

import inspector
from inspector.report.html.page import render_report

OTHER = "The cat sat on the mat because it was small"
#: What a page would do with it that took a text for markup.
HOSTILE = '<img src=x onerror="document.title=1"></textarea><script>document.title=1</script>'


@pytest.fixture(scope="module")
def server():
    server = start()
    yield server
    server.stop()


class Tab(LiveTab):
    """The live page, which is typed to."""

    ready = "html[data-complete]"

    def answers(self):
        return int(self.page.evaluate("document.documentElement.dataset.answer ?? 0"))

    def rests(self, act):
        """Do something that is answered, and wait until all of the answer is there."""
        before = self.answers()
        act()
        self.page.wait_for_selector(f"html[data-answer='{before + 1}']", state="attached")
        self.page.wait_for_selector("html[data-whole]", state="attached")

    def type(self, text):
        self.rests(lambda: self.page.fill("#live-text", text))

    def attention(self, layer, head):
        rows, data = self.page.evaluate(
            "([n, h]) => { const a = inspector.attention('self', n, h);"
            " return [a.rows, Array.from(a.data)]; }",
            [layer, head],
        )
        return np.array(data, dtype=np.float32).reshape(rows, -1)

    def pin(self, word):
        chip = self.page.locator("#sentence .token", has_text=word).first
        if chip.get_attribute("aria-pressed") == "true":
            return
        # A click on the pinned one unpins it; beside it another one would ask about both.
        pinned = self.page.locator("#sentence .token[aria-pressed=true]")
        if pinned.count():
            pinned.first.click()
        chip.click()

    def words(self):
        return self.page.locator("#sentence .token-text").all_inner_texts()


def test_what_is_typed_is_shown_and_what_was_chosen_stays(server, open_tab):
    tab = open_tab(server)
    page = tab.page
    assert page.input_value("#live-text") == SENTENCE
    page.locator("#grid .thumb").nth(2 * 12 + 5).click()
    tab.pin("mat")
    page.locator("#ladder [data-value=layer]").click()
    page.evaluate("scrollTo(0, 0)")
    # A word under the pointer would be the one that is asked about.
    page.mouse.move(1, 1)

    tab.rests(lambda: page.locator("#live-text").press_sequentially(" today"))
    text = f"{SENTENCE} today"
    theirs = inspector.inspect(text, prove=False)
    assert tab.words() == ["[CLS]", *text.split(), "[SEP]"]
    for layer, head in ((2, 5), (5, 11)):
        np.testing.assert_allclose(
            tab.attention(layer, head), theirs.attention(layer, head), atol=1e-6
        )
    state = page.evaluate("inspector.state")
    assert (state["index"], state["head"], state["scope"]) == (2, 5, "layer")
    assert theirs.tokens[state["pinned"]].text == "mat"
    assert page.inner_text("#head-title") == "Layer 2, head 5"
    assert "silence layer 2, head 5" in page.inner_text("#live-silence")
    row = theirs.attention(2, 5)[state["pinned"]]
    shown = page.locator("#sentence .token-weight").all_inner_texts()
    assert [float(number) for number in shown] == pytest.approx(row.tolist(), abs=0.0051)
    # The ladder has followed, of this text.
    means = next(rung for rung in theirs.ladder if rung.name == "heads").all_tokens
    assert f"{means.jsd_bits[2].mean():.3f}" in page.inner_text("#ladder-rungs")

    # A word before the pinned one: it is still the one that is pinned.
    tab.type(text.replace("The cat", "The old cat"))
    state = page.evaluate("inspector.state")
    assert tab.words()[state["pinned"]] == "mat"
    assert "head=5" in page.evaluate("location.hash")
    # The whole of it comes back with the tab.
    page.reload()
    page.wait_for_selector("html[data-answer]", state="attached")
    assert "old" in tab.words() and page.inner_text("#head-title") == "Layer 2, head 5"
    tab.close()


def test_heads_silenced_words_blocked_and_swapped(server, open_tab):
    tab = open_tab(server)
    page = tab.page
    found = inspector.inspect(SENTENCE, prove=False)
    page.locator("#grid .thumb").nth(3 * 12 + 1).click()
    tab.rests(lambda: page.click("#live-silence"))
    changed = found.what_if(silence=[(3, 1)])
    assert f"{changed.change.effect.size:.3f}" in page.inner_text("#live-moved")
    np.testing.assert_allclose(tab.attention(5, 0), changed.attention(5, 0), atol=1e-6)
    assert page.get_attribute("#live-silence", "aria-pressed") == "true"
    assert page.get_attribute("#live-prove", "aria-disabled") == "true"
    # What cannot be done is not asked for.
    page.click("#live-prove", force=True)
    assert page.inner_text("#live-says") == ""

    tab.pin("cat")
    tab.rests(lambda: page.click("#live-block"))
    changed = changed.what_if(block=[2])
    assert f"{changed.change.effect.size:.3f}" in page.inner_text("#live-moved")
    assert page.locator("#live-changes button").all_inner_texts() == [
        "layer 3, head 1 silenced",
        "“cat” blocked",
    ]
    # Both stay while somebody types, and the word stays the word.
    tab.type(f"Look: {SENTENCE}")
    moved = inspector.inspect(f"Look: {SENTENCE}", prove=False)
    changed = moved.what_if(silence=[(3, 1)], block=[4])
    assert moved.tokens[4].text == "cat"
    np.testing.assert_allclose(tab.attention(5, 0), changed.attention(5, 0), atol=1e-6)
    tab.rests(page.locator("#live-changes button").first.click)
    tab.rests(lambda: page.click("#live-undo"))
    assert not page.is_visible("#live-changed")
    np.testing.assert_allclose(tab.attention(5, 0), moved.attention(5, 0), atol=1e-6)

    tab.type(SENTENCE)
    tab.pin("tired")
    page.fill("#live-swap", "small")
    tab.rests(lambda: page.press("#live-swap", "Enter"))
    assert page.input_value("#live-text") == OTHER
    a, b = (
        np.array(one.trace.embedding.values, dtype=float)
        for one in (found, inspector.inspect(OTHER, prove=False))
    )
    far = 1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    assert f"{far:.3f}" in page.inner_text("#live-moved")
    assert tab.words()[page.evaluate("inspector.state.pinned")] == "small"
    tab.rests(lambda: page.click("#live-undo"))
    assert page.input_value("#live-text") == SENTENCE
    tab.close()


def test_hostile_texts_and_texts_that_cannot_be_read(server, open_tab):
    tab = open_tab(server)
    page = tab.page
    tab.type(HOSTILE)
    assert page.input_value("#live-text") == HOSTILE
    tab.type("a big \u202edog\u0007 sat")
    tab.pin("big")
    page.fill("#live-swap", HOSTILE)
    tab.rests(lambda: page.click("#live-swap-do"))
    assert "<img" in page.inner_text("#live-changes")
    assert page.evaluate("document.images.length") == 0
    assert page.title() != "1"

    tab.type("The good text")
    page.fill("#live-text", "word " * 700)
    page.wait_for_selector("#live-text[aria-invalid=true]")
    said = page.inner_text("#live-says")
    assert "512" in said and said.endswith("What is shown is the text before.")
    assert "good" in tab.words()
    page.fill("#live-text", "a" * 2**20)
    page.locator("#live-says", has_text="typed").wait_for()
    assert "good" in tab.words()
    tab.type("And on it goes")
    assert page.inner_text("#live-says") == ""
    assert page.get_attribute("#live-text", "aria-invalid") == "false"
    # Refused requests stand in the console, and nothing else does.
    assert all("status of 4" in one for one in tab.heard)
    tab.close(quiet=False)


def test_what_is_undone_beside_an_empty_line_is_undone_in_what_is_shown(server, open_tab):
    tab = open_tab(server)
    page = tab.page
    tab.type("The cat sat on the mat")
    untouched = tab.attention(3, 1)
    page.locator("#grid .thumb").nth(0).click()
    tab.rests(lambda: page.click("#live-silence"))
    assert np.abs(tab.attention(3, 1) - untouched).max() > 1e-4
    page.fill("#live-text", "")
    page.locator("#live-says", has_text="Type a sentence").wait_for()
    tab.rests(lambda: page.click("#live-undo"))
    np.testing.assert_array_equal(tab.attention(3, 1), untouched)
    assert page.inner_text("#live-says").startswith("Type a sentence")
    # A word that takes the place of a blocked one is blocked, and named.
    tab.type("The cat sat on the mat")
    tab.pin("cat")
    tab.rests(lambda: page.click("#live-block"))
    tab.type("The dog sat on the mat")
    assert page.inner_text("#live-changes").startswith("“dog” blocked")
    tab.close()


def test_two_tabs_do_not_disturb_each_other(server, open_tab):
    one, other = open_tab(server), open_tab(server)
    one.page.locator("#grid .thumb").nth(7).click()
    one.page.fill("#live-text", "The first tab")
    other.type("The second tab")
    one.page.wait_for_selector("html[data-whole]", state="attached")
    assert "first" in one.words() and "second" in other.words()
    assert other.page.evaluate("inspector.state.head") != 7
    assert one.page.evaluate("inspector.state.head") == 7
    one.close()
    other.close()


def test_a_server_that_ends_and_comes_back(open_tab):
    first = start()
    port, token = first.port, first.token
    tab = open_tab(first)
    page = tab.page
    tab.type("Before the end")
    first.stop()
    page.fill("#live-text", "While nobody listens")
    page.wait_for_selector("html[data-lost]", state="attached")
    assert page.inner_text("#live-says").startswith("The server does not answer")
    page.fill("#live-text", "While nobody listens at all")
    assert "Before" in tab.words()
    second = start(port=port, token=token)
    try:
        page.wait_for_selector("html[data-answer='2']", state="attached")
        assert tab.words()[1:-1] == ["While", "nobody", "listens", "at", "all"]
        assert page.inner_text("#live-says") == ""
        assert not page.evaluate("'lost' in document.documentElement.dataset")
    finally:
        second.stop()
    tab.close(quiet=False)


def test_another_server_in_its_place_is_named(open_tab):
    first = start()
    tab = open_tab(first)
    first.stop()
    second = start(port=first.port, token="x" * 32)
    try:
        tab.page.fill("#live-text", "Who is there?")
        tab.page.locator("#live-says", has_text="another one now").wait_for()
    finally:
        second.stop()
    tab.close(quiet=False)


def test_by_keyboard_alone_and_nothing_to_complain_about(server, open_tab):
    tab = open_tab(server)
    page = tab.page
    page.locator("#live-text").focus()
    page.keyboard.press("Control+End")
    tab.rests(lambda: page.keyboard.type(" s"))
    # Letters are somebody's words here, and none of the page's shortcuts.
    page.keyboard.press("n")
    assert page.input_value("#live-text").endswith(" sn")
    page.wait_for_selector("html[data-answer='2'][data-whole]", state="attached")
    reached = []
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))
        if reached[-1] == "live-silence":
            tab.rests(lambda: page.keyboard.press("Enter"))
            # Where it was: the answer takes no focus away.
            assert page.evaluate("document.activeElement.id") == "live-silence"
    assert reached[:7] == [
        *("live-silence", "live-block", "live-swap", "live-swap-do", "live-effects"),
        *("live-prove", ""),
    ]
    assert page.locator("#live-changes button").first.inner_text().endswith("silenced")
    assert complaints(page) == []
    # The focus is inside a view, and an answer comes: it stays where it was.
    page.locator("#grid .thumb").nth(3).focus()
    tab.rests(lambda: page.evaluate("document.querySelector('#live-undo').click()"))
    assert page.evaluate("document.activeElement === document.querySelectorAll('#grid .thumb')[3]")
    tab.close()


def test_a_narrow_screen_and_paper(server, open_tab):
    narrow = {"width": 360, "height": 780}
    tab = open_tab(server, viewport=narrow, color_scheme="dark", reduced_motion="reduce")
    page = tab.page
    tab.rests(lambda: page.click("#live-silence"))
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    # What is changed takes less than a quarter of the screen.
    assert page.locator(".live-dock").bounding_box()["height"] < 195
    page.emulate_media(media="print")
    assert not page.is_visible("#live-text")
    tab.close()


@pytest.mark.slow
def test_effects_and_the_proof_come_when_they_are_asked_for(server, open_tab):
    tab = open_tab(server)
    page = tab.page
    tab.type("The dog barked")
    assert page.is_visible("#live-unmeasured")
    assert not page.is_visible("#telling-chart")
    page.click("#live-effects")
    page.wait_for_selector("#telling-chart svg", state="attached")
    assert not page.is_visible("#live-unmeasured")
    assert not page.is_visible("#live-effects")
    assert page.locator("#sentence-direction button").all_inner_texts()[-1] == "what it does"
    page.click("#live-prove")
    page.locator("#live-says", has_text="The real model is asked").wait_for()
    page.wait_for_selector(
        ".opening .verdict:is([data-verdict=verified], [data-verdict=rounding])", timeout=60_000
    )
    assert "72 of 72 heads" in page.inner_text(".opening #verdict")
    assert not page.is_visible("#live-prove")
    # What was measured before is still there.
    assert page.locator("#telling-chart svg").count() > 0
    # Another text is not proved by it.
    tab.type("The dog barked again")
    assert page.get_attribute(".opening #verdict", "data-verdict") == "unproved"
    assert page.is_visible("#live-prove")
    tab.close()


def test_the_page_of_a_report_asks_nobody():
    found = inspector.inspect("The cat", prove=False)
    report, live = render_report(found), render_report(found, live=True)
    assert "connect-src" not in report and "live-text" not in report
    assert "connect-src 'self'" in live
