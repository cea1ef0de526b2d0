"""What a report with all 72 heads costs: bytes, seconds to build, seconds to open.

Beside ours stand bertviz's model view and Inspectus (``pages.py`` says how their pages are made to
open offline and when a page counts as drawn). Building starts from the finished inspection, whose
attention weights the peers get as they are, and ends with the file written. Opening is Chromium,
headless and already running, a fresh context for each page: from ``goto`` to two animation frames
after the drawing, which the page itself notes on the same clock, so that the time it takes for this
process to hear of it is in nobody's figure. A page that is not drawn after 60 s is given up, and
that browser with it. Bytes are those of the file as its program writes it; what bertviz's page
would fetch from a CDN is not counted.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import inspector
from benchmarks import pages
from benchmarks.browsing import launch, not_measured
from benchmarks.measuring import Figure, number, table
from benchmarks.texts import text_of
from inspector.session import Inspection

#: Which peers stand beside ours at which size; at 512 tokens bertviz's page would have 870 MB.
SIZES: dict[int, tuple[str, ...]] = {
    16: ("bertviz", "inspectus"),
    64: ("bertviz",),
    128: ("bertviz", "inspectus"),
    256: ("bertviz",),
    512: ("inspectus",),
}
TITLES = {"ours": "ours", "bertviz": "bertviz model view", "inspectus": "Inspectus"}
BUILDERS: dict[str, Callable[[Inspection], str]] = {
    "ours": pages.ours,
    "bertviz": pages.bertviz,
    "inspectus": pages.inspectus,
}
ROUNDS = 7
#: No new turn at a size begins after this many seconds.
BUDGET = 90.0
#: A page that takes longer to open is given up, and is not tried again.
PATIENCE = 60.0
_NEEDED = ("bertviz", "inspectus", "mpld3", "playwright", "xstatic")


@dataclass
class Seen:
    """What was measured of one page at one size, one value a turn."""

    size: int = 0
    build: list[float] = field(default_factory=list)
    opened: list[float] = field(default_factory=list)
    gave_up: bool = False


#: Notes when a page says that it is drawn. Playwright's own way of waiting would put a large script
#: into the page while it opens.
_NOTE = """
new MutationObserver((_changes, observer) => {
  const root = document.documentElement;
  if (!root?.matches("[data-ready], [data-broken]")) return;
  observer.disconnect();
  const at = performance.timeOrigin + performance.now();
  console.log(`drawn ${"ready" in root.dataset} ${at}`);
}).observe(document, {
  subtree: true, attributes: true, attributeFilter: ["data-ready", "data-broken"],
});
"""


class Browser:
    """A running Chromium that opens one page after another, each in a context of its own."""

    def __init__(self, playwright: Any) -> None:
        self._playwright = playwright
        self._browser = launch(playwright)

    def seconds_to_open(self, file: Path) -> float | None:
        """Return the seconds from ``goto`` to drawn, or None where patience ran out.

        Raises
        ------
        RuntimeError
            When the page says that not everything was drawn.
        """
        from playwright.sync_api import TimeoutError as TooLong

        context = self._browser.new_context()
        page = context.new_page()
        page.add_init_script(_NOTE)
        begun = time.time()
        try:
            with page.expect_console_message(
                lambda message: message.text.startswith("drawn "), timeout=PATIENCE * 1000
            ) as noted:
                page.goto(file.as_uri(), wait_until="commit", timeout=PATIENCE * 1000)
        except TooLong:
            # A page that is still drawing does not let itself be closed; the browser does.
            self._browser.close()
            self._browser = launch(self._playwright)
            return None
        _, whole, at = noted.value.text.split()
        if whole != "true":
            raise RuntimeError(f"{file.name} was not drawn as expected")
        context.close()
        return float(at) / 1000 - begun

    def close(self) -> None:
        """End the browser."""
        self._browser.close()


def run(rounds: int | None) -> str:
    """Measure, and return the section in Markdown."""
    if lacking := not_measured("Report", *_NEEDED):
        return lacking
    from playwright.sync_api import sync_playwright

    loaded = inspector.load("bundled", device="cpu")
    rows = []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = Browser(playwright)
        for tokens, peers in SIZES.items():
            text = text_of(tokens, loaded.checkpoint.tokenizer)
            inspection = inspector.inspect(text, model=loaded)
            seen = _measure(inspection, ("ours", *peers), browser, Path(folder), rounds or ROUNDS)
            rows += [_row(tokens, name, seen) for name in seen]
        browser.close()
    header = ["page", "tokens", "MB", "ours / its", "built, s", "ours / its", "opened, s"]
    return "\n".join(
        [
            "## Report",
            "",
            "All 72 heads, pages built and opened in alternation, up to "
            f"{rounds or ROUNDS} turns or {BUDGET:.0f} s a size: median (min–max) × turns, ratios "
            "taken turn by turn. bertviz's libraries stand in the page instead of coming from a "
            "CDN (d3 5.7.0, jQuery, a few lines for require.js): in the time to open, not in the "
            "bytes.",
            "",
            table([*header, "ours / its"], rows),
        ]
    )


def _measure(
    inspection: Inspection,
    names: tuple[str, ...],
    browser: Browser,
    folder: Path,
    rounds: int,
) -> dict[str, Seen]:
    """Build and open every page in turn, after one building and opening of ours to warm up."""
    heads = inspection.model.layers * inspection.model.heads
    seen = {name: Seen() for name in names}
    begun = time.perf_counter()
    for turn in range(rounds + 1):
        for name in names:
            one = seen[name]
            if turn == 0 and name == "bertviz" and len(inspection.tokens) > 64:
                continue  # tens of seconds only to warm up
            built, build = _build(name, inspection, folder)
            file = folder / f"{name}.html"
            openable = pages.openable(name, built, len(inspection.tokens), heads)
            file.write_text(openable, encoding="utf-8")
            del openable
            opened = None if one.gave_up else browser.seconds_to_open(file)
            file.unlink()
            if turn > 0:
                one.size, one.gave_up = len(built.encode()), opened is None
                one.build.append(build)
                one.opened += [] if opened is None else [opened]
        if turn == 0:
            begun = time.perf_counter()
        elif time.perf_counter() - begun > BUDGET:
            break
    return seen


def _build(name: str, inspection: Inspection, folder: Path) -> tuple[str, float]:
    """Build a page and write it as it is; return it and the seconds that took."""
    file = folder / f"{name}-as-written.html"
    begun = time.perf_counter()
    page = BUILDERS[name](inspection)
    file.write_text(page, encoding="utf-8")
    seconds = time.perf_counter() - begun
    file.unlink()
    return page, seconds


def _row(tokens: int, name: str, seen: dict[str, Seen]) -> list[str]:
    it, ours = seen[name], seen["ours"]
    theirs = name != "ours"
    return [
        TITLES[name],
        str(tokens),
        number(it.size / 1e6),
        number(ours.size / it.size) if theirs else "",
        _shown(it.build),
        str(_ratio(ours.build, it.build)) if theirs else "",
        f"> {PATIENCE:.0f}" if it.gave_up else _shown(it.opened),
        _ratio_opened(ours, it) if theirs else "",
    ]


def _ratio_opened(ours: Seen, it: Seen) -> str:
    if it.gave_up:
        return f"< {number(Figure(tuple(ours.opened)).median / PATIENCE)}"
    return str(_ratio(ours.opened, it.opened))


def _ratio(ours: list[float], its: list[float]) -> Figure:
    """Return the ratio of the turns that both have."""
    turns = min(len(ours), len(its))
    return Figure(tuple(ours[:turns])).over(Figure(tuple(its[:turns])))


def _shown(values: list[float]) -> str:
    return f"{Figure(tuple(values))} × {len(values)}"
