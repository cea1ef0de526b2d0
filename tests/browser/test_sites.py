"""The report on an encoder–decoder in a real browser: three sites, two texts."""

import numpy as np
import pytest
from seq2seq_models import SOURCE, TARGET, random_encoder_decoder

import inspector
from inspector.report.export.bertviz_views import write_views

SITES = ("encoder", "decoder", "cross")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    place = tmp_path_factory.mktemp("models")
    return {
        name: inspector.inspect(
            SOURCE, target=TARGET, model=random_encoder_decoder(name, place / name)
        )
        for name in ("bart", "t5")
    }


def names(text):
    return [token.text for token in text.tokens]


def chosen(page, site):
    page.locator(f"#site-choice [data-value={site}]").click()
    place = page.evaluate("inspector.state.index")
    return place, page.evaluate("inspector.state.head")


def amounts(page):
    """What stands under each word, by the text that it is in."""
    lines = page.locator("#sentence p").all()
    return {
        line.locator(".text-name").inner_text(): [
            chip.inner_text() for chip in line.locator(".token-weight").all()
        ]
        for line in lines
    }


@pytest.mark.parametrize("name", ["bart", "t5"])
def test_every_head_of_every_site(open_report, found, name):
    opened = open_report(found[name])
    for layer in found[name].trace.layers:
        for head, A in enumerate(layer.attention):
            got = opened.page.evaluate(
                "([s, n, h]) => { const a = inspector.attention(s, n, h);"
                " return [a.rows, a.cols, Array.from(a.data)]; }",
                [layer.site, layer.layer, head],
            )
            np.testing.assert_array_equal(np.float32(got[2]).reshape(got[:2]), A)


@pytest.mark.parametrize("name", ["bart", "t5"])
def test_each_site_has_its_own_words(open_report, found, name):
    one = found[name]
    page = open_report(one, width=1000).page
    assert page.locator("#site-choice [aria-pressed=true]").inner_text() == "cross"
    page.locator("#sentence-subwords [data-value=true]").click()
    for site in SITES:
        place, head = chosen(page, site)
        layer = one.trace.layers[place]
        assert layer.site == site
        asking, heard = one.trace.texts(site)
        told = {"source": one.trace.text, "target": one.trace.target}
        shown = amounts(page)
        assert set(shown) == {key for key, text in told.items() if text in (asking, heard)}
        row = next(i for i, token in enumerate(asking.tokens) if not token.special)
        pinned = page.evaluate("inspector.state.pinned")
        row = pinned if pinned is not None else row
        name_heard = "source" if heard is one.trace.text else "target"
        for text, j in zip(shown[name_heard], range(len(heard.tokens)), strict=True):
            if site == "decoder" and j > row:
                assert text == "–"
            else:
                assert abs(float(text) - layer.attention[head, row, j]) <= 0.0051
        if site == "cross":
            assert set(shown["target"]) == {""}
        words = page.locator("#sentence .token-text").all_inner_texts()
        expected = names(one.trace.text) if site == "encoder" else names(one.trace.target)
        if site == "cross":
            expected = names(one.trace.text) + names(one.trace.target)
        # The tokenizer is uncased, the text is not.
        assert [w.lower() for w in words] == [w.lower().removeprefix("##") for w in expected]


def test_a_word_of_the_other_text_turns_the_question_round(open_report, found):
    one = found["bart"]
    page = open_report(one).page
    page.locator("#sentence-subwords [data-value=true]").click()
    place, head = chosen(page, "cross")
    A = one.trace.layers[place].attention[head]
    source = page.locator("#sentence p").first.locator(".token")
    source.nth(2).click()
    assert page.evaluate("inspector.state.direction") == "in"
    assert page.evaluate("inspector.state.pinned") == 2
    shown = amounts(page)
    assert set(shown["source"]) == {""}
    np.testing.assert_allclose([float(t) for t in shown["target"]], A[:, 2], atol=0.0051)
    assert "the attention of" in page.locator("#sentence-says").inner_text()
    # A second one, of the target, asks which heads of all layers link the two.
    page.locator("#sentence p").nth(1).locator(".token").nth(4).click()
    cross = [layer for layer in one.trace.layers if layer.site == "cross"]
    weights = {(one.layer, head): A[4, 2] for one in cross for head, A in enumerate(one.attention)}
    layer, head_there = max(weights, key=weights.__getitem__)
    strongest = page.locator("#pair-heads button").first.inner_text()
    assert strongest.startswith(f"cross layer {layer}, head {head_there}\n")
    assert page.evaluate("inspector.state.cell") == [4, 2]
    # And back: a word of the target, with the row of the matrices that is its.
    page.locator("#sentence-together [data-value=contrast]").click()
    page.keyboard.press("Escape")
    page.locator("#sentence p").nth(1).locator(".token").nth(4).click()
    assert page.evaluate("inspector.state.direction") == "out"
    np.testing.assert_allclose([float(t) for t in amounts(page)["source"]], A[4], atol=0.0051)
    # Comparing two words of the target says how much of the source they share.
    page.locator("#sentence p").nth(1).locator(".token").nth(6).click()
    shared = np.minimum(A[4], A[6]).sum()
    assert f"agree on {round(float(shared) * 100)} %" in page.locator("#sentence-says").inner_text()


def test_the_sections_speak_of_the_site(open_report, found):
    one = found["bart"]
    page = open_report(one).page
    place, head = chosen(page, "cross")
    layer = one.trace.layers[place]
    assert page.locator("#head-title").inner_text().startswith("Cross, layer")
    field = page.locator("#panels .matrix-field").first
    field.focus()
    page.keyboard.press("Control+Home")
    for _ in range(11):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    value = page.locator("#readout [data-value=model]").inner_text()
    assert float(value) == pytest.approx(float(layer.attention[head, 1, 11]), rel=1e-5)
    said = page.locator("#readout .from-to").inner_text()
    assert "[CLS]" in said
    assert "[SEP]" in said
    assert page.locator("#masses tr").filter(visible=True).count() == 2
    assert page.locator("#ladder-between").is_visible()
    assert "Adds nothing" in page.locator("#ladder-rungs [data-rung=strangers]").inner_text()
    rung = next(rung for rung in one.ladder if rung.name == "learned")
    page.locator("#ladder-scope [data-value=all]").click()
    bits = rung.all_tokens.means(one.trace.indices("cross"))["jsd_bits"]
    shown = page.locator("#ladder-rungs [data-rung=learned] .value").first.inner_text()
    assert float(shown.split()[0]) == pytest.approx(bits, abs=6e-4)
    # "Why" and the mix name words of both texts.
    assert "mat" in page.locator("#mix-rows").inner_text()
    assert page.locator("#why-says").inner_text().count("in cross layer") == 1
    chosen(page, "encoder")
    assert not page.locator("#ladder-between").is_visible()
    assert page.locator("#masses tr").filter(visible=True).count() == 5


def test_the_rung_s_matrix_between_two_texts(open_report, found):
    one = found["bart"]
    page = open_report(one).page
    place, head = chosen(page, "cross")
    rungs = {rung.name: rung for rung in one.ladder}
    for name in ("classroom", "share", "softmax", "scaled", "learned"):
        page.locator(f"#ladder-rungs [data-rung={name}] button").click()
        field = page.locator("#ladder-pair .matrix-field").first
        field.focus()
        page.keyboard.press("Control+Home")
        page.keyboard.press("ArrowDown")
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        said = page.locator("#ladder-readout").inner_text().replace("−", "-")
        number = float(said.split("rung ")[1].split(",")[0])
        assert number == pytest.approx(float(rungs[name].matrices[place][1, 3]), abs=1e-3)
        assert f"head {one.trace.layers[place].attention[head, 1, 3]:.4f}" in said


def test_the_address_brings_a_site_back(open_report, found):
    opened = open_report(found["t5"])
    place, _ = chosen(opened.page, "decoder")
    opened.page.wait_for_url("**#*index=*")
    again = opened.page.evaluate("location.href")
    opened.page.goto("about:blank")
    opened.page.goto(again)
    opened.page.wait_for_selector("html[data-ready]", state="attached")
    assert opened.page.evaluate("inspector.state.index") == place
    assert opened.page.locator("#site-choice [aria-pressed=true]").inner_text() == "decoder"


def test_one_site_has_no_chooser(open_report, cat):
    assert not open_report(cat).page.locator("#site").is_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_page(open_report, found, width):
    page = open_report(found["bart"], width=width, scheme="dark").page
    for site in SITES:
        chosen(page, site)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_bertviz_draws_three_sites(open_html, found, tmp_path):
    one = found["bart"]
    for kind, path in write_views(one.trace, tmp_path / "views.html").items():
        page = open_html(path.read_bytes().decode(), wait="#vis svg line").page
        options = page.locator("#filter option").all_inner_texts()
        assert options == ["Encoder", "Decoder", "Cross"], kind
        page.locator("#filter").select_option(label="Cross")
        if kind == "bertviz_head":
            sides = [
                page.eval_on_selector_all(f"#{side} text", "all => all.map(one => one.textContent)")
                for side in ("left", "right")
            ]
            assert sides == [names(one.trace.target), names(one.trace.text)]
