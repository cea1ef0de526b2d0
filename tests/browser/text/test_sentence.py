"""The sentence as a control: what its words show, beside NumPy."""

from dataclasses import replace

import numpy as np
import pytest
import synthetic
from synthetic_words import GROUPS, in_pieces, merged

from inspector.records import Text
from inspector.report.html.page import render_report

TEXT = "the cat sat on a mat"


def of_all(whole):
    """The mean over all heads of the run, in float64."""
    return np.concatenate([layer.attention.astype(float) for layer in whole.trace.layers]).mean(
        axis=0
    )


def choose(page, layer, head, heads=3):
    page.locator(".thumb").nth(layer * heads + head).click()


def press(page, group, value):
    page.locator(f"#sentence-{group} [data-value={value}]").click()


def weights(page):
    """The numbers under the words; two each where two words are compared."""
    told = [text.split() for text in page.locator("#sentence .token-weight").all_inner_texts()]
    return np.squeeze([[float(t) if t != "–" else np.nan for t in one] for one in told])


def said(page):
    return page.locator("#sentence-says").inner_text()


def percent(share):
    return "< 1 %" if 0 < share < 0.01 else f"{round(share * 100)} %"


def test_who_listens_to_it_is_the_column(open_report):
    whole = synthetic.inspected(TEXT)
    page = open_report(whole).page
    choose(page, 1, 2)
    press(page, "direction", "in")
    page.locator("#sentence .token").nth(4).hover()
    column = whole.trace.layers[1].attention[2][:, 4].astype(float)
    np.testing.assert_allclose(weights(page), column, atol=0.0051)
    best = int(column.argmax())
    name = whole.trace.text.tokens[best].text
    whose = "of its own" if best == 4 else f"of the attention of “{name}”"
    assert f"In layer 1, head 2, “on” gets {percent(column.max())} {whose}" in said(page)
    assert f"receives {column.sum():.2f} in all, of the 1 that each of the 8 here" in said(page)


@pytest.mark.parametrize("direction", ["out", "in"])
@pytest.mark.parametrize("whose", ["layer", "all"])
def test_means_over_heads(open_report, whose, direction):
    whole = synthetic.inspected(TEXT, layers=3, heads=3)
    page = open_report(whole).page
    choose(page, 1, 0)
    press(page, "whose", whose)
    press(page, "direction", direction)
    page.locator("#sentence .token").nth(2).hover()
    A = whole.trace.layers[1].attention.mean(axis=0) if whose == "layer" else of_all(whole)
    expected = A[2] if direction == "out" else A[:, 2]
    np.testing.assert_allclose(weights(page), expected, atol=0.0051)
    begin = {"layer": "over the 3 heads of layer 1, “cat”", "all": "over all 9 heads, “cat”"}[whose]
    assert begin in said(page)
    assert "an average, worked out on this page" in page.locator("#sentence-note").inner_text()


@pytest.mark.parametrize("direction", ["out", "in"])
def test_pieces_are_merged_into_words(open_report, direction):
    whole = in_pieces()
    page = open_report(whole).page
    choose(page, 0, 1)
    press(page, "direction", direction)
    names = page.locator("#sentence .token-text").all_inner_texts()
    assert names == ["[CLS]", "the", "knotty", "sat", "untidily", "[SEP]"]
    A = whole.trace.layers[0].attention[1].astype(float)
    for at in (2, 3, 4):
        page.locator("#sentence .token").nth(at).hover()
        words = merged(A)
        expected = words[at] if direction == "out" else words[:, at]
        np.testing.assert_allclose(weights(page), expected, atol=0.0051)
    assert "attention received is summed" in page.locator("#sentence-note").inner_text()


def test_pieces_on_request(open_report):
    whole = in_pieces()
    page = open_report(whole).page
    choose(page, 0, 1)
    page.locator("#sentence .token").nth(4).click()
    assert page.evaluate("inspector.state.pinned") == 5
    press(page, "subwords", "true")
    assert page.locator("#sentence .token-text").all_inner_texts()[5:8] == ["un", "tidi", "ly"]
    assert page.locator("#sentence .token").nth(5).get_attribute("aria-pressed") == "true"
    np.testing.assert_allclose(weights(page), whole.trace.layers[0].attention[1, 5], atol=0.0051)
    assert "into a word" not in page.locator("#sentence-note").inner_text()
    page.locator("#sentence .token").nth(7).click()
    press(page, "subwords", "false")
    # Both pieces are of one word, which cannot be compared with itself.
    assert page.evaluate("[inspector.state.pinned, inspector.state.compared]") == [5, 7]
    assert page.locator("#sentence .token[aria-pressed=true]").count() == 1
    assert weights(page).shape == (6,)


def test_links_speak_of_pieces_only_where_there_are_some(open_report):
    combined = "Subwords are combined"
    says = open_report(in_pieces()).page.locator("#links").inner_text()
    assert combined in says
    says = open_report(synthetic.inspected(TEXT)).page.locator("#links").inner_text()
    assert combined not in says
    assert "Heads that only look at a fixed position are left out." in says


def test_without_pieces_there_is_no_choice_of_them(open_report):
    page = open_report(synthetic.inspected(TEXT)).page
    assert not page.locator("#sentence-subwords").is_visible()
    page = open_report(replace(in_pieces(), pieces=True)).page
    assert page.locator("#sentence-subwords [data-value=true][aria-pressed=true]").is_visible()
    assert page.locator("#sentence .token").count() == 9


@pytest.mark.parametrize("direction", ["out", "in"])
def test_two_words_are_compared_on_request(open_report, direction):
    whole = synthetic.inspected(TEXT)
    page = open_report(whole).page
    choose(page, 1, 1)
    press(page, "direction", direction)
    page.locator("#sentence .token").nth(2).click()
    assert page.evaluate("[inspector.state.pinned, inspector.state.compared]") == [2, None]
    page.locator("#sentence .token").nth(6).click()
    press(page, "together", "contrast")
    page.mouse.move(0, 0)
    assert page.evaluate("[inspector.state.pinned, inspector.state.compared]") == [2, 6]
    A = whole.trace.layers[1].attention[1].astype(float)
    both = (A if direction == "out" else A.T)[[2, 6]]
    np.testing.assert_allclose(weights(page), both.T, atol=0.0051)
    shares = both / both.sum(axis=1, keepdims=True)
    shared = percent(np.minimum(*shares).sum())
    third = int(np.abs(both[0] - both[1]).argmax())
    name = whole.trace.text.tokens[third].text
    words = {
        "out": f"agree on {shared} of their attention",
        "in": f"share {shared} of the attention that they receive",
    }
    assert f"“cat” and “mat” {words[direction]}" in said(page)
    how = "from" if direction == "out" else "to"
    assert f"They differ most on “{name}”: {percent(both[0, third])} {how} “cat”" in said(page)
    assert page.locator("#sentence .token[aria-pressed=true] .token-text").all_inner_texts() == [
        "cat",
        "mat",
    ]
    # Pointing at a third asks for its two numbers and leaves the comparison.
    page.locator("#sentence .token").nth(3).hover()
    assert f"“sat”: {percent(both[0, 3])} {how} “cat”, {percent(both[1, 3])} {how} “mat”" in said(
        page
    )
    np.testing.assert_allclose(weights(page), both.T, atol=0.0051)
    # Another click takes the place of the second; on the first, the second stays alone.
    page.locator("#sentence .token").nth(3).click()
    assert page.evaluate("[inspector.state.pinned, inspector.state.compared]") == [2, 3]
    page.locator("#sentence .token").nth(2).click()
    assert page.evaluate("[inspector.state.pinned, inspector.state.compared]") == [3, None]
    page.locator("#sentence .token").nth(3).click()
    assert page.evaluate("inspector.state.pinned") is None


def test_what_a_link_pinned_is_not_compared(open_report):
    page = open_report(synthetic.inspected(TEXT)).page
    page.locator("#sentence .token").nth(5).click()
    page.locator("#sentence .token").nth(6).click()
    page.locator("#links-list button").first.click()
    assert page.evaluate("[inspector.state.pinned, inspector.state.compared]") == [1, None]
    page.locator("#sentence .token").nth(4).click()
    assert page.evaluate("[inspector.state.pinned, inspector.state.compared]") == [4, None]


def test_all_of_it_by_keyboard(open_report):
    page = open_report(in_pieces()).page
    assert "Hover over a word" in said(page)
    assert page.locator("#sentence [tabindex='0']").count() == 1
    page.locator("#sentence [tabindex='0']").focus()
    assert "Hover over a word" not in said(page)
    page.keyboard.press("End")
    assert page.evaluate("inspector.state.hovered") == 8
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    assert page.evaluate("[inspector.state.pinned, inspector.state.compared]") == [5, None]
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.evaluate("[inspector.state.pinned, inspector.state.compared]") == [5, 1]
    assert "“untidily” gives " in said(page) and "of its attention to “the”." in said(page)
    assert page.locator("#sentence-together [data-value=link]").get_attribute("tabindex") == "0"
    page.locator("#sentence-together [data-value=link]").focus()
    page.keyboard.press("ArrowRight")
    assert "“untidily” and “the” agree on" in said(page)
    page.locator("#sentence [tabindex='0']").focus()
    page.keyboard.press("Escape")
    assert page.evaluate("[inspector.state.pinned, inspector.state.compared]") == [None, None]
    assert page.locator("#sentence .token[aria-pressed=true]").count() == 0
    assert page.evaluate("document.activeElement.textContent").startswith("the")


@pytest.mark.parametrize("direction", ["out", "in"])
def test_what_is_forbidden_is_not_called_zero(open_report, direction):
    whole = in_pieces(causal=True)
    page = open_report(whole).page
    choose(page, 1, 0)
    press(page, "direction", direction)
    page.locator("#sentence .token").nth(2).hover()
    words = merged(whole.trace.layers[1].attention[0].astype(float))
    expected = words[2] if direction == "out" else words[:, 2]
    hidden = np.arange(6) > 2 if direction == "out" else np.arange(6) < 2
    told = weights(page)
    np.testing.assert_array_equal(np.isnan(told), hidden)
    np.testing.assert_allclose(told[~hidden], expected[~hidden], atol=0.0051)
    assert page.locator("#sentence .token.barred").count() == hidden.sum()
    assert f"The {hidden.sum()} in grey" in said(page)


def test_a_pair_has_words_of_its_own(open_report):
    """Both texts count their words from 0 in some tokenizers."""
    whole = synthetic.inspected("a b", pair="c d")
    tokens = [replace(t, word=None if t.special else 0) for t in whole.trace.text.tokens]
    tokens[3] = replace(tokens[3], special=False, word=0, span=(3, 4))
    tokens[4], tokens[5] = replace(tokens[4], word=0), replace(tokens[5], word=0)
    text = Text.of(tuple(tokens), "a bx", "c d")
    whole = replace(whole, trace=replace(whole.trace, text=text))
    page = open_report(whole).page
    names = page.locator("#sentence .token-text").all_inner_texts()
    assert names == ["[CLS]", "a bx", "c d", "[SEP]"]
    assert page.locator("#sentence p").last.locator(".token").count() == 2


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("how", ["worker", "refused", "broken"])
def test_means_of_a_long_text(chromium, tmp_path, how, causal):
    """In a worker, and in slices where the browser has none or it falls over."""
    whole = synthetic.inspected(
        " ".join(f"w{i}" for i in range(198)), layers=2, heads=8, causal=causal
    )
    path = tmp_path / "long.html"
    path.write_text(render_report(whole), encoding="utf-8")
    page = chromium.new_context().new_page()
    workers, complaints = [], []
    page.on("worker", lambda worker: workers.append(worker.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    if how == "refused":
        page.add_init_script("window.Worker = class { constructor() { throw new Error('no'); } }")
    elif how == "broken":
        page.add_init_script(
            "const Own = window.Worker; window.Worker = class extends Own { constructor() {"
            " super(URL.createObjectURL(new Blob(['throw new Error(1)']))); } }"
        )
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready]", state="attached")
    stated = page.evaluate(
        "JSON.parse(document.getElementById('header').textContent).arithmetic_max_abs_error"
    )
    for layer in (0, 1, None):
        got = page.evaluate(
            "async (n) => {"
            " const late = new Promise((_, no) => setTimeout(no, 15000, 'no answer'));"
            " const m = await Promise.race([inspector.mean('self', n), late]);"
            " return [m.rows, m.cols, Array.from(m.data)]; }",
            layer,
        )
        A = of_all(whole) if layer is None else whole.trace.layers[layer].attention.mean(axis=0)
        difference = np.abs(np.reshape(got[2], got[:2]) - A).max()
        assert difference <= stated + 2e-6
    assert len(workers) == (0 if how == "refused" else 1)
    assert complaints == []
    page.context.close()


@pytest.mark.parametrize("beside", synthetic.BESIDE)
def test_the_worker_knows_what_stands_beside_q_and_k(open_report, beside):
    whole = synthetic.inspected("w " * 158, layers=1, heads=12, d=8, causal=True, beside=beside)
    opened = open_report(whole)
    mean = opened.page.evaluate(
        "(async () => Array.from((await inspector.mean('self', 0)).data))()"
    )
    A = whole.trace.layers[0].attention.mean(axis=0)
    np.testing.assert_allclose(np.reshape(mean, A.shape), A, atol=2e-3)


def test_a_long_text_waits_calmly_for_its_mean(open_report):
    whole = synthetic.inspected(" ".join(f"w{i}" for i in range(198)), layers=2, heads=8)
    page = open_report(whole).page
    page.locator("#sentence .token").nth(7).click()
    page.evaluate("document.querySelector('#sentence-whose [data-value=all]').click()")
    page.wait_for_selector("#sentence[aria-busy=false]")
    A = of_all(whole)[7]
    best = int(A.argmax())
    name = "itself" if best == 7 else f"“{whole.trace.text.tokens[best].text}”"
    told = f"over all 16 heads, “w6” gives {percent(A[best])} of its attention to {name}"
    assert told in said(page)
    page.evaluate("document.querySelector('#sentence-whose [data-value=layer]').click()")
    page.wait_for_function(
        "document.querySelector('#sentence-says').textContent.includes('8 heads')"
    )


def test_the_ladder_shows_the_layer_s_mean_of_a_long_text(open_report):
    whole = synthetic.inspected(" ".join(f"w{i}" for i in range(198)), layers=2, heads=8)
    page = open_report(whole).page
    choose(page, 1, 3, 8)
    page.locator("tr[data-rung=layer_mean] button").click()
    page.wait_for_selector("#ladder-pair .matrix:first-child:not([hidden])")
    page.wait_for_selector("#ladder-no-matrix[hidden]", state="attached")
    field = page.locator("#ladder-pair .matrix-field").first
    field.focus()
    page.keyboard.press("Control+Home")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    told = page.locator("#ladder-readout").inner_text()
    A = whole.trace.layers[1].attention.mean(axis=0)
    assert float(told.split("rung ")[1].split(",")[0]) == pytest.approx(A[3, 0], abs=6e-4)


@pytest.mark.parametrize("tokens", [8, 80])
def test_means_without_a_rebuild(open_report, tokens):
    """Where A itself travelled, the mean is made of it."""
    whole = synthetic.not_recomputed(synthetic.inspected(" ".join(["w"] * (tokens - 2))))
    page = open_report(whole).page
    got = page.evaluate("async () => Array.from((await inspector.mean('self', 1)).data)")
    A = whole.trace.layers[1].attention.mean(axis=0)
    np.testing.assert_allclose(np.reshape(got, A.shape), A, atol=5e-4)
    assert "from the model’s own attention" not in page.locator("#sentence-note").inner_text()
    press(page, "whose", "layer")
    assert "from the model’s own attention" in page.locator("#sentence-note").inner_text()


def test_long_texts_compare_by_colour_alone(open_report):
    whole = synthetic.inspected(" ".join(f"w{i}" for i in range(70)))
    page = open_report(whole).page
    press(page, "together", "contrast")
    page.locator("#sentence .token").nth(3).click()
    page.locator("#sentence .token").nth(9).click()
    page.mouse.move(0, 0)
    A = whole.trace.layers[1].attention[1]
    third = int(np.abs(A[3] - A[9]).argmax())
    colours = page.evaluate(
        "i => ['--first', '--other'].map(n => document.querySelectorAll('.token')[i].style"
        ".getPropertyValue(n).match(/[0-9]+/g).map(Number))",
        third,
    )
    # The one that hears more of it has the darker strip.
    first, other = (sum(c) for c in colours)
    assert (first < other) == (A[3, third] > A[9, third])
    red, _, blue = colours[first > other]
    assert (blue > red) == (first < other)  # blue for the first word, orange for the second
    assert page.locator("#sentence .token-weight").count() == 0


def test_amounts_between_words(call):
    random = np.random.default_rng(3)
    A = random.random((9, 9))
    units = [{"tokens": group} for group in GROUPS]
    for direction, expected in (("out", merged(A)), ("in", merged(A).T)):
        got = call(
            "attention/words",
            "x.units.map((_, u) => Array.from(m.amountsOf({rows: 9, cols: 9,"
            " data: Float32Array.from(x.data)}, x.units[u], x.units, x.direction)))",
            {"units": units, "data": A.ravel().tolist(), "direction": direction},
        )
        np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_overlap(call):
    got = call(
        "attention/words", "m.overlap(Float64Array.from([.5, .5, 0]), Float64Array.from([1, 0, 3]))"
    )
    assert got == pytest.approx(0.25)


def test_the_word_a_long_text_opens_with_is_in_sight(open_report):
    """The text scrolls to it in its box, without the page being scrolled."""
    whole = synthetic.inspected(" ".join(f"word{i}" for i in range(300)))
    link = replace(whole.links[0], source_token=290, target_token=3)
    page = open_report(replace(whole, links=(link,))).page
    page.wait_for_function("document.querySelector('#sentence').scrollTop > 0")
    inside, around = page.evaluate(
        "['#sentence .source', '#sentence'].map((q) => {"
        " const { top, bottom } = document.querySelector(q).getBoundingClientRect();"
        " return [top, bottom]; })"
    )
    assert around[0] <= inside[0] < inside[1] <= around[1]
    assert page.evaluate("scrollY") == 0
