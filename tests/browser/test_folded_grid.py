"""Many heads: layers that fold, cells with a colour instead of a picture, the sink set aside."""

from dataclasses import replace

import numpy as np
import pytest
import synthetic

from inspector.records import Sink

LAYERS, HEADS = 13, 12


@pytest.fixture(scope="module")
def many():
    """More heads than stand side by side; each gives more and more to the first token."""
    whole = synthetic.inspected("a b c", layers=LAYERS, heads=HEADS, d=2, causal=True)
    heads = tuple(
        replace(head, masses={**head.masses, "first": i / 200, "separator": 0.1})
        for i, head in enumerate(whole.heads)
    )
    return replace(whole, heads=heads)


def to_words(whole):
    return np.array([1 - head.masses["first"] - head.masses["separator"] for head in whole.heads])


def pictures(page):
    """Which heads have one."""
    found = page.locator(".thumb .shot").evaluate_all(
        "all => all.map(s => s.style.backgroundImage.startsWith('url'))"
    )
    return np.flatnonzero(found).tolist()


def folded(page):
    return page.locator(".fold").evaluate_all(
        "all => all.map(b => b.getAttribute('aria-expanded') === 'false')"
    )


def test_layers_are_folded_but_for_the_chosen_one(open_report, many):
    page = open_report(many).page
    chosen = page.evaluate("inspector.state.index")
    assert chosen == LAYERS - 1
    assert folded(page) == [n != chosen for n in range(LAYERS)]
    assert pictures(page) == [chosen * HEADS + h for h in range(HEADS)]
    assert page.locator("#grid-foldable").is_visible()
    heights = page.locator("#grid [role=row]").evaluate_all("all => all.map(r => r.offsetHeight)")
    assert max(heights[:-1]) < 30 < heights[-1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_cell_has_the_colour_of_what_goes_to_words(open_report, call, many, scheme):
    page = open_report(many, scheme=scheme).page
    share = to_words(many)
    steps = np.rint((share - share.min()) / (share.max() - share.min()) * 255)
    ramp = call(
        "shared/colour",
        "(() => { document.documentElement.dataset.theme = x;"
        " return Array.from(m.currentRamp('amount')); })()",
        scheme,
    )
    cells = page.locator(".folded .shot").evaluate_all(
        "all => all.map(s => [getComputedStyle(s).backgroundColor,"
        " s.parentElement.getAttribute('aria-label')])"
    )
    assert len(cells) == (LAYERS - 1) * HEADS
    for (colour, name), value, at in zip(cells, share, steps, strict=False):
        assert colour == "rgb({}, {}, {})".format(*ramp[int(at) * 3 : int(at) * 3 + 3])
        told, _, number = name.rpartition(" ")
        assert told.endswith("; attention to words")
        assert float(number) == pytest.approx(value, abs=0.0051)
    assert "all but the first token and separators" in page.locator("#grid-tones").inner_text()


def test_a_layer_unfolds_by_its_number_and_by_a_click_on_a_head(open_report, many):
    page = open_report(many).page
    page.locator(".fold").nth(3).click()
    assert not folded(page)[3]
    assert pictures(page)[:HEADS] == [3 * HEADS + h for h in range(HEADS)]
    page.locator(".thumb").nth(5 * HEADS + 2).click()
    assert not folded(page)[5]
    assert page.evaluate("[inspector.state.index, inspector.state.head]") == [5, 2]
    page.locator(".fold").nth(3).click()
    assert folded(page)[3]
    page.locator("#grid-folded [data-value=false]").click()
    assert not any(folded(page))
    page.wait_for_function("() => location.hash.includes('folded=no')")
    page.locator("#grid-folded [data-value=true]").click()
    assert folded(page) == [n != 5 for n in range(LAYERS)]


def test_all_of_it_by_keyboard(open_report, many):
    page = open_report(many).page
    page.locator(".thumb[tabindex='0']").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("[inspector.state.index, inspector.state.head]") == [LAYERS - 2, 0]
    # To walk by unfolds nothing; a layer's number is to the left of its first head.
    assert folded(page)[LAYERS - 2]
    page.keyboard.press("ArrowLeft")
    focus = page.locator(":focus")
    assert focus.get_attribute("aria-label") == f"layer {LAYERS - 2}, {HEADS} heads"
    page.keyboard.press("Enter")
    assert not folded(page)[LAYERS - 2]
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("[inspector.state.index, inspector.state.head]") == [LAYERS - 4, 0]
    assert page.locator("#grid [tabindex='0']").count() == 1


def test_sorted_by_what_goes_to_words_the_most_stand_first(open_report, many):
    page = open_report(many).page
    page.locator("#grid-order").select_option("words")
    names = page.locator(".thumb .where").all_inner_texts()
    order = np.argsort(-to_words(many), kind="stable")
    assert names == [f"{i // HEADS}·{i % HEADS}" for i in order]
    assert page.locator("#grid-folded").is_hidden()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.shot')]"
        ".every((s) => s.style.backgroundImage.startsWith('url'))"
    )


def test_as_many_heads_as_bert_has_are_not_folded(open_report):
    page = open_report(synthetic.inspected("a b", layers=12, heads=12, d=2)).page
    assert page.locator(".fold").count() == 0
    assert page.locator("#grid-folded, #grid-foldable").evaluate_all("a => a.every(e => e.hidden)")
    assert page.evaluate("inspector.state.tone") == "none"


OPEN = """async (shot) => {
    const image = new Image();
    image.src = shot.style.backgroundImage.match(/url\\("?([^")]*)/)[1];
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = image.width; canvas.height = image.height;
    const context = canvas.getContext('2d'); context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, image.height - 1, image.width, 1);
    return Array.from(data).filter((_, i) => i % 4 === 3).map((alpha) => alpha === 0);
}"""


@pytest.mark.parametrize(("tokens", "patch"), [(8, 5), (60, 20)])
def test_what_is_set_aside_is_left_open_in_the_pictures(open_report, tokens, patch):
    """The columns of the last row, which hears everything."""
    key = 5 if tokens == 8 else 38
    whole = synthetic.inspected(" ".join(["w"] * (tokens - 2)), causal=True)
    whole = replace(whole, sinks=(Sink("self", key, "w", 0.4, None),))
    page = open_report(whole).page
    shot = page.locator(".thumb .shot").first
    assert not any(shot.evaluate(OPEN))
    page.locator("#grid-sink").click()
    opened = np.flatnonzero(shot.evaluate(OPEN)).tolist()
    # The first and the last are [CLS] and [SEP].
    assert opened == [0, patch, min(tokens, 32) - 1]
    assert (
        "Set aside, and hatched too: [CLS], “w” and [SEP]"
        in page.locator("#grid-lede").inner_text()
    )


def causal_with_a_sink(first="[CLS]"):
    whole = synthetic.inspected("the cat sat on a mat", causal=True)
    return replace(whole, sinks=(Sink("self", 0, first, 0.5, 0.3),))


def test_a_causal_page_opens_without_what_its_attention_rests_on(open_report):
    whole = causal_with_a_sink()
    opened = open_report(whole)
    page = opened.page
    assert page.evaluate("inspector.state.sink") is True
    buttons = page.locator("#sentence-sink, #grid-sink, #head-sink")
    assert buttons.evaluate_all("all => all.map(b => b.ariaPressed)") == ["true"] * 3
    assert "Set aside: [CLS] and [SEP]." in page.locator("#sentence-note").inner_text()
    # Not one of the numbers is another.
    rows, cols, data = opened.attention(1, 1)
    attention = whole.trace.layers[1].attention[1]
    np.testing.assert_array_equal(np.array(data, np.float32).reshape(rows, cols), attention)
    page.locator("#sentence .token").nth(4).click()
    before = page.locator("#sentence .token-weight").all_inner_texts()
    assert [before[0], before[2]] == ["", f"{attention[4, 2]:.2f}"]
    page.locator("#sentence-sink").click()
    after = page.locator("#sentence .token-weight").all_inner_texts()
    assert [after[0], after[2]] == [f"{attention[4, 0]:.2f}", before[2]]
    page.wait_for_function("() => location.hash.includes('sink=no')")


def test_other_pages_open_with_everything(open_report):
    sinks = (Sink("self", 0, "[CLS]", 0.5, 0.3),)
    both = synthetic.inspected("the cat sat on a mat")
    later = (Sink("self", 2, "cat", 0.5, 0.3),)
    for whole in (replace(both, sinks=sinks), replace(causal_with_a_sink(), sinks=later)):
        assert open_report(whole).page.evaluate("inspector.state.sink") is False
