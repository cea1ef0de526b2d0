"""Every kind of page, looked over by axe-core for what a pointer or an eye would not miss."""

import pytest
import synthetic
import synthetic_corpus
from complaints import complaints
from synthetic_effects import mattering

from inspector.analogy.classroom import article_class
from inspector.report.html.atlas_page import render_atlas
from inspector.report.html.classroom_page import render_classroom
from inspector.report.html.index_page import IndexRow, SkippedLine, render_index
from inspector.report.html.page import render_report

KINDS = {
    "plain": synthetic.inspected("the cat sat on a mat"),
    "pair": synthetic.inspected("the cat sat", pair="on a mat"),
    "causal": synthetic.inspected("the cat sat on a mat", causal=True),
    "mismatch": synthetic.mismatched(synthetic.inspected("the cat sat on a mat")),
    "not recomputed": synthetic.not_recomputed(synthetic.inspected("the cat sat on a mat")),
    "captured": synthetic.captured(synthetic.inspected("the cat sat on a mat")),
    "predicting": synthetic.predicting(synthetic.inspected("the cat sat on a mat")),
    "written": synthetic.writing(
        synthetic.predicting(synthetic.inspected("the cat sat on a mat", causal=True))
    ),
    "mattering": mattering(
        synthetic.predicting(synthetic.inspected("the cat sat on a mat", causal=True)),
        bits=True,
        contributions=True,
    ),
    "many heads": synthetic.inspected("a b c", layers=13, heads=12, d=2, causal=True),
    "long": synthetic.inspected(" ".join(["the cat sat on"] * 15)),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_to_complain_about_in_a_report(open_report, kind, scheme):
    assert complaints(open_report(KINDS[kind], scheme=scheme, width=1280).page) == []


@pytest.mark.parametrize("kind", ["plain", "mattering"])
def test_nothing_to_complain_about_on_a_narrow_screen(open_report, kind):
    page = open_report(KINDS[kind], width=360).page
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_to_complain_about_in_the_classroom(open_html, scheme):
    html = render_classroom(article_class(), own_table=False)
    assert complaints(open_html(html, wait="main", scheme=scheme).page) == []


PAGES = {
    "report": lambda: render_report(KINDS["mattering"]),
    "atlas": lambda: render_atlas(synthetic_corpus.corpus(full=True)),
    "index": lambda: render_index(
        "lines.txt",
        [IndexRow(1, "the cat", None, "1.html", "verified", KINDS["plain"].links[0], 4, 9000)],
        [SkippedLine(2, "it is empty")],
        total=2,
    ),
    "classroom": lambda: render_classroom(article_class(), own_table=False),
}


def forced(chromium, tmp_path, name):
    path = tmp_path / "page.html"
    path.write_text(PAGES[name](), encoding="utf-8")
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, forced_colors="active")
    page = context.new_page()
    page.goto(path.as_uri())
    ready = "html[data-ready]" if name in ("report", "atlas") else "main"
    page.wait_for_selector(ready, state="attached")
    return page


@pytest.mark.parametrize("name", PAGES)
def test_nothing_to_complain_about_in_forced_colours(chromium, tmp_path, name):
    page = forced(chromium, tmp_path, name)
    assert complaints(page) == []
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_to_complain_about_in_the_index(open_html, scheme):
    assert complaints(open_html(PAGES["index"](), wait="main", scheme=scheme).page) == []


LOOK = """e => { const s = getComputedStyle(e);
  return [s.backgroundColor, s.color, s.outlineStyle, s.outlineWidth, s.outlineColor].join(); }"""


def test_what_is_chosen_is_seen_in_forced_colours(chromium, tmp_path):
    """Every toggle, the pinned word and the compared one differ from the others."""
    page = forced(chromium, tmp_path, "report")
    page.wait_for_selector("html[data-complete]", state="attached")
    groups = page.evaluate("""() => [...document.querySelectorAll('.toggles [role=group], .theme')]
      .filter((g) => g.querySelector('[aria-pressed=true]') && g.getClientRects().length)
      .map((g) => g.id || g.className)""")
    assert len(groups) > 8
    for group in groups:
        where = f"[id='{group}'], [class='{group}']"
        box = page.locator(where).first
        pressed = box.locator("[aria-pressed=true]").first.evaluate(LOOK)
        assert pressed not in [
            other.evaluate(LOOK) for other in box.locator("[aria-pressed=false]").all()
        ], group
    page.locator("#sentence .token").nth(2).click()
    page.locator("#sentence .token").nth(4).click()
    looks = [page.locator("#sentence .token").nth(i).evaluate(LOOK) for i in (1, 2, 4, 5)]
    assert looks[1] not in (looks[0], looks[3]) and looks[2] not in (looks[0], looks[3])
    page.keyboard.press("ArrowRight")
    assert (
        page.locator("#sentence .token").nth(5).evaluate("e => getComputedStyle(e).outlineStyle")
        == "solid"
    )
    page.context.close()
