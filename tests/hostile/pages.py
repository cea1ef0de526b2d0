"""Reports after an accident, by a seed: one byte changed, or the end cut off; and what has to be.

Damage and not forgery: whoever edits a payload and its checksum has written another report.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hostile.kind import Thing

NAME = "pages"
#: The suite tries them with the browser's other tests, in tests/browser/test_damage.py.
FEW = 0
MANY = 1000

#: What a page says of itself where it was damaged.
SAYS = ("damaged", "did not start")
#: As long as the guard waits for a script that does not start, and somewhat more.
WAIT = 8_000

#: The page as a reader has it: its words, its state, a sample of its numbers, its looks.
VIEW = """() => {
  const root = document.documentElement;
  const notice = document.querySelector('#notice');
  const shown = notice && notice.getClientRects().length ? notice.textContent : '';
  if (!('ready' in root.dataset) || !window.inspector) return { notice: shown, words: '' };
  const style = (what) => {
    const found = document.querySelector(what);
    return found && getComputedStyle(found).cssText;
  };
  return {
    notice: shown,
    words: [...document.querySelectorAll('header, main, footer')]
      .map((part) => part.textContent.replace(/\\s+/g, ' ')).join(),
    state: JSON.stringify(inspector.state),
    numbers: [0, 1].map((head) => Array.from(inspector.attention('self', 0, head).data)).join(),
    looks: ['body', '.token', '#verdict', '.pill'].map(style).join(),
  };
}"""

#: Settled: it has said why not, or it is complete.
SETTLED = """() => {
  const { dataset } = document.documentElement;
  return 'broken' in dataset || 'complete' in dataset;
}"""


@dataclass
class Damaged(Thing):
    """A report as it is after its accident."""

    page: bytes


def make(seed: int, place: Path, good: Path) -> Damaged:
    """Damage a report by ``seed``; no model is needed."""
    del good
    report = _report()
    ((_, page),) = damaged(report, [seed])
    if len(page) < len(report):
        return Damaged(f"cut off at {len(page)}", place, page)
    at = next(at for at, byte in enumerate(page) if byte != report[at])
    return Damaged(f"byte {at}: {report[at]:#04x} became {page[at]:#04x}", place, page)


def judge(thing: Damaged) -> str | None:
    """Open it in Chromium beside what the whole report shows."""
    tab, right = _whole_report()
    return judged(tab, thing.place / "page.html", thing.page, right)


@cache
def _report() -> bytes:
    from synthetic import inspected

    from inspector.report.html.page import render_report

    return render_report(inspected("the naïve cat sat")).encode()


@cache
def _whole_report() -> tuple[Any, dict[str, str]]:
    """Start a browser, which stays to the end of the process, and look at the whole report."""
    from tempfile import mkdtemp

    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    assert found is not None, "there is no Chromium"
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    browser = sync_playwright().start().chromium.launch(executable_path=found, args=arguments)
    tab = browser.new_context(viewport={"width": 1000, "height": 900}).new_page()
    folder = Path(mkdtemp())
    try:
        return tab, whole(tab, folder / "page.html", _report())
    finally:
        shutil.rmtree(folder)


def damaged(page: bytes, seeds: Iterable[int]) -> Iterator[tuple[int, bytes]]:
    """Yield for each seed the page with one byte changed, or cut off somewhere.

    Nine tenths of a report are blobs, so every second damage keeps to the rest.
    """
    blobs = page.index(b'id="blob-')
    for seed in seeds:
        chance = random.Random(seed)  # noqa: S311
        at = chance.randrange(1, len(page) if chance.random() < 0.5 else blobs)
        if chance.random() < 0.25:
            yield seed, page[:at]
        else:
            other = chance.choice([byte for byte in range(256) if byte != page[at]])
            yield seed, page[:at] + bytes([other]) + page[at + 1 :]


def whole(tab: Any, path: Path, page: bytes) -> dict[str, str]:
    """Return what the undamaged page shows, for :func:`judged`; ``tab`` is playwright's page."""
    shown = _opened(tab, path, page)
    assert shown["words"] and not shown["notice"]
    return shown


def judged(tab: Any, path: Path, page: bytes, right: dict[str, str]) -> str | None:
    """Open a damaged page; None where it says that it is, or shows what the right one shows.

    Cut off before its guard a page is empty: nothing can run, and nothing is claimed.
    """
    shown = _opened(tab, path, page)
    if any(word in shown["notice"] for word in SAYS):
        return None
    if not tab.locator("body").inner_text().strip() and b"</script>" not in page:
        return None
    different = [key for key, value in right.items() if shown.get(key) != value]
    return f"shows other {', '.join(different)}; notice {shown['notice']!r}" if different else None


def _opened(tab: Any, path: Path, page: bytes) -> dict[str, str]:
    path.write_bytes(page)
    tab.goto(path.as_uri())
    if b"</script>" in page:
        try:
            tab.wait_for_function(SETTLED, timeout=WAIT)
        except Exception as error:  # playwright's own timeout; what is not complete is judged
            return {"notice": "", "words": f"never settled: {type(error).__name__}"}
    shown: dict[str, str] = tab.evaluate(VIEW)
    return shown
