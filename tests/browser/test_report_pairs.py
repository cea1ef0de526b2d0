"""A pair of texts, what each idea buys, the notable links and the masses, against NumPy."""

from dataclasses import replace

import numpy as np
import pytest
import synthetic

FIRST, SECOND = "the cat sat on a mat", "a dog barked"
PARTS = {"A → A": (0, 0), "A → B": (0, 1), "B → A": (1, 0), "B → B": (1, 1)}


def choose(page, layer, head, heads=3):
    page.locator(".thumb").nth(layer * heads + head).click()


def number(text):
    return float(text.replace("−", "-").removesuffix(" %").removesuffix(" bits"))


def segments_of(whole):
    return np.array([token.segment for token in whole.trace.text.tokens])


def names_of(whole):
    return np.array([token.text for token in whole.trace.text.tokens])


@pytest.mark.parametrize("tokens", [1, 10])
def test_a_head_s_share_between_the_texts(open_report, tokens):
    """Exact matrices and, beyond 32 tokens, the page's own arithmetic."""
    whole = synthetic.inspected(" ".join([FIRST] * tokens), pair=SECOND)
    page = open_report(whole).page
    choose(page, 1, 2)
    told = page.locator("#text-shares tbody td").all_inner_texts()
    A, segments = whole.trace.layers[1].attention[2].astype(float), segments_of(whole)
    expected = [A[segments == r][:, segments == c].sum(axis=1).mean() for r, c in PARTS.values()]
    np.testing.assert_allclose([number(t) / 100 for t in told], expected, atol=6e-4)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_a_pair_has_its_own_rows_and_columns(open_report, part):
    whole = synthetic.inspected(FIRST, pair=SECOND, noise=1e-3)
    page = open_report(whole).page
    choose(page, 0, 1)
    page.get_by_role("button", name=part).click()
    rows, cols = (np.flatnonzero(segments_of(whole) == text) for text in PARTS[part])
    field = page.locator("#panels .matrix-field").first
    assert f"{len(rows)} by {len(cols)}" in field.get_attribute("aria-label")
    field.focus()
    page.keyboard.press("Control+Home")
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    names = names_of(whole)
    i, j = rows[2], cols[1]
    told = page.locator("#readout .from-to").inner_text()
    assert told == f"query {names[i]} (row {i}) → key {names[j]} (column {j})"
    model = whole.trace.layers[0].attention[1, i, j]
    value = page.locator("#readout [data-value=model]").inner_text()
    assert number(value) == pytest.approx(float(model), rel=1e-5)
    page.keyboard.press("Control+End")
    told = page.locator("#readout .from-to").inner_text()
    assert told.endswith(f"key {names[cols[-1]]} (column {cols[-1]})")


def test_what_is_drawn_of_a_part_is_that_part(call):
    got = call(
        "attention/segments",
        """(() => {
            const segments = [0, 0, 1, 0, 1], data = Float32Array.from({length: 25}, (_, i) => i);
            const cut = m.cutOf(segments, 'BA');
            return [cut, Array.from(m.restrict({rows: 5, cols: 5, data}, cut).data),
              m.splitsOf(segments), m.cutOf(segments, 'all'), m.cutOf([0, 0], 'AB')];
        })()""",
    )
    A = np.arange(25).reshape(5, 5)
    assert got[0] == {"rows": [2, 4], "cols": [0, 1, 3]}
    assert got[1] == A[np.ix_([2, 4], [0, 1, 3])].ravel().tolist()
    assert got[2:] == [[2, 3, 4], None, None]


def test_the_two_texts_are_named_and_set_apart(open_report):
    whole = synthetic.inspected(FIRST, pair=SECOND)
    page = open_report(whole).page
    assert page.locator("#sentence .text-name").all_inner_texts() == ["A", "B"]
    assert page.locator("#sentence p").count() == 2
    first = int((segments_of(whole) == 0).sum())
    split = page.locator(".thumb").first.locator(".split.left")
    share = split.evaluate("line => parseFloat(line.style.left)")
    assert share == pytest.approx(100 * first / len(segments_of(whole)))


def test_one_text_has_no_parts(open_report):
    page = open_report(synthetic.inspected(FIRST)).page
    assert not page.locator("#head-between").is_visible()
    assert not page.locator("#text-shares").is_visible()
    assert page.locator(".split, .text-name").count() == 0


def test_who_buys_what(open_report):
    whole = synthetic.inspected()
    page = open_report(whole).page
    choose(page, 1, 0)
    values = page.locator("#shares-rows .value")
    for scope in ("head", "all"):
        page.locator(f"#ladder-scope [data-value={scope}]").click()
        bits = [float(s.per_head[1, 0]) if scope == "head" else s.bits for s in whole.shares]
        told = [number(text) for text in values.all_inner_texts()]
        np.testing.assert_allclose(told, [*bits, sum(bits)], atol=6e-4)
        # Where the pieces lie: what made things worse to the left of zero, the rest to its right.
        below, span = -sum(b for b in bits if b < 0), sum(map(abs, bits))
        pieces = page.locator("#shares-bar .piece").evaluate_all(
            "all => all.map(p => [parseFloat(p.style.left) / 100, parseFloat(p.style.width) / 100])"
        )
        at = {False: below / span, True: 0.0}
        for (left, width), b in zip(pieces, bits, strict=True):
            assert left == pytest.approx(at[b < 0], abs=1e-5)
            assert width == pytest.approx(abs(b) / span, abs=1e-5)
            at[b < 0] += width
    words = page.locator("#shares-rows tr").first.inner_text()
    assert "scale" in words and "what scale buys" in words
    assert "Made worse on average by questions" in page.locator("#shares-says").inner_text()


def test_without_shares_nothing_is_said_of_them(open_report):
    page = open_report(replace(synthetic.inspected(), shares=())).page
    assert not page.locator("#shares").is_visible()
    assert page.locator("#ladder-pair .matrix").count() == 2


def test_a_share_that_was_not_measured_is_a_dash(open_report):
    whole = synthetic.inspected()
    nothing = np.full_like(whole.shares[0].per_head, np.nan)
    shares = tuple(replace(s, per_head=nothing, bits=float("nan")) for s in whole.shares)
    page = open_report(replace(whole, shares=shares)).page
    assert "nothing could be measured" in page.locator("#shares-says").inner_text()
    assert "NaN" not in page.locator("#shares").inner_text()


def test_a_notable_link_opens_its_head_and_pins_its_word(open_report):
    whole = synthetic.inspected("the cat sat on a mat", layers=2, heads=3)
    link = replace(whole.links[0], source="mat", target="cat", source_token=6, target_token=2,
                   weight=0.678, lift=6.24, layer=0, head=2)  # fmt: skip
    page = open_report(replace(whole, links=(*whole.links, link))).page
    button = page.locator("#links-list button").nth(1)
    assert button.inner_text() == "mat → cat 0.68, layer 0, head 2, 6.2 times this head’s average"
    button.focus()
    page.keyboard.press("Enter")
    state = page.evaluate("inspector.state")
    assert (state["index"], state["head"], state["pinned"], state["cell"]) == (0, 2, 6, [6, 2])
    assert button.get_attribute("aria-pressed") == "true"
    assert page.locator(".link[aria-pressed=true]").count() == 1


def test_without_links_there_is_no_list(open_report):
    page = open_report(replace(synthetic.inspected(), links=())).page
    assert not page.locator("#links").is_visible()


def test_masses_and_distance_of_a_head(open_report):
    page = open_report(synthetic.inspected()).page
    choose(page, 1, 2)
    told = page.locator("#masses .value").all_inner_texts()
    expected = [100 * mass / 3 for mass in synthetic.MASSES.values()]
    np.testing.assert_allclose([number(text) for text in told], expected, atol=0.051)
    assert "2.5 tokens away" in page.locator("#distance").inner_text()


@pytest.mark.parametrize("width", [360, 1440, 3840])
def test_a_pair_does_not_scroll_sideways(open_report, width):
    whole = synthetic.inspected("w" * 300 + " cat", pair="b " * 40, heads=12)
    long = replace(whole.links[0], source="w" * 300, target="b" * 200)
    page = open_report(replace(whole, links=(long,)), width=width).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
