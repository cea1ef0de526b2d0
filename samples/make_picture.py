"""Make ``samples/session.webp``, the moving picture of the README, from a real report.

    pip install -e ".[picture]"
    python samples/make_picture.py

The bundled model is inspected, its report is opened in a real Chromium, and a real mouse moves
over it. Nothing on the frames is drawn here but the arrow of the mouse, which a screenshot leaves
out. Run it again whenever the page has changed.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import Page, sync_playwright

import inspector

SENTENCE = "The cat sat on the mat because it was tired"
#: The head in which “it” looks at “cat”.
LAYER, HEAD, HEADS = 3, 1, 12
OUT = Path(__file__).parent / "session.webp"
SIZE = {"width": 1120, "height": 660}
#: Milliseconds that a frame stands: while something moves, and while it is to be read.
MOVING, READING = 70, 1900
#: Steps of a movement of the mouse or of the page.
STEPS = 5
#: The arrow of a mouse, in pixels from its tip.
ARROW = [(0, 0), (0, 19), (5, 15), (8, 22), (11, 21), (8, 14), (14, 14)]


@dataclass
class Film:
    """The page in front of the camera, and what was filmed so far."""

    page: Page
    frames: list[Image.Image] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    mouse: tuple[float, float] = (SIZE["width"] / 2, SIZE["height"] - 80)

    def shoot(self, milliseconds: int) -> None:
        """Take a picture that stands for a while; what is the same as before only stands longer."""
        # Twice: what a frame draws, the next one shows.
        self.page.evaluate(
            "new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"
        )
        frame = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        x, y = self.mouse
        arrow = [(x + dx, y + dy) for dx, dy in ARROW]
        ImageDraw.Draw(frame).polygon(arrow, fill="black", outline="white", width=1)
        if self.frames and frame.tobytes() == self.frames[-1].tobytes():
            self.times[-1] += milliseconds
            return
        self.frames.append(frame)
        self.times.append(milliseconds)

    def point(self, selector: str, index: int = 0, *, look: int = READING) -> None:
        """Move the mouse to the middle of an element and let the reader look."""
        box = self.page.locator(selector).nth(index).bounding_box()
        if box is None:
            raise SystemExit(f"The page has no {selector} that can be seen.")
        target = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        x, y = self.mouse
        for step in range(1, STEPS + 1):
            share = step / STEPS
            self.mouse = (x + (target[0] - x) * share, y + (target[1] - y) * share)
            self.page.mouse.move(*self.mouse)
            self.shoot(MOVING)
        self.shoot(look)

    def click(self, selector: str, index: int = 0) -> None:
        """Point at an element, press it, and let the reader look."""
        self.point(selector, index, look=4 * MOVING)
        self.page.mouse.down()
        self.page.mouse.up()
        self.shoot(READING)

    def walk(self, selector: str, row: int, column: int) -> None:
        """Walk to a cell of a matrix with the arrow keys and let the reader look."""
        self.page.locator(selector).first.focus()
        self.page.keyboard.press("Control+Home")
        for key, times in (("ArrowDown", row), ("ArrowRight", column)):
            for _ in range(times):
                self.page.keyboard.press(key)
        self.shoot(READING)

    def scroll_to(self, selector: str, above: int = 70) -> None:
        """Move the page until an element stands near the top."""
        there = self.page.evaluate(
            "(s) => scrollY + document.querySelector(s).getBoundingClientRect().top", selector
        )
        here = self.page.evaluate("scrollY")
        for step in range(1, STEPS + 1):
            share = step / STEPS
            top = here + (there - above - here) * share * share * (3 - 2 * share)
            self.page.evaluate("(top) => scrollTo({top, behavior: 'instant'})", top)
            self.shoot(MOVING)
        self.shoot(READING)


def act(film: Film, words: list[str]) -> None:
    """Go through a report as a reader would."""
    film.shoot(READING)
    film.point("#sentence .token", words.index("cat"))
    film.click("#sentence .token", words.index("it"))
    film.click("#sentence .token", words.index("cat"))
    film.scroll_to("#pair", above=420)
    film.scroll_to("#grid", above=110)
    film.click("#grid .thumb", LAYER * HEADS + HEAD)
    film.scroll_to("#panels")
    film.walk("#panels .matrix-field", words.index("it"), words.index("cat"))
    film.scroll_to("#why")
    film.scroll_to("#why-steps")
    film.scroll_to("#ladder-says")
    for _ in range(3):
        film.click("#rung-on")


def main() -> None:
    """Inspect, film, and write the picture whole or not at all."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    options: dict[str, Any] = {"executable_path": chromium} if chromium else {}
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options["args"] = ["--no-sandbox"]
    found = inspector.inspect(SENTENCE)
    words = [token.text for token in found.tokens]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        report = Path(folder) / "attention.html"
        found.to_html(report, command=f'inspect "{SENTENCE}"')
        browser = playwright.chromium.launch(**options)
        page = browser.new_page(viewport=SIZE, color_scheme="light", reduced_motion="reduce")
        page.goto(report.as_uri())
        page.locator("html[data-complete]").wait_for(state="attached")
        film = Film(page)
        act(film, words)
        browser.close()
    new = OUT.with_suffix(".part")
    first, *others = film.frames
    first.save(
        new,
        format="WEBP",
        save_all=True,
        append_images=others,
        duration=film.times,
        loop=0,
        quality=60,
        method=4,
    )
    new.replace(OUT)
    sys.stdout.write(
        f"{OUT}: {len(film.frames)} frames, {sum(film.times) / 1000:.0f} s, "
        f"{OUT.stat().st_size / 1e6:.2f} MB\n"
    )


if __name__ == "__main__":
    main()
