"""How quickly the live page follows: a key, and a head silenced, each until its answer is painted.

The server is a process of its own, as a user starts it, with the bundled model; the page is open in
Chromium, and a real key is pressed at the end of a text. Timed in the page, by the browser's own
clock: from the event of the key or of the click, the page's own pause for further keys included,
to the task after the next frame once the answer's views have been put up, when the browser has
painted. The ladder follows when nobody types and is not waited for, but a key is pressed only when
it is there: each turn begins with a page at rest.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.browsing import launch, not_measured
from benchmarks.measuring import Figure, table
from benchmarks.texts import bundled_tokenizer, text_of

TOKENS = (16, 64)
ROUNDS = 20
#: Of the table of issues that this answers: a key at 16 and at 64 tokens, and a head.
_REACH = {16: 120, 64: 250, "head": 100}

_WATCH = """
window.begun = 0;
for (const type of ["keydown", "click"]) {
  addEventListener(type, (event) => { window.begun = event.timeStamp; }, true);
}
const painted = () => new Promise((done) => requestAnimationFrame(() => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = done;
  port2.postMessage(0);
}));
window.answered = () => { window.answer = new Promise((done) => {
  const root = document.documentElement, before = root.dataset.answer;
  new MutationObserver(async (_, observer) => {
    if (root.dataset.answer === before) return;
    observer.disconnect();
    await painted();
    done(performance.now() - window.begun);
  }).observe(root, { attributes: true });
}); };
undefined;  // playwright would call a function that stands last
"""


def run(rounds: int | None) -> str:
    """Measure, and return the section in Markdown."""
    if lacking := not_measured("Live", "playwright"):
        return lacking
    from playwright.sync_api import sync_playwright

    turns = rounds or ROUNDS
    tokenizer = bundled_tokenizer()
    rows = []
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for tokens in TOKENS:
            with _served(text_of(tokens, tokenizer)) as address:
                page = _opened(browser, address)
                keys = [_key(page, turn) for turn in range(turns)]
                heads = [_head(page) for _ in range(turns)]
                page.context.close()
            rows += [
                [f"last key to painted, {tokens} tokens", str(Figure(tuple(keys))), _most(tokens)],
                [
                    f"head silenced to painted answer, {tokens} tokens",
                    str(Figure(tuple(heads))),
                    _most("head") if tokens == TOKENS[0] else "",
                ],
            ]
        browser.close()
    return "\n".join(
        [
            "## Live",
            "",
            f"`inspect live` with the bundled model, in Chromium, {turns} turns: median (min–max).",
            "",
            table(["", "ms", "to reach"], rows),
        ]
    )


def _most(of: int | str) -> str:
    return f"≤ {_REACH[of]}"


@contextmanager
def _served(text: str) -> Iterator[str]:
    """Start the program on a text, and end it; gives the address that it prints."""
    command = [sys.executable, "-m", "inspector", "live", text, "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip() if process.stdout else ""
        finally:
            process.terminate()


def _opened(browser: Any, address: str) -> Any:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(address)
    page.wait_for_selector("html[data-complete]", state="attached")
    page.evaluate(_WATCH)
    page.click("#live-text")
    page.keyboard.press("Control+End")
    # The first answer makes caches warm.
    _key(page, 0)
    _key(page, 1)
    return page


def _key(page: Any, turn: int) -> float:
    """Press a key, every second time the one that takes it back."""
    return _timed(page, lambda: page.keyboard.press("Backspace" if turn % 2 else "s"))


def _head(page: Any) -> float:
    """Silence the chosen head; undone, and the page at rest again, before the next turn."""
    milliseconds = _timed(page, lambda: page.click("#live-silence"))
    _timed(page, lambda: page.click("#live-silence"))
    return milliseconds


def _timed(page: Any, act: Any) -> float:
    page.evaluate("answered()")
    act()
    milliseconds: float = page.evaluate("answer")
    # Its ladder has followed, and the page is at rest.
    page.wait_for_selector("html[data-whole]", state="attached")
    return milliseconds
