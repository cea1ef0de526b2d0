"""Two words and the heads that link them, and the strip that stays: beside NumPy."""

from dataclasses import replace

import numpy as np
import pytest
import synthetic
from synthetic_words import GROUPS, in_pieces, merged

from inspector.records import AskedLink, HeadLink


def press(page, group, value):
    page.locator(f"#sentence-{group} [data-value={value}]").click()


def said(page):
    return page.locator("#sentence-says").inner_text()


def listed(page):
    """The heads that the page lists, with the number of each."""
    told = page.locator("#pair-heads button").all_inner_texts()
    words = [text.replace(",", " ").split() for text in told]
    return [((int(one[1]), int(one[3])), float(one[4])) for one in words]


def linking(whole, source, target, groups=GROUPS):
    """Every head by what one word gives to another, the strongest first."""
    weights = {
        (layer.layer, head): merged(A.astype(float), groups)[source, target]
        for layer in whole.trace.layers
        for head, A in enumerate(layer.attention)
    }
    return sorted(weights.items(), key=lambda pair: -pair[1])


def tones(page):
    """The numbers in the grid's bands."""
    return [float(text) for text in page.locator("#grid .thumb > :last-child").all_inner_texts()]


@pytest.mark.parametrize("direction", ["out", "in"])
def test_the_heads_that_link_two_words(open_report, direction):
    whole = in_pieces()
    page = open_report(whole).page
    press(page, "direction", direction)
    chips = page.locator("#sentence .token")
    chips.nth(2).click()
    assert not page.locator("#pair").is_visible()
    chips.nth(4).click()
    page.mouse.move(0, 0)
    words = (2, 4) if direction == "out" else (4, 2)
    names = ("knotty", "untidily") if direction == "out" else ("untidily", "knotty")
    assert page.inner_text("#pair-title") == "Which heads link “{}” to “{}”?".format(*names)
    expected = linking(whole, *words)
    assert [at for at, _ in listed(page)] == [at for at, _ in expected]
    np.testing.assert_allclose(
        [weight for _, weight in listed(page)], [weight for _, weight in expected], atol=0.0051
    )
    # Every head is coloured by it, and one click goes to each.
    by_head = dict(expected)
    np.testing.assert_allclose(tones(page), [by_head[at] for at in sorted(by_head)], atol=0.0051)
    page.locator("#pair-heads button").nth(1).click()
    at = page.evaluate("[inspector.state.index, inspector.state.head]")
    assert tuple(at) == expected[1][0]
    assert page.locator("#pair-heads [aria-pressed=true]").count() == 1
    tokens = [GROUPS[one][0] for one in words]
    assert page.evaluate("inspector.state.cell") == tokens
    share = by_head[tuple(at)]
    assert f"{round(share * 100)} % of " in said(page) or "< 1 %" in said(page)
    # What explains a number explains this one.
    assert f"row {tokens[0]}" in page.inner_text("#readout")
    page.locator("#pair-turn").click()
    turned = linking(whole, *reversed(words))
    np.testing.assert_allclose(
        [weight for _, weight in listed(page)], [weight for _, weight in turned], atol=0.0051
    )
    page.keyboard.press("Escape")
    assert not page.locator("#pair").is_visible()
    assert page.locator("#grid-tone").input_value() == "none"


def test_who_comes_later_listens_where_the_rest_is_hidden(open_report):
    whole = in_pieces(causal=True)
    page = open_report(whole).page
    page.locator("#sentence .token").nth(2).click()
    page.locator("#sentence .token").nth(4).click()
    assert page.evaluate("[inspector.state.pinned, inspector.state.compared]") == [5, 2]
    expected = linking(whole, 4, 2)
    assert listed(page)[0][0] == expected[0][0]
    assert not page.locator("#pair-turn").is_visible()


def test_a_long_text_works_a_link_out_of_queries_and_keys(open_report):
    whole = synthetic.inspected(" ".join(f"w{i}" for i in range(70)))
    page = open_report(whole).page
    page.locator("#sentence .token").nth(9).click()
    page.locator("#sentence .token").nth(60).click()
    every = [[at] for at in range(72)]
    expected = linking(whole, 9, 60, every)
    got = dict(listed(page))
    for at, weight in expected[: len(got)]:
        assert got[at] == pytest.approx(weight, abs=0.006)


def test_a_report_that_was_asked_opens_with_the_question(open_report):
    whole = in_pieces()
    link = AskedLink("untidily", "knotty", 5, 2, (HeadLink("self", 1, 2, 0.5, 2.0, None),))
    page = open_report(replace(whole, link_asked=link)).page
    assert page.inner_text("#pair-title") == "Which heads link “untidily” to “knotty”?"
    state = page.evaluate("({ ...inspector.state })")
    assert (state["index"], state["head"], state["cell"]) == (1, 2, [5, 2])
    assert page.evaluate("location.hash") == ""


def test_the_strip_shows_the_sentence_and_the_head_once_it_has_gone(open_report):
    whole = synthetic.inspected("the cat sat on a mat")
    page = open_report(whole).page
    assert not page.locator("#strip").is_visible()
    page.locator("#head-view").scroll_into_view_if_needed()
    page.evaluate("document.querySelector('#ladder').scrollIntoView()")
    page.wait_for_selector("#strip", state="visible")
    assert page.inner_text("#strip-words").split() == page.inner_text("#sentence").split()[::2]
    page.locator("#strip-on").click()
    index, head = page.evaluate("[inspector.state.index, inspector.state.head]")
    assert page.inner_text("#strip-head") == f"layer {index}, head {head}"
    page.locator("#strip-words .token").nth(2).click()
    page.locator("#strip-words .token").nth(5).click()
    assert page.evaluate("[inspector.state.pinned, inspector.state.compared]") == [2, 5]
    assert page.evaluate("inspector.state.cell") == [2, 5]
    assert page.locator("#strip-words [aria-pressed=true]").count() == 2
    # What is chosen by keyboard is never under the strip.
    page.locator("nav a", has_text="Why").click()
    page.wait_for_function("() => document.querySelector('#why').getBoundingClientRect().top < 200")
    below = page.evaluate("document.querySelector('#strip').getBoundingClientRect().bottom")
    title = "document.querySelector('#why-title').getBoundingClientRect().top"
    assert page.evaluate(title) > below
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_selector("#strip", state="hidden")


def test_a_head_under_the_mouse_is_shown_and_not_chosen(open_report):
    whole = synthetic.inspected("the cat sat on a mat")
    page = open_report(whole).page
    page.set_viewport_size({"width": 1280, "height": 1600})
    chosen = page.evaluate("[inspector.state.index, inspector.state.head]")
    page.locator("#sentence .token").nth(2).click()
    page.locator("#grid .thumb").nth(0).hover()
    told = page.locator("#sentence .token-weight").all_inner_texts()
    row = whole.trace.layers[0].attention[0][2]
    np.testing.assert_allclose([float(one) for one in told], row, atol=0.0051)
    assert "In layer 0, head 0, " in said(page)
    assert page.evaluate("[inspector.state.index, inspector.state.head]") == chosen
    page.mouse.move(0, 0)
    assert f"In layer {chosen[0]}, head {chosen[1]}, " in said(page)


def test_the_lines_of_several_heads_in_colours(open_report):
    whole = synthetic.inspected("the cat sat on a mat")
    page = open_report(whole).page
    press_shape = "document.querySelector('#head-shape [data-value=lines]').click()"
    page.evaluate(press_shape)
    for at in (0, 4, 2):
        page.locator("#grid .thumb").nth(at).click()
        if at != 2:
            page.locator("#head-beside button").first.click()
    kept = page.evaluate("inspector.state.beside")
    assert kept == [0, 4]
    assert page.locator("#head-beside .head-key").count() == 3
    with page.expect_download() as waiting:
        page.locator("[data-export=svg]").click()
    drawn = waiting.value.path().read_text()
    for colour in ("#0072b2", "#d55e00", "#009e73"):
        assert drawn.count(f'stroke="{colour}"') > 5
    assert drawn.count("– layer ") == 3
    page.locator("#head-beside .pill.head-key").first.click()
    assert page.evaluate("inspector.state.beside") == kept[1:]


def test_an_arc_goes_from_the_word_that_listens_to_the_one_it_listens_to(open_report):
    page = open_report(synthetic.inspected("the cat sat on a mat")).page
    page.locator("#sentence .token").nth(5).click()
    page.locator("#sentence .token").nth(2).click()
    page.mouse.move(0, 0)
    page.wait_for_function(
        "() => /^M[^M]*C[^M]*$/.test(document.querySelector('.arc-line').getAttribute('d') ?? '')"
    )
    drawn, start, end = page.evaluate(
        "() => { const box = document.querySelector('#sentence').getBoundingClientRect();"
        " const at = (i) => { const one = document.querySelectorAll('#sentence .token')[i]"
        ".getBoundingClientRect(); return one.left + one.width / 2 - box.left; };"
        " return [document.querySelector('.arc-line').getAttribute('d').match(/[\\d.]+/g)"
        ".map(Number), at(5), at(2)]; }"
    )
    assert drawn[0] == pytest.approx(start, abs=1)
    assert drawn[-2] == pytest.approx(end, abs=1)
    # It rises above both words.
    assert drawn[3] < min(drawn[1], drawn[-1])
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.querySelector('.arc').hasAttribute('hidden')")


def test_a_page_for_a_wall(open_report):
    page = open_report(synthetic.inspected("the cat sat on a mat")).page
    page.set_viewport_size({"width": 1920, "height": 1080})
    size = "parseFloat(getComputedStyle(document.querySelector('#sentence-says')).fontSize)"
    before = page.evaluate(size)
    page.locator("#project").click()
    assert page.evaluate(size) >= 1.5 * before
    assert page.evaluate("document.documentElement.scrollWidth") <= 1920
    width = page.evaluate("document.querySelector('main').getBoundingClientRect().width")
    assert width == 1920
    page.wait_for_function("() => location.hash === '#projected=yes'")
    page.locator("#project").click()
    assert page.evaluate(size) == before


def test_rungs_turn_into_each_other_unless_motion_is_unwanted(open_report):
    page = open_report(synthetic.inspected("the cat sat on a mat")).page
    page.evaluate("document.querySelector('#ladder-pair').scrollIntoView()")
    page.wait_for_function(
        "() => [...document.querySelectorAll('#ladder-pair canvas')].every((c) => c.width > 50)"
    )
    fading = (
        "() => { const seen = []; const look = new MutationObserver((all) => all.forEach((one) =>"
        " one.addedNodes.forEach((node) => seen.push(node.className))));"
        " look.observe(document.querySelector('#ladder-pair'), { childList: true, subtree: true });"
        " document.querySelector('#rung-on').click();"
        " return new Promise((done) => setTimeout(() => done(seen.filter((c) => c === 'fading')"
        ".length), 50)); }"
    )
    assert page.evaluate(fading) == 1
    page.wait_for_function("() => !document.querySelector('.fading')")
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(fading) == 0
