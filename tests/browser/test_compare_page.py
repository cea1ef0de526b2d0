"""A comparison in a real browser: its numbers beside the records, its choices, keys and sizes."""

import re

import numpy as np
import pytest
import synthetic
from complaints import complaints
from synthetic_comparison import comparison

from inspector.report.html.compare_page import render_comparison

HOSTILE = "the </script><img src=x onerror=window.hit=1> zero\u200bwidth \u202eturned " + "W" * 300


@pytest.fixture
def opened(open_html):
    def go(found, *, at="", **how):
        one = open_html(render_comparison(found), wait="html[data-ready]", **how)
        if at:
            one.page.goto(one.address + at)
            one.page.reload()
            one.page.wait_for_selector("html[data-ready]", state="attached")
        return one.page

    return go


def over_places(found, layer, head):
    """Both sides' attention over the places of both texts, by plain loops; None for no number."""
    places = found.alignments[0].places
    matrices = []
    for side, of in zip(found.sides, ("first", "second"), strict=True):
        weights = side.trace.layers[layer].attention[head]
        visible = side.rebuild.layers[layer].visible
        matrices.append(
            [
                None
                if (i := getattr(query, of)) is None
                or (j := getattr(key, of)) is None
                or not visible[i, j]
                else float(weights[i, j])
                for query in places
                for key in places
            ]
        )
    return matrices


@pytest.mark.parametrize(
    ("how", "bound"),
    [
        ({}, 0),
        ({"second": "a cat sat there on a large mat", "causal": True, "words": True}, 0),
        # Worked out on the page from q and k.
        ({"first": "w " * 40 + "big", "second": "w " * 40 + "small", "layers": 1}, 5e-3),
    ],
    ids=["one word", "words put in, causal", "long"],
)
def test_its_numbers_are_those_of_the_records(opened, how, bound):
    found = comparison(**how)
    page = opened(found)
    for change in found.heads[:: max(1, len(found.heads) // 4)]:
        got = page.evaluate(
            "([n, h]) => inspector.change('self', n, h)", [change.layer, change.head]
        )
        assert got["bits"] == pytest.approx(change.jsd_bits, rel=1e-6)
        shares = {(one.layer, one.head): one.share for one in found.patches.heads}
        assert got["share"] == pytest.approx(shares[change.layer, change.head], rel=1e-6)
        drawn = page.evaluate(
            "([n, h]) => { const m = inspector.matrices('self', n, h);"
            " const out = (d) => Array.from(d, (v) => Number.isNaN(v) ? null : v);"
            " return [m.first, m.second, m.difference].map((one) => out(one.data)); }",
            [change.layer, change.head],
        )
        expected = over_places(found, change.layer, change.head)
        for mine, theirs in zip(drawn[:2], expected, strict=True):
            assert [v is None for v in mine] == [v is None for v in theirs]
            assert all(
                abs(a - b) <= bound + 1e-7
                for a, b in zip(mine, theirs, strict=True)
                if a is not None
            )
        for a, b, difference in zip(*drawn, strict=True):
            assert (difference is None) == (a is None or b is None)
            if difference is not None:
                assert difference == pytest.approx(b - a, abs=1e-6)


def test_what_is_chosen_is_shown_everywhere_and_stands_in_the_address(opened):
    """From the first view by pointer and by keyboard, and from an address."""
    found = comparison(layers=3, words=True)
    page = opened(found)
    most = found.changed[0]
    assert page.locator("#head-title").inner_text() == f"Layer {most.layer}, head {most.head}"
    assert f"{most.jsd_bits:.4f} bits, more than any other of 9" in page.inner_text("#head-says")
    names = page.locator("#changed-list .change-name").all_inner_texts()
    assert [name.split("\n")[0] for name in names] == [f"{a.layer}.{a.head}" for a in found.changed]
    carriers = page.locator("#carries-list .change-name").all_inner_texts()
    assert carriers == [f"{a.layer}.{a.head}" for a in found.carriers]
    # The words, and the numbers under them.
    _, col = most.first_cell
    weight = f"{most.first_weight:.2f} in A, {most.second_weight:.2f} in B"
    assert weight in page.inner_text("#sentences-says")
    column = page.locator("#sentences button").nth(col)
    assert column.locator("small").all_inner_texts() == [
        f"{most.first_weight:.2f}",
        f"{most.second_weight:.2f}",
    ]
    assert page.locator("#sentences [aria-pressed=true]").count() == 1
    assert page.locator("#sentences .differs").all_inner_texts()[0].split("\n")[0] == "cat"
    assert page.locator("#sentences .differs").count() == 1
    # Answers, and a side that was not asked.
    cells = page.locator("#answers tbody tr").nth(1).locator("td").all_inner_texts()
    assert [cell.strip() for cell in cells] == ["1.0 %", "–"]
    assert page.locator("#verdicts .verdict").count() == 2
    # Another head from the list, another word by the keyboard alone.
    page.locator("#carries-list button").first.click()
    first = found.carriers[0]
    assert page.locator("#head-title").inner_text() == f"Layer {first.layer}, head {first.head}"
    page.locator("#sentences [tabindex='0']").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.evaluate("inspector.state.row") == 1
    page.locator("#grid [tabindex='0']").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.evaluate("inspector.state.head") == 1
    page.get_by_role("button", name="by what carries it", exact=True).click()
    page.locator("#panels .matrix-field").nth(2).focus()
    page.keyboard.press("ArrowDown")
    state = page.evaluate("inspector.state")
    expected = over_places(found, state["index"], state["head"])
    at = state["row"] * len(found.alignments[0].places) + state["col"]
    told = page.locator("#readout dd").all_inner_texts()
    numbers = [float(text.replace("−", "-")) for text in told]
    assert numbers[:2] == pytest.approx([expected[0][at], expected[1][at]], abs=1e-6)
    assert numbers[2] == pytest.approx(expected[1][at] - expected[0][at], abs=1e-6)
    page.wait_for_url(re.compile("tone=patch"))
    again = opened(found, at="#" + state["hash"]).evaluate("inspector.state")
    assert again == state
    # What does not fit is as it was at first.
    wrong = opened(found, at="#head=self.9.9&at=99.1&tone=loud").evaluate("inspector.state")
    assert wrong["hash"] == ""


@pytest.mark.parametrize(
    ("how", "scheme", "width"),
    [
        ({}, "light", 1280),
        ({"words": True, "causal": True}, "dark", 360),
        ({"apart": "x"}, "light", 360),
    ],
)
def test_nothing_to_complain_about(opened, how, scheme, width):
    page = opened(comparison(**how), scheme=scheme, width=width)
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_hostile_text_and_models_whose_heads_do_not_correspond(opened):
    page = opened(comparison(HOSTILE, "the cat", apart=HOSTILE))
    assert page.evaluate("window.hit") is None
    assert page.locator("#heads, #head").count() == 0
    assert "‹U+200B›" in page.inner_text("#sentences")
    assert HOSTILE[:40] in page.inner_text("#links-why")
    links = page.locator("#links-a li").count()
    assert links == len(synthetic.inspected(HOSTILE).links)


def test_paper_forced_colours_and_damage(opened, open_html):
    page = opened(comparison())
    page.emulate_media(media="print")
    assert page.locator("#panels canvas").first.is_visible()
    page.emulate_media(media="screen", forced_colors="active")
    outline = (
        "getComputedStyle(document.querySelector('.change-cell[aria-pressed=true]')).outlineStyle"
    )
    assert page.evaluate(outline) == "solid"
    html = render_comparison(comparison())
    at = html.index('id="blob-b.1.model">') + 60
    other = "A" if html[at] != "A" else "B"
    broken = html[:at] + other + html[at + 1 :]
    damaged = open_html(broken, wait="html[data-broken]", quiet=False).page
    assert "b.1.model" in damaged.inner_text("#notice")
    assert damaged.locator("main").is_hidden()


def test_the_largest_change_of_the_blob_is_that_of_the_record():
    """What the page is sent of each head, without a browser."""
    from inspector.report.html.payload.comparison import build_comparison

    found = comparison(layers=1)
    (heads,) = (
        b for b in build_comparison(found, command=None, version="x").blobs if b.name == "heads"
    )
    assert heads.shape == (3, 8)
    assert np.isfinite([one.jsd_bits for one in found.heads]).all()
