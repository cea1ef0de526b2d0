"""How quickly the classroom's page answers: a mark changed, until all of its tables are painted.

The page is ours, opened from disk without a network. A mark is stepped by the key ↑ on its input,
timed in the page from the key to the task after the next frame, when the browser has painted: R,
T, the softmax, who is close to whom and all sentences hold their new numbers then, and colours
begin to move. A frame itself takes up to 17 ms at 60 Hz, of which nothing can be saved.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.browsing import launch, not_measured
from benchmarks.measuring import Figure, table
from inspector.analogy.classroom import Classroom, article_class, study
from inspector.report.html.classroom_page import render_classroom

ROUNDS = 24
#: In milliseconds, for the class of the article.
BOUND = 30

_TIMED = """async (nth) => {
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(0);
  }));
  const marks = document.querySelectorAll("#table-q .mark"), mark = marks[nth % marks.length];
  mark.focus();
  await new Promise((done) => setTimeout(done, 250));
  const begun = performance.now();
  mark.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp", bubbles: true }));
  const worked = performance.now() - begun;
  await painted();
  return [worked, performance.now() - begun];
}"""


def run(rounds: int | None) -> str:
    """Measure, and return the section in Markdown."""
    if lacking := not_measured("Classroom", "playwright"):
        return lacking
    from playwright.sync_api import sync_playwright

    rows = []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = launch(playwright)
        for studied in (article_class(), _large(12), _large(24)):
            file = Path(folder) / "class.html"
            file.write_text(render_classroom(studied, own_table=False), encoding="utf-8")
            rows.append(_row(studied, browser, file, rounds or ROUNDS))
        browser.close()
    header = ["class", "worked out, ms", "all tables painted, ms", "bound, ms"]
    return "\n".join(
        [
            "## Classroom",
            "",
            f"A mark changed until all tables are painted: median (min–max) of {rounds or ROUNDS} "
            "marks.",
            "",
            table(header, rows),
        ]
    )


def _large(size: int) -> Classroom:
    """Return a class of ``size`` students with as many traits."""
    marks = np.random.default_rng(1).integers(0, 6, size=(size, size)) / 2
    return study([f"s{i}" for i in range(size)], [f"t{k}" for k in range(size)], marks)


def _row(studied: Classroom, browser: Any, file: Path, turns: int) -> list[str]:
    page = browser.new_context(offline=True, viewport={"width": 1440, "height": 900}).new_page()
    page.goto(file.as_uri())
    page.wait_for_selector("html[data-ready]", state="attached")
    times = [page.evaluate(_TIMED, 7 * turn) for turn in range(turns + 1)][1:]
    page.context.close()
    worked, painted = (Figure(tuple(each)) for each in zip(*times, strict=True))
    n, m = studied.table.shape
    article = studied.students == article_class().students
    return [f"{n} × {m}", str(worked), str(painted), f"≤ {BOUND}" if article else ""]
