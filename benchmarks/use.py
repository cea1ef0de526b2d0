"""How quickly an open report answers: another head, and the means over heads.

The page is ours, of a finished inspection, opened from disk without a network. A change of head is
a click on its thumbnail, timed in the page from the click to the task after the next frame, when
the browser has painted; heads are taken in an order that never visits one twice. The means are
worked out in the page's worker from q and k: from the click on “its layer” or “all heads” until
the sentence shows them and is painted. The longest task is what the browser itself reports of its
main thread (it reports none under 50 ms) from the opening on, while all of this is done.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import inspector
from benchmarks.browsing import launch, not_measured
from benchmarks.measuring import Figure, table
from benchmarks.texts import text_of
from inspector.report.html.page import render_report

TOKENS = (16, 128, 512)
ROUNDS = 24
#: A stride through the 72 heads that meets every head and changes the layer each time.
STRIDE = 29

_WATCH = """
window.longest = 0;
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.longest = Math.max(window.longest, task.duration);
}).observe({ type: "longtask" });
const painted = () => new Promise((done) => requestAnimationFrame(() => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = done;
  port2.postMessage(0);
}));
const settled = async () => {
  do await painted(); while (document.querySelector("#sentence[aria-busy=true]"));
};
window.timed = async (query, nth = 0) => {
  const target = document.querySelectorAll(query)[nth];
  await new Promise((done) => setTimeout(done, 150));
  const begun = performance.now();
  target.click();
  await settled();
  return performance.now() - begun;
};
undefined;  // playwright would call a function that stands last
"""


def run(rounds: int | None) -> str:
    """Measure, and return the section in Markdown."""
    if lacking := not_measured("Use", "playwright"):
        return lacking
    from playwright.sync_api import sync_playwright

    loaded = inspector.load("bundled", device="cpu")
    turns = rounds or ROUNDS
    rows = []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = launch(playwright)
        for tokens in TOKENS:
            file = Path(folder) / f"{tokens}.html"
            text = text_of(tokens, loaded.checkpoint.tokenizer)
            found = inspector.inspect(text, model=loaded)
            file.write_text(render_report(found), encoding="utf-8")
            rows.append(_row(tokens, browser, file, turns))
        browser.close()
    header = [
        "tokens",
        "another head, ms",
        "mean of a layer, ms",
        "mean of all heads, ms",
        "longest task, ms",
    ]
    return "\n".join(
        [
            "## Use",
            "",
            f"The report once it is open, from a click to painted: median (min–max) of {turns} "
            "heads, of the 6 layers, and the one mean of all 72 heads.",
            "",
            table(header, rows),
        ]
    )


def _row(tokens: int, browser: Any, file: Path, turns: int) -> list[str]:
    page = _opened(browser, file)
    heads = page.locator(".thumb").count()
    changes = [_timed(page, ".thumb", turn * STRIDE % heads) for turn in range(1, turns + 1)]
    layers = []
    for layer in range(6):
        _timed(page, "#sentence-whose [data-value=head]")
        _timed(page, ".thumb", layer * heads // 6)
        layers.append(_timed(page, "#sentence-whose [data-value=layer]"))
    longest = page.evaluate("longest")
    page.context.close()
    # On a page of its own, which has no layer's mean to start from.
    page = _opened(browser, file)
    whole = _timed(page, "#sentence-whose [data-value=all]")
    longest = max(longest, page.evaluate("longest"))
    page.context.close()
    return [
        str(tokens),
        str(Figure(tuple(changes))),
        str(Figure(tuple(layers))),
        str(Figure((whole,))),
        str(Figure((longest,))) if longest else "< 50",
    ]


def _opened(browser: Any, file: Path) -> Any:
    page = browser.new_context(offline=True, viewport={"width": 1440, "height": 900}).new_page()
    page.goto(file.as_uri())
    page.wait_for_selector("html[data-ready]", state="attached")
    page.evaluate(_WATCH)
    # The sections below the screen are drawn now, and their tasks count as well.
    page.wait_for_selector("html[data-complete]", state="attached")
    return page


def _timed(page: Any, query: str, nth: int = 0) -> float:
    milliseconds: float = page.evaluate("([q, n]) => timed(q, n)", [query, nth])
    return milliseconds
