"""Any byte changed, any end cut off: the page says so, or shows the same as before."""

import re
import zlib

import pytest
import synthetic
from hostile import pages

from inspector.report.html.outline import outline
from inspector.report.html.page import render_report

PARTS, EACH = 6, 10


@pytest.fixture(scope="module")
def report():
    return render_report(synthetic.inspected("the naïve cat sat")).encode()


@pytest.fixture
def tab(tabs):
    page = tabs.take(width=1000)
    yield page
    tabs.leave(page)


@pytest.mark.parametrize("part", range(PARTS))
def test_damage_is_said_or_harmless(tab, tmp_path, report, part):
    path = tmp_path / "page.html"
    right = pages.whole(tab, path, report)
    seeds = range(part * EACH, (part + 1) * EACH)
    wrong = {
        seed: found
        for seed, page in pages.damaged(report, seeds)
        if (found := pages.judged(tab, path, page, right))
    }
    assert wrong == {}


def edit(text, old, new):
    assert old in text, old
    return text.replace(old, new, 1)


#: Each with what has to be named as missing or changed.
EDITS = {
    "verdict": ('"verdict":"verified"', '"verdict":"mismatch"', "header"),
    "missing key": ('"links":', '"lanks":', "header"),
    "a key and its value": ('"labels":', '"l":0,"x":', "header"),
    "length of the header": ('data-length="', 'data-length="1', "header"),
    "checksum of the header": ('data-crc32="', 'data-crc32="1', "header"),
    "header's element": ('id="header"', 'id="heador"', "header is missing"),
    "script": ('id="script">H4s', 'id="script">H5s', "script cannot be unpacked"),
    "script's element": ('id="script"', 'id="scripl"', "script is missing"),
    "start": ("new DecompressionStream", "new DecompressionStreem", "did not start"),
    "policy": ("script-src", "script-srx", "did not start"),
    "no policy": ("http-equiv", "http-equix", "parts of it were changed"),
    "style": ("#notice{", "#notive{", "style was changed"),
    "words": ("Rows are queries", "Rows are queriez", "parts of it were changed"),
    "an element": ('id="readout"', 'id="readoot"', "parts of it are missing"),
    "a choice": ('data-value="out"', 'data-value="ouu"', "parts of it were changed"),
    "end": ('id="end"', 'id="ond"', "end is missing"),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_named(open_html, report, name):
    old, new, told = EDITS[name]
    html = edit(report.decode(), old, new)
    where = "html[data-broken], html[data-marred][data-complete]"
    page = open_html(html, wait=where, quiet=False).page
    notice = page.locator("#notice")
    assert notice.is_visible()
    assert re.search(told, notice.inner_text()), notice.inner_text()
    assert re.search("damaged", notice.inner_text())


CUTS = ("Security-Policy", "<title>", "#notice{", "localStorage", 'id="script">H', "<main",
        "Rows are", 'id="header"', '"layers":', 'id="blob-1.model">', 'id="end"')  # fmt: skip


@pytest.mark.parametrize("place", CUTS)
def test_a_cut_anywhere_is_said(open_html, report, place):
    html = report.decode()
    page = open_html(html[: html.index(place) + 4], wait="html[data-broken]", quiet=False).page
    assert page.locator("#notice").is_visible()
    assert "damaged" in page.locator("#notice").inner_text()
    assert not page.locator("main").is_visible()


def test_the_guard_stands_before_what_can_be_damaged(report):
    html = report.decode()
    assert html.index("<script>") < html.index("Content-Security-Policy") < html.index("<style>")


HOSTILE = 'a&amp;b <b>"x"</b>\r\n\t\u00a0\ufeff\u0085’ é'


def test_the_browser_and_python_write_the_same_outline(call):
    """Void elements, entities, boolean attributes and room, as both sides take them apart."""
    markup = (
        "<main id=main hidden aria-pressed=true data-panels=2 data-value='1'>\n"
        f"<p class=\"a 'b'\">{HOSTILE}<input type=checkbox checked><br></p>"
        '<svg viewBox="0 0 1 1"><line x1="0"></line></svg></main>'
    )
    found = call(
        "shared/decode",
        "((html) => { const page = new DOMParser().parseFromString(html, 'text/html');"
        " return m.marred(page); })(x)",
        f'<body>{markup}<script id="end">{zlib.crc32(outline(markup))}</script>',
    )
    assert found == ""
