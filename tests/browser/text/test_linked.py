"""One state: what is pinned is what the other sections explain, on a phone and by keys too."""

from dataclasses import replace

import pytest
import synthetic

SENTENCE = "the cat sat on a mat"


def strongest(whole, layer, head, row):
    """The pinned word's strongest key that is no sink, by NumPy: neither special nor the first."""
    weights = whole.trace.layers[layer].attention[head][row].astype(float)
    aside = [j for j, token in enumerate(whole.trace.text.tokens) if token.special or j == 0]
    weights[aside] = -1
    return int(weights.argmax())


def cell(page):
    return page.evaluate("inspector.state.cell")


@pytest.fixture
def opened(open_report):
    whole = synthetic.inspected(SENTENCE, seed=3)
    return whole, open_report(whole).page


def test_a_pinned_word_is_what_everything_explains(opened):
    whole, page = opened
    page.locator("#sentence .token").nth(4).click()
    key = strongest(whole, 1, 1, 4)
    assert cell(page) == [4, key]
    for _ in range(2):
        page.keyboard.press("n" if page.evaluate("inspector.state.head") < 2 else "p")
        head, index = page.evaluate("[inspector.state.head, inspector.state.index]")
        key = strongest(whole, index, head, 4)
        names = [token.text for token in whole.trace.text.tokens]
        assert page.evaluate("inspector.state.pinned") == 4
        assert cell(page) == [4, key]
        assert f"query {names[4]} (row 4) → key {names[key]}" in page.inner_text("#readout")
        # It is drawn when it comes near the window.
        page.locator("#why").scroll_into_view_if_needed()
        where = f"(key, column {key}) in layer {index}, head {head}"
        told = f"(query, row 4) attend to “{names[key]}” {where}"
        page.locator("#why-says", has_text=told).wait_for(timeout=5000)
        assert f"row 4 “{names[4]}”, column {key} “{names[key]}”" in page.inner_text(
            "#ladder-readout"
        )


def test_the_direction_turns_the_cell_round(opened):
    whole, page = opened
    page.locator("#sentence .token").nth(4).click()
    page.locator("#sentence-direction [data-value=in]").click()
    column = whole.trace.layers[1].attention[1][:, 4].astype(float)
    column[[i for i, token in enumerate(whole.trace.text.tokens) if token.special]] = -1
    assert cell(page) == [int(column.argmax()), 4]


def test_where_only_the_sink_can_be_seen_it_is_the_key(open_report):
    page = open_report(synthetic.inspected(SENTENCE, causal=True)).page
    page.locator("#sentence .token").nth(0).click()
    assert cell(page) == [0, 0]


def test_an_address_with_a_pinned_word_brings_its_cell(open_report, chromium, tmp_path):
    whole = synthetic.inspected(SENTENCE, seed=3)
    opened = open_report(whole)
    page = opened.page
    page.goto("about:blank")
    page.goto(f"{opened.address}#index=0&head=2&pinned=5")
    page.wait_for_selector("html[data-complete]", state="attached")
    assert cell(page) == [5, strongest(whole, 0, 2, 5)]
    page.locator("#sentence .token").nth(2).click()
    page.wait_for_timeout(400)
    assert "cell" not in page.evaluate("location.hash")
    page.reload()
    page.wait_for_selector("html[data-complete]", state="attached")
    assert cell(page) == [2, strongest(whole, 0, 2, 2)]


def test_a_tap_reads_a_cell_and_pins_its_word(chromium, open_report, tmp_path):
    whole = synthetic.inspected(SENTENCE, seed=3)
    address = open_report(whole).address
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("html[data-complete]", state="attached")
    canvas = page.locator("#panels .matrix-field canvas").first
    canvas.scroll_into_view_if_needed()
    page.wait_for_timeout(100)
    # The band of row and column says where the cells are: the last cell is what they stretch to.
    box = canvas.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] - 40, box["y"] + box["height"] - 40)
    row, col = cell(page)
    assert row > 4 and col > 4
    assert f"(row {row})" in page.inner_text("#readout")
    assert page.evaluate("inspector.state.pinned") == row
    value = float(page.locator("#readout [data-value=model]").inner_text().replace("−", "-"))
    assert value == pytest.approx(whole.trace.layers[1].attention[1][row, col], abs=1e-6)
    page.locator("#head-back").tap()
    assert page.evaluate("[inspector.state.index, inspector.state.head]") == [1, 0]
    page.locator("#head-on").tap()
    page.locator("#head-on").tap()
    assert page.evaluate("[inspector.state.index, inspector.state.head]") == [1, 2]
    assert page.get_attribute("#head-on", "aria-disabled") == "true"
    page.locator("#head-on").tap(force=True)
    assert page.evaluate("[inspector.state.index, inspector.state.head]") == [1, 2]
    context.close()


@pytest.mark.parametrize("place", ["#head-view .matrix-field", "#export .pill", "body"])
def test_escape_unpins_wherever_the_focus_is(opened, place):
    _, page = opened
    page.locator("#sentence .token").nth(2).click()
    page.locator("#sentence .token").nth(3).click()
    assert page.evaluate("[inspector.state.pinned, inspector.state.compared]") == [2, 3]
    page.evaluate("document.activeElement.blur()")
    page.locator(place).first.focus()
    page.keyboard.press("Escape")
    assert page.evaluate("[inspector.state.pinned, inspector.state.compared]") == [None, None]


def test_escape_in_the_list_of_keys_closes_it_and_no_more(opened):
    _, page = opened
    page.locator("#sentence .token").nth(2).click()
    page.keyboard.press("?")
    page.keyboard.press("Escape")
    assert not page.locator("#keys").is_visible()
    assert page.evaluate("inspector.state.pinned") == 2


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("layer=99", "“layer=99”"),
        ("index=99&head=1", "“index=99”"),
        ("shape=circle", "“shape=circle”"),
        ("nowhere", "“nowhere”"),
        ("%", "“%”"),
        ("head=<b>x</b>&pinned=2", "head="),
    ],
)
def test_an_address_that_does_not_fit_is_said(open_report, address, told):
    opened = open_report(synthetic.inspected(SENTENCE))
    page = opened.page
    assert not page.locator("#address-says").is_visible()
    page.evaluate("a => { location.hash = a; }", address)
    page.wait_for_selector("#address-says", state="visible")
    assert told in page.inner_text("#address-says")
    page.evaluate("location.hash = 'head=0'")
    page.wait_for_selector("#address-says", state="hidden")


def test_opened_with_an_address_that_does_not_fit(open_report):
    opened = open_report(synthetic.inspected(SENTENCE))
    page = opened.page
    page.goto("about:blank")
    page.goto(f"{opened.address}#layer=99")
    page.wait_for_selector("html[data-complete]", state="attached")
    assert "“layer=99”" in page.inner_text("#address-says")


def test_comparing_two_words_moves_nothing_below(opened):
    _, page = opened
    page.evaluate("document.querySelector('#sentence-together [data-value=contrast]').click()")
    page.locator("#sentence .token").nth(2).click()
    top = "document.querySelector('#links').getBoundingClientRect().top + scrollY"
    before = page.evaluate(top)
    page.locator("#sentence .token").nth(5).click()
    assert page.locator("#sentence.comparing").count() == 1
    assert page.evaluate(top) == pytest.approx(before, abs=1)


def test_digit_keys_go_to_a_section_without_a_frame_around_it(opened):
    _, page = opened
    page.keyboard.press("4")
    section = page.evaluate_handle("document.activeElement")
    assert section.evaluate("e => e.tagName") == "SECTION"
    assert section.evaluate("e => getComputedStyle(e).outlineStyle") == "none"


def test_a_moving_cursor_says_one_sentence(opened):
    whole, page = opened
    page.evaluate("""() => {
      window.heard = [];
      for (const live of document.querySelectorAll('#head [role=status], #ladder [role=status]'))
        new MutationObserver(() => heard.push([live.id, live.textContent]))
          .observe(live, { childList: true, characterData: true, subtree: true });
    }""")
    page.locator("#panels .matrix-field").first.focus()
    for key in ["Home", "ArrowRight", "ArrowRight", "ArrowDown"]:
        page.keyboard.press(key)
    page.wait_for_function("() => heard.length > 0")
    page.wait_for_timeout(500)
    row, col = cell(page)
    names = [token.text for token in whole.trace.text.tokens]
    value = whole.trace.layers[1].attention[1][row, col]
    assert page.evaluate("heard") == [
        ["readout-heard", f"“{names[row]}” to “{names[col]}”: {value:.3f}"]
    ]


def test_hints_of_the_matrix_leave_with_it(opened):
    _, page = opened
    assert page.locator("#matrix-hint").is_visible()
    page.locator("#head-shape [data-value=lines]").click()
    assert not page.locator("#matrix-hint").is_visible()


@pytest.mark.parametrize("kind", ["plain", "pair", "predicting", "mismatch", "long word"])
def test_nothing_runs_over_at_320_pixels(open_report, kind):
    text = "w" * 400 + " b b b" if kind == "long word" else SENTENCE
    whole = synthetic.inspected(text, pair="a dog" if kind == "pair" else None)
    whole = {"predicting": synthetic.predicting, "mismatch": synthetic.mismatched}.get(
        kind, lambda one: one
    )(whole)
    page = open_report(whole, width=320).page
    wide = page.evaluate("""() => [...document.querySelectorAll('main *, footer *')]
      .filter((e) => e.getBoundingClientRect().right > innerWidth + 1
        && !e.closest('.head-grid, .unseen, .table-scroll'))
      .map((e) => `${e.tagName}.${e.className}#${e.id}`)""")
    assert wide == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


RTL = "הילד הלך אל הבית (מהר)"


def test_right_to_left_text_runs_right_to_left(open_report):
    page = open_report(synthetic.inspected(RTL)).page
    lefts = [page.locator("#sentence .token").nth(i).bounding_box()["x"] for i in range(1, 5)]
    assert lefts == sorted(lefts, reverse=True)
    assert page.get_attribute("#sentence p", "dir") == "rtl"


def test_each_text_of_a_pair_has_its_own_direction(open_report):
    page = open_report(synthetic.inspected("قال الولد", pair="the boy said")).page
    assert [page.locator("#sentence p").nth(i).get_attribute("dir") for i in (0, 1)] == [
        "rtl", "ltr"]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "direction"),
    [("123 (שלום) a", "rtl"), ("«abc» שלום", "ltr"), ("", "ltr"), ("𞤀𞤁 x", "rtl"), ("…", "ltr")],
)
def test_the_direction_of_a_text_is_that_of_its_first_letter(call, text, direction):
    assert call("shared/format", "m.directionOf(x)", text) == direction


def test_line_ends_are_line_breaks(open_report):
    whole = synthetic.inspected("the cat \n sat on")
    page = open_report(whole).page
    assert page.locator("#sentence .token-text").nth(3).inner_text() == "↵"
    tops = [page.locator("#sentence .token").nth(i).bounding_box()["y"] for i in range(1, 6)]
    assert tops[0] == tops[1] == tops[2] < tops[3] == tops[4]


def test_a_dropped_line_end_is_a_line_break(open_report):
    whole = synthetic.inspected("the cat sat on")
    text = replace(whole.trace.text, text="the cat\nsat on")
    page = open_report(replace(whole, trace=replace(whole.trace, text=text))).page
    tops = [page.locator("#sentence .token").nth(i).bounding_box()["y"] for i in range(1, 5)]
    assert tops[0] == tops[1] < tops[2] == tops[3]


def test_a_file_is_called_after_the_sentence(open_report):
    page = open_report(synthetic.inspected("Où est-il? <the cat>")).page
    with page.expect_download() as waiting:
        page.locator("[data-export=csv]").click()
    name = waiting.value.suggested_filename
    assert name == "Où-est-il-the-cat-synthetic-model-layer-1-head-1.csv"
