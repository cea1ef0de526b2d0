"""A pair of texts, a chat, what each idea buys, the notable links and the masses, against NumPy."""

from dataclasses import replace

import numpy as np
import pytest
import synthetic

from inspector.records import Chat, Message

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
            const segments = [...'AABAB'], data = Float32Array.from({length: 25}, (_, i) => i);
            const cut = m.cutOf(segments, 'BA');
            return [cut, Array.from(m.restrict({rows: 5, cols: 5, data}, cut).data),
              m.splitsOf(segments), m.cutOf(segments, 'all'), m.cutOf(['A', 'A'], 'AB')];
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


# --- a chat -------------------------------------------------------------------------------

CHAT = "open be kind close open hello there close answer well"
ROLES = ["template", "template", "system", "system", "template", "template", "user", "user",
         "template", "assistant", "assistant", "template"]  # fmt: skip


def chat():
    """A text of ten words between two special tokens, of which each is somebody's."""
    whole = synthetic.inspected(CHAT, causal=True)
    text = whole.trace.text
    assert len(text) == len(ROLES)
    messages = (Message("system", "be kind"), Message("user", "hello there"))
    said = replace(text, chat=Chat(messages, tuple(ROLES)))
    return replace(whole, trace=replace(whole.trace, text=said))


def test_a_line_for_each_part(open_report):
    page = open_report(chat()).page
    assert page.title().startswith("hello there")
    lines = page.locator("#sentence p")
    assert lines.locator(".text-name").all_inner_texts() == [
        "template", "system", "template", "user", "template", "assistant", "template",
    ]  # fmt: skip
    shown = lines.evaluate_all(
        "all => all.map(p => [...p.querySelectorAll('.token')].map(t => t.title.split('\\n')[0]))"
    )
    assert shown[1:6] == [["be", "kind"], ["close", "open"], ["hello", "there"], ["close"],
                          ["answer", "well"]]  # fmt: skip
    assert lines.nth(3).locator(".token").first.get_attribute("title").endswith(", user")
    template = lines.nth(0).locator(".token").first.get_attribute("title")
    assert template.endswith(", template, special")


def test_the_shares_between_the_parts(open_report):
    whole = chat()
    page = open_report(whole).page
    page.locator(".thumb").nth(1 * 3 + 2).click()
    kinds = ["template", "system", "user", "assistant"]
    heads = page.locator("#text-shares th").all_inner_texts()
    assert heads == [*(f"to {kind}" for kind in kinds), *(f"from {kind}" for kind in kinds)]
    assert "parts of the chat" in page.locator("#text-shares caption").inner_text()
    told = page.locator("#text-shares tbody td").all_inner_texts()
    A, roles = whole.trace.layers[1].attention[2].astype(float), np.array(ROLES)
    expected = [A[roles == r][:, roles == c].sum(axis=1).mean() for r in kinds for c in kinds]
    np.testing.assert_allclose(
        [float(text.removesuffix(" %")) / 100 for text in told], expected, atol=6e-4
    )


def test_what_goes_from_one_part_to_another(open_report):
    whole = chat()
    opened = open_report(whole)
    page = opened.page
    assert page.locator("#head-between button").count() == 1 + 4 * 4
    page.get_by_role("button", name="assistant → user").click()
    field = page.locator("#panels .matrix-field").first
    assert "2 by 2" in field.get_attribute("aria-label")
    field.focus()
    page.keyboard.press("Control+Home")
    told = page.locator("#readout .from-to").inner_text()
    assert told == "query answer (row 9) → key hello (column 6)"
    assert page.evaluate("inspector.state").get("between") == "WU"
    splits = page.locator(".thumb").first.locator(".split.left").count()
    assert splits == 6


@pytest.mark.parametrize("between", ["AB", "WX", "all2"])
def test_an_address_of_a_part_that_is_not_there(open_report, between: str):
    page = open_report(chat()).page
    page.evaluate(f"location.hash = 'between={between}'")
    page.wait_for_selector("#address-says:not([hidden])")
    assert between in page.locator("#address-says").inner_text()
    assert page.evaluate("inspector.state").get("between") == "all"


def test_nothing_is_wider_than_the_page(open_report):
    page = open_report(chat()).page
    for width in (1200, 375):
        page.set_viewport_size({"width": width, "height": 800})
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
