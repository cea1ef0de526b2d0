"""What a reader sees and reads off, against numbers computed here."""

import time
from dataclasses import replace

import numpy as np
import pytest
import synthetic

from inspector.analogy.classroom import article_class
from inspector.report.html.classroom_page import render_classroom


def shown(page, kind):
    """A number of the readout as a float."""
    return float(page.locator(f"#readout [data-value={kind}]").inner_text().replace("−", "-"))


def choose(page, layer, head, heads):
    page.locator(".thumb").nth(layer * heads + head).click()


def point(page, matrix, row, col, T):
    """Walk the cursor of a matrix to a cell with the keyboard."""
    field = page.locator("#panels .matrix-field").nth(matrix)
    field.focus()
    page.keyboard.press("Control+Home")
    for _ in range(row):
        page.keyboard.press("ArrowDown")
    for _ in range(col):
        page.keyboard.press("ArrowRight")


def test_the_readout_gives_model_rebuild_and_difference(open_report):
    whole = synthetic.inspected("the cat sat on a mat", noise=1e-3)
    page = open_report(whole).page
    choose(page, 1, 2, 3)
    assert page.locator("#head-title").inner_text() == "Layer 1, head 2"
    point(page, 0, 3, 5, 8)
    model = whole.trace.layers[1].attention[2, 3, 5]
    rebuilt = whole.rebuild.layers[1].attention[2, 3, 5]
    assert shown(page, "model") == pytest.approx(float(model), rel=1e-6)
    assert shown(page, "rebuilt") == pytest.approx(float(rebuilt), rel=1e-6)
    assert shown(page, "difference") == pytest.approx(float(rebuilt) - float(model), rel=1e-3)
    assert shown(page, "total") == pytest.approx(
        whole.trace.layers[1].attention[2, 3].sum(), abs=2e-6
    )


def test_every_head_can_be_read_from_a_script(open_report):
    whole = synthetic.inspected("the cat sat on a mat")
    opened = open_report(whole)
    for n, layer in enumerate(whole.trace.layers):
        for h, A in enumerate(layer.attention):
            rows, cols, data = opened.attention(n, h)
            np.testing.assert_array_equal(np.float32(data).reshape(rows, cols), A)


@pytest.mark.parametrize("causal", [False, True])
def test_beyond_32_tokens_the_page_s_arithmetic_keeps_the_stated_error(open_report, causal):
    whole = synthetic.inspected(" ".join(f"w{i}" for i in range(60)), causal=causal, d=6)
    opened = open_report(whole)
    stated = opened.page.evaluate(
        "JSON.parse(document.getElementById('header').textContent).arithmetic_max_abs_error"
    )
    for n, layer in enumerate(whole.trace.layers):
        for h, A in enumerate(layer.attention):
            rows, cols, data = opened.attention(n, h)
            assert np.abs(np.array(data).reshape(rows, cols) - A).max() <= stated + 2e-6
    assert 0 < stated <= 5e-3
    choose(opened.page, 0, 1, 3)
    point(opened.page, 0, 4, 2, 62)
    assert shown(opened.page, "own") == pytest.approx(
        whole.trace.layers[0].attention[1, 4, 2], abs=stated
    )
    error = np.abs(whole.rebuild.layers[0].attention - whole.trace.layers[0].attention)[1, 4].max()
    assert shown(opened.page, "row-error") == pytest.approx(float(error), rel=1e-3)


def test_512_tokens_open_and_agree(open_report):
    whole = synthetic.inspected(" ".join(["word"] * 510), layers=6, heads=12, d=32)
    start = time.perf_counter()
    opened = open_report(whole)
    assert time.perf_counter() - start < 10
    rows, cols, data = opened.attention(3, 7)
    assert (rows, cols) == (512, 512)
    A = whole.trace.layers[3].attention[7]
    assert np.abs(np.array(data).reshape(512, 512) - A).max() <= 5e-3


def test_pointing_at_a_word_says_whom_it_listens_to(open_report):
    whole = synthetic.inspected("the cat sat on a mat")
    page = open_report(whole).page
    choose(page, 0, 0, 3)
    page.locator("#sentence .token").nth(4).hover()
    row = whole.trace.layers[0].attention[0, 4]
    weights = [float(t) for t in page.locator("#sentence .token-weight").all_inner_texts()]
    np.testing.assert_allclose(weights, row, atol=0.0051)
    best = [token.text for token in whole.trace.text.tokens][int(row.argmax())]
    told = page.locator("#sentence-says").inner_text()
    assert f"{round(float(row.max()) * 100)} %" in told
    assert (best if row.argmax() != 4 else "itself") in told


def test_a_click_pins_a_word_and_arrow_keys_move(open_report):
    page = open_report(synthetic.inspected("the cat sat on a mat")).page
    page.locator("#sentence .token").nth(2).click()
    assert page.evaluate("inspector.state.pinned") == 2
    assert page.locator("#sentence .token").nth(2).get_attribute("aria-pressed") == "true"
    page.keyboard.press("ArrowRight")
    assert page.evaluate("inspector.state.hovered") == 3
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    assert page.evaluate("inspector.state.pinned") == 3
    assert page.locator("#sentence .token[aria-pressed=true]").count() == 1


def test_arrow_keys_choose_heads(open_report):
    page = open_report(synthetic.inspected(layers=3)).page
    choose(page, 0, 0, 3)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("[inspector.state.index, inspector.state.head]") == [1, 1]
    assert page.locator(".thumb[aria-pressed=true]").count() == 1
    assert page.locator("#head-title").inner_text() == "Layer 1, head 1"


def test_the_ladder_shows_the_measures_of_the_head_and_of_all(open_report):
    whole = synthetic.inspected()
    page = open_report(whole).page
    choose(page, 1, 0, 3)
    learned = next(rung for rung in whole.ladder if rung.name == "learned")
    cells = page.locator("tr[data-rung=learned] .value")
    assert cells.all_inner_texts() == [
        f"{learned.all_tokens.jsd_bits[1, 0]:.3f} bits",
        f"{learned.all_tokens.rank_correlation[1, 0]:.3f}",
        f"{learned.all_tokens.top1_agreement[1, 0]:.3f}",
    ]
    page.locator("#ladder-scope [data-value=all]").click()
    page.locator("#ladder-tokens [data-value=content]").click()
    assert cells.all_inner_texts() == [
        f"{learned.content.jsd_bits.mean():.3f} bits",
        f"{learned.content.rank_correlation.mean():.3f}",
        f"{learned.content.top1_agreement.mean():.3f}",
    ]
    assert page.locator("tr[data-rung=classroom] .value").first.inner_text() == "–"
    assert "has none" in page.locator("tr[data-rung=mask]").inner_text()
    assert page.locator("tr[data-rung=mask] button").is_disabled()


@pytest.mark.parametrize(
    "name",
    [
        "strangers",
        "classroom",
        "share",
        "softmax",
        "scaled",
        "learned",
        "uniform",
        "layer_mean",
        "heads",
        "model",
    ],
)
def test_a_rung_s_matrix_is_that_of_its_formula(open_report, name):
    whole = synthetic.inspected("the cat sat on a mat")
    page = open_report(whole).page
    choose(page, 1, 2, 3)
    page.locator(f"tr[data-rung={name}] button").click()
    rung = next(rung for rung in whole.ladder if rung.name == name)
    expected = whole.rebuild.layers[1].attention[2] if rung.matrices is None else rung.matrices[1]
    field = page.locator("#ladder-pair .matrix-field").first
    field.focus()
    page.keyboard.press("Control+Home")
    for i in range(8):
        told = page.locator("#ladder-readout").inner_text()
        value = float(told.split("rung ")[1].split(",")[0].replace("−", "-"))
        assert value == pytest.approx(
            float(expected[i, i]), abs=6e-5 if name != "learned" else 3e-4
        )
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowRight")


def test_the_mix_shares_out_both_sides(open_report):
    whole = synthetic.inspected("the cat sat on a mat")
    page = open_report(whole).page
    choose(page, 0, 1, 3)
    page.locator("#sentence .token").nth(3).click()
    layer = whole.rebuild.layers[0]
    X = layer.states.astype(float)
    R = X @ X.T
    d = layer.value.shape[2]
    moved = layer.value[1].astype(float) @ layer.output_projection.weight[:, d : 2 * d].T
    classroom = np.abs(R[3]) * np.linalg.norm(X, axis=1)
    real = whole.trace.layers[0].attention[1, 3] * np.linalg.norm(moved, axis=1)
    classroom, real = classroom / classroom.sum(), real / real.sum()
    told = {}
    for row in page.locator("#mix-rows tr").all():
        name = row.locator("th").inner_text().replace(" (itself)", "")
        told[name] = [cell.inner_text() for cell in row.locator("td .value").all()]

    def share(text):
        return 0.005 if text == "< 1 %" else float(text.removesuffix(" %")) / 100

    for j, token in enumerate(whole.trace.text.tokens):
        left, right = told[token.text]
        assert share(right) == pytest.approx(real[j], abs=0.0055)
        assert left.startswith("against: ") is bool(R[3, j] < 0)
        assert share(left.removeprefix("against: ")) == pytest.approx(classroom[j], abs=0.0055)


def test_a_mismatch_is_said_loudly_and_named(open_report):
    page = open_report(synthetic.mismatched(synthetic.inspected())).page
    told = page.locator("#verdict").inner_text()
    assert "Mismatch" in told and "layer 1 head 2 by 1.2e−2" in told and "5 of 6 heads" in told
    assert page.locator(".thumb.wrong").count() == 1
    assert "differs" in page.locator(".thumb.wrong").inner_text()


def test_the_verdict_counts_heads(open_report):
    page = open_report(synthetic.inspected()).page
    assert "Verified: 6 of 6 heads rebuilt from the weights, largest difference" in (
        page.locator("#verdict").inner_text()
    )


@pytest.mark.parametrize("tokens", [8, 50])
def test_without_a_rebuild_there_is_one_panel_and_a_reason(open_report, tokens):
    whole = synthetic.not_recomputed(synthetic.inspected(" ".join(["w"] * (tokens - 2))))
    opened = open_report(whole)
    page = opened.page
    assert "Not recomputed: attention of this family is not rebuilt yet" in (
        page.locator("#verdict").inner_text()
    )
    assert page.locator("#panels .matrix").count() == 1
    assert page.locator("#panels .matrix-title").inner_text() == "model"
    assert "not measured" in page.locator("#ladder-view").inner_text()
    _, _, data = opened.attention(1, 1)
    A = whole.trace.layers[1].attention[1]
    np.testing.assert_allclose(np.array(data).reshape(A.shape), A, atol=0 if tokens == 8 else 3e-4)


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (("float32",), "stored as float32, computed in float32."),
        (
            ("bfloat16", "float32"),
            "stored as bfloat16 and float32, computed in float32; run in bfloat16, the model "
            "would give other numbers.",
        ),
    ],
)
def test_what_the_weights_are_stored_as_is_said(open_report, stored, said):
    whole = synthetic.inspected("the cat sat")
    known = replace(whole.checkpoint, stored_dtypes=stored)
    page = open_report(replace(whole, checkpoint=known)).page
    fact = page.locator("#sources > div", has=page.get_by_text("The weights", exact=True))
    assert fact.locator("dd").inner_text() == said


@pytest.mark.parametrize("tokens", [6, 90])
@pytest.mark.parametrize("width", [360, 1440])
def test_no_page_scrolls_sideways(open_report, tokens, width):
    whole = synthetic.inspected("w" * 400 + " b" * (tokens - 3), layers=2, heads=12)
    page = open_report(whole, width=width, command="inspect " + "x" * 300).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [360, 1440])
def test_the_classroom_opens_without_script_errors(open_html, width):
    page = open_html(
        render_classroom(article_class(), own_table=False), wait="main", width=width
    ).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    heat = page.evaluate(
        "[...document.querySelectorAll('.heat')].map(t => t.querySelectorAll('[class^=h]').length)"
    )
    assert heat == [42, 30, 42, 36, 42, 42]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_canvases_take_the_colours_that_the_page_shows(open_report, scheme):
    page = open_report(synthetic.inspected(), scheme=scheme).page
    # Matrices are painted when they are about to be seen.
    page.locator("#panels").scroll_into_view_if_needed()
    page.wait_for_timeout(1000)
    paper, between = page.evaluate(
        """() => {
            const canvas = document.querySelector('#panels canvas'), { width, height } = canvas;
            const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
            const pixels = new Uint32Array(data.buffer);
            const colour = getComputedStyle(document.body).backgroundColor;
            const paper = colour.match(/[0-9]+/g).map(Number), [r, g, b] = paper;
            const wanted = (255 << 24 | b << 16 | g << 8 | r) >>> 0;
            return [paper, pixels.filter((pixel) => pixel === wanted).length];
        }"""
    )
    assert (min(paper) > 200) == (scheme == "light")
    assert between > 50  # the lines between the cells


def test_themes(open_report):
    for scheme in ("light", "dark"):
        page = open_report(synthetic.inspected(), scheme=scheme).page
        paper = "getComputedStyle(document.body).backgroundColor"
        auto = page.evaluate(paper)
        page.locator(f"[data-theme-choice={'dark' if scheme == 'light' else 'light'}]").click()
        assert page.evaluate(paper) != auto
        page.locator("[data-theme-choice=auto]").click()
        assert page.evaluate(paper) == auto
