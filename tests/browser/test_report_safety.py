"""Hostile sentences and damaged files: what the page must never do with them."""

import re
import zlib

import pytest
import synthetic

from inspector.report.html.page import render_report

HOSTILE = [
    "</script><script>window.hit=1</script> x",
    "<!-- <script> --> ]]> <img src=x onerror=window.hit=1>",
    "\"'`${window.hit=1}` {{7*7}} \\u003c &lt; &amp;",
    "שלום עולם \u202eevil\u202c العربية",
    "👩\u200d👩\u200d👧\u200d👦 naïve 🇫🇷 e\u0301",
    "zero\u200bwidth \u200b \ufeff soft\u00adhyphen \u2028 line",
    "W" * 400,
    "a\ud800b lone",
]


@pytest.mark.parametrize("sentence", HOSTILE)
def test_a_hostile_sentence_is_only_text(open_report, sentence):
    whole = synthetic.inspected(sentence)
    page = open_report(whole, command=sentence).page
    assert page.evaluate("window.hit") is None
    assert page.locator("#sentence .token").count() == len(whole.trace.text.tokens)
    assert page.evaluate("document.querySelectorAll('img, main script').length") == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_prints_as_nothing_is_spelt_out(open_report):
    page = open_report(synthetic.inspected("zero\u200bwidth \u200d 👩\u200d👧 \u202eturned")).page
    assert page.locator("#sentence .token-text").all_inner_texts()[1:-1] == [
        "zero‹U+200B›width", "‹U+200D›", "👩\u200d👧", "‹U+202E›turned"]  # fmt: skip


def test_a_span_counts_characters_not_code_units(open_report):
    page = open_report(synthetic.inspected("👩 cat 🇫🇷 dog")).page
    names = page.locator("#sentence .token-text").all_inner_texts()
    assert names[1:-1] == ["👩", "cat", "🇫🇷", "dog"]


def sealed(html):
    """The same with the header's length and checksum made right again: a fault behind them."""
    header = re.search(r' data-length="\d+" data-crc32="\d+" id="header">(.*?)</script>', html)
    bytes_ = header[1].encode()
    marks = f' data-length="{len(bytes_)}" data-crc32="{zlib.crc32(bytes_)}" id="header">'
    return html.replace(header[0], f"{marks}{header[1]}</script>")


def broken(html, damage):
    """The same file after an accident."""
    start, end = re.search(r'id="blob-1.model">([^<]*)', html).span(1)
    middle = (start + end) // 2
    other = "A" if html[middle] != "A" else "B"
    return {
        "truncated blob": html[: start + (end - start) // 8 * 4] + html[end:],
        "flipped character": html[:middle] + other + html[middle + 1 :],
        "missing blob": html.replace('id="blob-1.model"', 'id="gone"'),
        "truncated file": html[: start + 10],
        "garbled header": sealed(html.replace('"payload":3', '"payload":3,,')),
        "edited header": html.replace('"payload":3', '"payload":4'),
        "another version": sealed(html.replace('"payload":3', '"payload":999')),
        "length": sealed(re.sub(r'("1.model":\{[^}]*"length":)\d+', r"\g<1>9999", html)),
        "checksum": sealed(re.sub(r'("1.model":\{[^}]*"crc32":)\d+', r"\g<1>1", html)),
    }[damage]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("truncated blob", "1.model"),
        ("flipped character", "1.model"),
        ("missing blob", "“1.model” are missing"),
        ("truncated file", "damaged"),
        ("garbled header", "header is cut short or garbled"),
        ("edited header", "its header does not match its checksum"),
        ("another version", "version 999"),
        ("length", "bytes long, not 9999"),
        ("checksum", "do not match their checksum"),
    ],
)
def test_a_damaged_report_says_so(open_html, damage, told):
    html = broken(render_report(synthetic.inspected("the cat sat on a mat")), damage)
    page = open_html(html, wait="html[data-broken]", quiet=False).page
    notice = page.locator("#notice").inner_text()
    assert told in notice and "damaged" in notice
    assert page.locator("#notice").is_visible()
    assert not page.locator("main").is_visible()


def test_a_browser_without_what_the_page_needs_is_told(open_html, chromium, tmp_path):
    path = tmp_path / "old.html"
    path.write_text(render_report(synthetic.inspected()), encoding="utf-8")
    page = chromium.new_context().new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-broken]", state="attached")
    assert "newer browser" in page.locator("#notice").inner_text()
    page.context.close()


def test_without_script_the_page_says_so(chromium, tmp_path):
    path = tmp_path / "off.html"
    path.write_text(render_report(synthetic.inspected()), encoding="utf-8")
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    assert "JavaScript" in page.locator("noscript").inner_text()
    context.close()


def test_a_page_whose_storage_is_refused_still_opens(chromium, tmp_path):
    path = tmp_path / "frame.html"
    path.write_text(render_report(synthetic.inspected()), encoding="utf-8")
    page = chromium.new_context().new_page()
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('refused'); } })"
    )
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready]", state="attached")
    page.locator("[data-theme-choice=dark]").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.context.close()
