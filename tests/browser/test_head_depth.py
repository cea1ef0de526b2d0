"""One head in depth: a closer look, lines, the sink set aside, and cells that are forbidden."""

from dataclasses import replace

import numpy as np
import pytest
import synthetic

from inspector.records import Sink

SENTENCE = "the cat sat on a mat"
LONG = " ".join(f"w{i}" for i in range(70))


def choose(page, layer, head, heads=3):
    page.locator(".thumb").nth(layer * heads + head).click()


def number(text):
    return float(text.replace("−", "-").removesuffix(" %"))


def told(page, kind):
    return page.locator(f"#readout [data-value={kind}]").inner_text()


def point(page, row, col):
    """Walk the cursor of the first matrix to a cell."""
    page.locator("#panels .matrix-field").first.focus()
    page.keyboard.press("Control+Home")
    for key, times in (("ArrowDown", row), ("ArrowRight", col)):
        for _ in range(times):
            page.keyboard.press(key)


def state(page, key):
    return page.evaluate(f"inspector.state.{key}")


def without_sink(A, keys, visible=None):
    """A, with NaN where there is no number, and how much each row gives to what is set aside."""
    A = np.where(np.ones(A.shape, bool) if visible is None else visible, A.astype(float), np.nan)
    hidden = np.nansum(A[:, keys], axis=1)
    A[:, keys] = np.nan
    return A, hidden


# --- pure functions -------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 4, 8), (5, 7, 4), (7, 9, 5), (9, 3, 2)])
def test_attention_of_odd_shapes(call, shape):
    rows, cols, d = shape
    random = np.random.default_rng(3)
    q, k = random.normal(size=(rows, d)), random.normal(size=(cols, d))
    got = call(
        "attention/maths",
        "Array.from(m.attention(Float32Array.from(x[0]), Float32Array.from(x[1]), x[2], x[3], 0.4,"
        " (i, j) => j <= i))",
        [q.ravel().tolist(), k.ravel().tolist(), rows, cols],
    )
    mask = np.tril(np.ones((rows, cols), bool))
    expected = synthetic.softmax(np.where(mask, 0.4 * q @ k.T, -3.4e38))
    np.testing.assert_allclose(np.reshape(got, (rows, cols)), expected, atol=2e-6)


def test_keys_set_aside(call):
    A = np.random.default_rng(4).dirichlet(np.ones(5), 4)
    A[2] = [1, 0, 0, 0, 0]
    visible = np.tril(np.ones((4, 5), bool), 2)
    got = call(
        "attention/maths",
        "(() => { const A = Float32Array.from(x[0]);"
        " const r = m.setAside(m.withMask({rows: 4, cols: 5, data: A},"
        " (i, j) => x[1][i][j]), [0, 3]);"
        " return [Array.from(r.matrix.data), Array.from(r.hidden)]; })()",
        [A.ravel().tolist(), visible.tolist()],
    )
    expected, hidden = without_sink(A, [0, 3], visible)
    np.testing.assert_allclose(np.array(got[0], float).reshape(4, 5), expected, atol=1e-6)
    np.testing.assert_allclose(got[1], hidden, atol=1e-6)


def test_a_logarithmic_scale(call):
    values = np.array([0, 1e-5, 1e-4, 1e-3, 0.02, 0.4])
    got = call("attention/window", "x.map(m.scaleOf(0, 0.4, true))", values.tolist())
    expected = 255 * np.log(np.maximum(values, 1e-4) / 1e-4) / np.log(0.4 / 1e-4)
    np.testing.assert_allclose(got, expected, atol=1e-6)


def test_a_scale_without_a_range_has_one_colour(call):
    assert call("attention/window", "[0, 1].map(m.scaleOf(0, 0, true))") == [0, 0]


@pytest.mark.parametrize(
    ("zoom", "window"),
    [
        (None, [0, 0, 20, 30]),
        ([2, 3, 5, 6], [2, 3, 5, 6]),
        ([18, 29, 5, 6], [15, 24, 5, 6]),
        ([-4, -4, 1, 99], [0, 0, 3, 30]),
        ([None, 0, 5, 5], [0, 0, 5, 5]),
    ],
)
def test_a_window_fits_in_its_matrix(call, zoom, window):
    assert call("attention/window", "m.windowIn(x, 20, 30)", zoom) == window


def test_a_closer_look_keeps_its_cell_and_a_wider_one_ends_at_the_whole(call):
    seen = call("attention/window", "m.zoomed([0, 0, 100, 100], 2, [80, 10], 100, 100)")
    assert seen[2:] == [50, 50]
    assert seen[0] <= 80 < seen[0] + 50 and abs((80.5 - seen[0]) / 50 - 0.805) < 0.02
    assert call("attention/window", "m.zoomed([40, 5, 50, 50], 0.5, [80, 10], 100, 100)") is None


def test_a_patch_has_no_number_only_where_none_of_it_has(call):
    got = call(
        "attention/window",
        "Array.from(m.poolFarthest({rows: 2, cols: 4,"
        " data: Float32Array.from([NaN, NaN, NaN, 0.25, NaN, NaN, 0.5, NaN])}, 1, 2).data)",
    )
    assert np.isnan(got[0]) and got[1] == 0.5


def test_the_strongest_lines_are_drawn_and_the_rest_is_counted(call):
    A = np.random.default_rng(5).dirichlet(np.ones(60), 60)
    run = "m.linesOf({rows: 60, cols: 60, data: Float32Array.from(x)}, %s, 7)"
    few = call("attention/lines", run % "[10, 20, 30, 25]", A.ravel().tolist())
    part = A[10:40, 20:45]
    assert (few["rows"][0], few["cols"][-1], len(few["lines"])) == (10, 44, 400)
    assert few["left"] == part.size - 400
    strongest = np.sort(part.ravel())[::-1]
    np.testing.assert_allclose([line[2] for line in few["lines"]], strongest[:400], rtol=1e-5)
    assert few["rest"] == pytest.approx(strongest[400:].sum() / part.sum(), rel=1e-4)
    alone = call("attention/lines", run % "[0, 0, 60, 60]", A.ravel().tolist())
    assert alone["rows"] == [7]
    assert alone["cols"] == sorted(np.argsort(-A[7])[:24].tolist())
    assert alone["left"] == 36


# --- the page -------------------------------------------------------------------------------


def test_a_closer_look_shows_the_same_numbers(open_report):
    whole = synthetic.inspected(SENTENCE, noise=1e-3)
    page = open_report(whole).page
    choose(page, 1, 2)
    point(page, 5, 6)
    page.keyboard.press("+")
    page.keyboard.press("+")
    row, col, high, wide = state(page, "zoom")
    assert high == wide and 3 <= high < 8 and row <= 5 < row + high and col <= 6 < col + wide
    assert f"rows {row} to {row + high - 1}" in page.locator("#zoom-says").inner_text()
    page.locator("#panels").scroll_into_view_if_needed()
    for panel in range(3):
        field = page.locator("#panels .matrix-field").nth(panel)
        bounds = field.bounding_box()
        # The last cell of the window: measured from the far edge, where labels are not.
        field.hover(position={"x": bounds["width"] - 22 - 8, "y": bounds["height"] - 22 - 8})
        i, j = row + high - 1, col + wide - 1
        assert state(page, "cell") == [i, j]
        model = whole.trace.layers[1].attention[2, i, j]
        assert number(told(page, "model")) == pytest.approx(float(model), rel=1e-6)
        page.locator("#head-title").hover()
    page.keyboard.press("0")
    assert state(page, "zoom") is None
    assert page.locator("#zoom-whole").is_disabled()


def test_the_differences_of_rows_stay_beside_their_rows_in_a_closer_look(open_report):
    page = open_report(synthetic.inspected(LONG, noise=1e-3)).page
    choose(page, 1, 0)
    point(page, 30, 10)
    # The bar across the row of the cursor, in both, once all is drawn that the key asked for.
    both = """async () => {
      await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
      return [...document.querySelectorAll("#panels .matrix-field")]
        .map((field) => field.querySelector(".band").getBoundingClientRect().toJSON());
    }"""
    for key in ("+", "+", "0"):
        page.keyboard.press(key)
        there, beside = page.evaluate(both)
        assert beside["height"] == pytest.approx(there["height"], abs=0.5)
        assert beside["y"] == pytest.approx(there["y"], abs=1)


def test_the_window_follows_the_cursor_and_the_hand(open_report):
    page = open_report(synthetic.inspected(LONG)).page
    choose(page, 0, 0)
    point(page, 0, 0)
    for _ in range(4):
        page.keyboard.press("+")
    row, col, high, wide = state(page, "zoom")
    assert (row, col) == (0, 0)
    for _ in range(high):
        page.keyboard.press("ArrowDown")
    assert state(page, "cell") == [high, 0]
    assert state(page, "zoom") == [1, 0, high, wide]
    field = page.locator("#panels .matrix-field").first
    field.scroll_into_view_if_needed()
    box, pinned = field.bounding_box(), state(page, "pinned")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 150, y - 100, steps=4)
    page.mouse.up()
    moved = state(page, "zoom")
    assert moved[0] > 1 and moved[1] > 0 and moved[2:] == [high, wide]
    assert state(page, "pinned") == pinned  # a drag is no click
    page.mouse.click(x, y)
    assert state(page, "pinned") == state(page, "cell")[0]


def test_ctrl_and_the_wheel_look_closer_and_the_wheel_alone_scrolls(open_report):
    page = open_report(synthetic.inspected(LONG)).page
    field = page.locator("#panels .matrix-field").first
    field.scroll_into_view_if_needed()
    field.hover()
    page.mouse.wheel(0, -40)
    page.wait_for_timeout(100)
    assert state(page, "zoom") is None
    field.hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    page.wait_for_function("inspector.state.zoom !== null")
    row, col, high, wide = state(page, "zoom")
    i, j = state(page, "cell")
    assert row <= i < row + high and col <= j < col + wide and high < 72


def test_totals_stand_in_the_readout(open_report):
    whole = synthetic.inspected(SENTENCE)
    page = open_report(whole).page
    choose(page, 0, 1)
    point(page, 2, 3)
    A = whole.trace.layers[0].attention[1].astype(float)
    assert number(told(page, "column-total")) == pytest.approx(A[:, 3].sum(), abs=2e-6)
    assert number(told(page, "total")) == pytest.approx(A[2].sum(), abs=2e-6)
    assert "row total, always 1" in page.locator("#readout").inner_text()


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("text", [SENTENCE, LONG])
def test_the_other_numbers_are_what_they_were_without_the_sink(open_report, causal, text):
    whole = synthetic.inspected(text, noise=1e-5, causal=causal)
    page = open_report(whole).page
    choose(page, 1, 1)
    A, mask = whole.trace.layers[1].attention[1], whole.rebuild.layers[1].visible
    keys = [0, len(A) - 1]
    expected, hidden = without_sink(A, keys, mask)
    share = f"{round(hidden.mean() * 100)} %"
    says = page.locator("#sink-says")
    rests = f"{share} of this head’s attention goes to [CLS] and [SEP] (2 of"
    assert says.inner_text().startswith(rests)
    page.locator("#head-sink", has_text="hide [CLS] and [SEP]").click()
    assert says.inner_text().startswith(f"{share} of the attention is hidden")
    exact = text == SENTENCE
    kind, error = ("model", 1e-6) if exact else ("own", 5e-3)
    point(page, 4, 2)
    assert number(told(page, kind)) == pytest.approx(expected[4, 2], abs=error)
    assert number(told(page, "hidden")) == pytest.approx(hidden[4], abs=error)
    assert number(told(page, "total")) == pytest.approx(np.nansum(expected[4]), abs=error)
    if exact:
        rebuilt, _ = without_sink(whole.rebuild.layers[1].attention[1], keys, mask)
        assert number(told(page, "rebuilt")) == pytest.approx(rebuilt[4, 2], abs=1e-6)
        between = rebuilt[4, 2] - expected[4, 2]
        assert number(told(page, "difference")) == pytest.approx(between, abs=3e-7)
    page.keyboard.press("Home")
    assert told(page, kind) == "set aside"
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowRight")
    if causal:
        assert told(page, kind) == "masked"


SINKS = (
    Sink("self", 0, "[CLS]", 0.46, 0.09),
    Sink("self", 3, "sat", 0.31, None),
)


def test_what_is_set_aside_is_what_takes_much_whatever_stands_there(open_report):
    """A word in the middle too, in the matrix, in the sentence and in what is said of both."""
    whole = replace(synthetic.inspected(SENTENCE), sinks=SINKS)
    page = open_report(whole).page
    told_of = page.locator("#notices").inner_text()
    assert "[CLS], token 0, takes 46 % of the attention on average, and 9 % of what" in told_of
    assert "sat, token 3, takes 31 % of the attention on average. It is no" in told_of
    choose(page, 1, 1)
    A = whole.trace.layers[1].attention[1]
    keys = [0, 3, len(A) - 1]
    expected, hidden = without_sink(A, keys)
    words = [token.text for token in whole.trace.text.tokens]
    assert words[3] == "sat"
    page.locator("#head-sink", has_text="hide [CLS], “sat” and [SEP]").click()
    says = page.locator("#sink-says").inner_text()
    assert says.startswith(f"{round(hidden.mean() * 100)} % of the attention is hidden")
    chips = page.locator("#sentence .token")
    chips.nth(2).click()
    weights = chips.locator(".token-weight").all_inner_texts()
    assert [at for at, weight in enumerate(weights) if not weight] == keys
    for at in set(range(len(A))) - set(keys):
        assert float(weights[at]) == pytest.approx(expected[2, at], abs=0.006)
    most = int(np.nanargmax(expected[2]))
    assert (
        f"gives {round(expected[2, most] * 100)} % of its attention"
        in page.locator("#sentence-says").inner_text()
    )
    assert "Set aside: [CLS], “sat” and [SEP]." in page.locator("#sentence-note").inner_text()
    # Of a key that is set aside nothing is asked.
    page.locator("#sentence-direction").get_by_role("button", name="attended to by").click()
    weights = chips.locator(".token-weight").all_inner_texts()
    np.testing.assert_allclose([float(w) for w in weights], expected[:, 2], atol=0.006)
    chips.nth(3).click()
    chips.nth(2).click()
    page.keyboard.press("Escape")
    chips.nth(3).hover()
    assert "is set aside" in page.locator("#sentence-says").inner_text()


def test_words_that_take_little_are_not_set_aside(open_report):
    """The first token of a model without a beginning of its own, which is no sink, is a word."""
    whole = synthetic.inspected(SENTENCE)
    text = whole.trace.text
    none = replace(text, special=np.zeros_like(text.special))
    page = open_report(replace(whole, trace=replace(whole.trace, text=none))).page
    assert page.locator("#notices").is_hidden()
    assert page.locator("#head-sink").is_hidden()
    assert page.locator("#sink-says").inner_text() == ""


def test_what_is_odd_about_a_text_stands_above_its_numbers(open_report):
    said = "The model reads <s> twice at the beginning: the text has it twice."
    page = open_report(replace(synthetic.inspected(SENTENCE), notices=(said,))).page
    assert page.locator("#notices .plain-notice").inner_text() == said


def test_forbidden_is_not_zero(open_report):
    page = open_report(synthetic.inspected(SENTENCE, causal=True), scheme="dark").page
    point(page, 1, 4)
    assert [told(page, kind) for kind in ("model", "rebuilt", "difference")] == ["masked"] * 3
    assert page.locator("#panels .gap-key:visible").count() == 3
    page.locator("#panels").scroll_into_view_if_needed()
    page.wait_for_timeout(200)
    colours = page.evaluate(
        """() => {
            const canvas = document.querySelector('#panels canvas'), c = canvas.getContext('2d');
            const { data } = c.getImageData(0, 0, canvas.width, canvas.height);
            const pixels = new Uint32Array(data.buffer);
            const { style } = document.querySelector('#panels .cell-box');
            const [size, x, y] = [style.width, style.left, style.top].map(parseFloat);
            const seen = (cells) => {
              const found = new Set();
              for (let i = 4; i < size - 4; i++) {
                for (let j = 4; j < size - 4; j++) {
                  const at = Math.round(y + i) * canvas.width + Math.round(x + cells * size + j);
                  found.add(pixels[at]);
                }
              }
              return found.size;
            };
            return [seen(0), seen(-3)];
        }"""
    )
    assert colours[0] > 1 and colours[1] == 1  # hatched, and plain


@pytest.mark.parametrize("verdict", ["verified", "mismatch", "not_recomputed"])
def test_the_verdict_of_the_head(open_report, verdict):
    whole = synthetic.inspected(SENTENCE)
    if verdict == "mismatch":
        whole = synthetic.mismatched(whole)
    if verdict == "not_recomputed":
        whole = synthetic.not_recomputed(whole)
    page = open_report(whole).page
    choose(page, 1, 2)
    line = page.locator("#head-verdict")
    assert line.get_attribute("data-verdict") == verdict
    error = whole.verification.layers and whole.verification.layers[1].attention_max_abs_error[2]
    expected = {
        "verified": f"within {error:.1e} of" if error else "",
        "mismatch": "by up to 1.2e-2",
        "not_recomputed": "nothing beside it",
    }[verdict]
    assert expected.replace("e-0", "e−").replace("e-", "e−") in line.inner_text()


def test_lines_by_pointer_and_keyboard(open_report):
    whole = synthetic.inspected(SENTENCE)
    page = open_report(whole).page
    choose(page, 0, 2)
    page.locator("#head-shape [data-value=lines]").click()
    assert page.locator("#panels .matrix").count() == 0
    left = page.get_by_role("group", name="Words that attend;").get_by_role("button")
    right = page.get_by_role("group", name="Words that are attended to;").get_by_role("button")
    assert (left.count(), right.count()) == (8, 8)
    left.nth(3).hover()
    A = whole.trace.layers[0].attention[2]
    weights = [float(t) for t in right.locator(".value").all_inner_texts()]
    np.testing.assert_allclose(weights, A[3], atol=5.1e-4)
    left.nth(4).click()
    assert state(page, "pinned") == 4
    right.nth(2).hover()
    weights = [float(t) for t in left.locator(".value").all_inner_texts()]
    np.testing.assert_allclose(weights, A[:, 2], atol=5.1e-4)
    assert number(told(page, "model")) == pytest.approx(float(A[4, 2]), rel=1e-6)
    left.nth(0).focus()
    page.keyboard.press("ArrowDown")
    assert state(page, "hovered") == 1
    page.keyboard.press("Enter")
    assert state(page, "pinned") == 1
    assert "64 lines drawn" in page.locator(".lines").inner_text()


def test_lines_of_a_long_text_are_those_of_one_word_or_of_the_part_looked_at(open_report):
    whole = synthetic.inspected(LONG)
    page = open_report(whole).page
    choose(page, 0, 2)
    page.locator("#sentence .token").nth(9).click()
    page.locator("#head-shape [data-value=lines]").click()
    words = page.locator(".lines-words")
    assert words.first.locator("button").count() == 1
    assert words.first.inner_text() == "w8"
    best = np.sort(np.argsort(-whole.trace.layers[0].attention[2, 9])[:24])
    names = [token.text for token in whole.trace.text.tokens]
    got = words.nth(1).locator("bdi").all_inner_texts()
    assert len(set(got) & {names[j] for j in best}) >= 23  # a tie may fall to either side
    assert "48 weaker ones left out" in page.locator(".lines").inner_text()
    page.locator("#zoom-closer").click()
    page.locator("#zoom-closer").click()
    _, _, high, wide = state(page, "zoom")
    assert (words.first.locator("button").count(), words.nth(1).locator("button").count()) == (
        high,
        wide,
    )


def test_a_part_of_a_pair_can_be_looked_at_closer_and_without_its_sink(open_report):
    whole = synthetic.inspected(SENTENCE, pair="a dog barked at it", noise=1e-4)
    page = open_report(whole).page
    choose(page, 1, 0)
    page.get_by_role("button", name="A → B").click()
    page.locator("#head-sink", has_text="hide [CLS] and [SEP]").click()
    point(page, 1, 2)
    page.keyboard.press("+")
    row, col, high, wide = state(page, "zoom")
    assert row >= 0 and row + high <= 8 and col >= 8 and col + wide <= 14
    specials = [i for i, token in enumerate(whole.trace.text.tokens) if token.special]
    expected, _ = without_sink(whole.trace.layers[1].attention[0], specials)
    assert state(page, "cell") == [1, 10]
    assert number(told(page, "model")) == pytest.approx(expected[1, 10], abs=1e-6)
    segments = np.array([token.segment for token in whole.trace.text.tokens])
    part = np.nansum(expected[1][segments == 1])
    assert number(told(page, "total-part")) == pytest.approx(part, abs=2e-6)


@pytest.mark.parametrize("tokens", [6, 60])
def test_without_a_rebuild_every_switch_still_works(open_report, tokens):
    whole = synthetic.not_recomputed(synthetic.inspected(" ".join(["w"] * tokens), causal=True))
    page = open_report(whole, width=390).page
    hide = "hide [CLS] and [SEP]"
    for name in (hide, "logarithmic colours", "zoom in", "lines", "zoom out", "matrix"):
        page.get_by_role("button", name=name, exact=True).first.click()
    assert page.locator("#panels .matrix").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_logarithmic_scale_is_said_in_the_legend(open_report):
    page = open_report(synthetic.inspected(SENTENCE)).page
    page.get_by_role("button", name="logarithmic colours").click()
    legend = page.locator("#panels .legend")
    assert "≤ 0.0001" in legend.first.inner_text() and "(log)" in legend.first.inner_text()
    assert "(log)" not in legend.nth(2).inner_text()  # the difference keeps its own
