"""Reports after an accident, by a seed: one byte changed, or the end cut off; and what has to be.

Damage and not forgery: whoever edits a payload and its checksum has written another report.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

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
