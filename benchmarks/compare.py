"""What a comparison of two texts costs: bytes beside one report, seconds to make and to open.

Two texts of as many tokens that differ in one word, by the bundled model; the report beside it is
that of the first text. Opening is measured as in ``report.py``: from ``goto`` to two animation
frames after the drawing, which the page itself notes.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import inspector
from benchmarks.browsing import not_measured
from benchmarks.measuring import Figure, number, table
from benchmarks.report import Browser
from benchmarks.texts import text_of
from inspector.report.html.compare_page import render_comparison
from inspector.report.html.page import render_report

if TYPE_CHECKING:
    from inspector.referee.loading import LoadedModel

TOKENS = (16, 64)
ROUNDS = 7
#: What stands in the place of the text's second word.
OTHER = "river"


def run(rounds: int | None) -> str:
    """Measure, and return the section in Markdown."""
    if lacking := not_measured("Compare", "playwright"):
        return lacking
    from playwright.sync_api import sync_playwright

    loaded = inspector.load("bundled", device="cpu")
    rows = []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = Browser(playwright)
        for tokens in TOKENS:
            first = text_of(tokens, loaded.checkpoint.tokenizer)
            rows.append(_row(first, exchanged(first), loaded, browser, Path(folder), rounds))
        browser.close()
    header = ["tokens", "MB", "over a report's", "compared, s", "page made, s", "opened, s"]
    return "\n".join(
        [
            "## Compare",
            "",
            "Two texts that differ in one word, 72 heads, each patched from one into the other: "
            f"median (min–max) of {rounds or ROUNDS}; unproved, the checkpoint already open.",
            "",
            table(header, rows),
        ]
    )


def exchanged(text: str) -> str:
    """Return a text with another second word, which is one token too."""
    words = text.split(" ")
    return " ".join([words[0], OTHER, *words[2:]])


def _row(
    first: str,
    second: str,
    loaded: LoadedModel,
    browser: Browser,
    folder: Path,
    rounds: int | None,
) -> list[str]:
    compared, made, opened = [], [], []
    file = folder / "comparison.html"
    page = ""
    for turn in range((rounds or ROUNDS) + 1):
        begun = time.perf_counter()
        found = inspector.compare(first, second, model=loaded.checkpoint, prove=False)
        done = time.perf_counter()
        page = render_comparison(found)
        file.write_text(page, encoding="utf-8")
        written = time.perf_counter()
        seconds = browser.seconds_to_open(file)
        if turn and seconds is not None:
            compared.append(done - begun)
            made.append(written - done)
            opened.append(seconds)
    size, report = len(page.encode()), len(render_report(found.first).encode())
    return [
        " and ".join(str(len(side.trace.text)) for side in found.sides),
        number(size / 1e6),
        number(size / report),
        *(str(Figure(tuple(values))) for values in (compared, made, opened)),
    ]
