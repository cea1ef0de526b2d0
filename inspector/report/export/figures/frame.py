"""What all kinds of figure share: their sizes, their head, their notes and their legend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from inspector.plain import visible
from inspector.record import record
from inspector.records import Inspected, Text, Verdict
from inspector.report.export.figures.canvas import INCH, text_width
from inspector.report.export.figures.drawing import Box, Drawing, Mark, Pixels, Words
from inspector.report.export.figures.palette import Palette

Columns = Literal[1, 2]

#: How wide a figure is, in points: one column of a paper, or both.
WIDTH: dict[Columns, float] = {1: 3.3 * INCH, 2: 7 * INCH}
#: How high it may be: a page, with its caption.
HEIGHT = 9 * INCH
#: Size of the title, and of everything else.
TITLE, TEXT = 9.0, 8.0
#: From one line to the next, and from a line's middle to its baseline.
LINE, HALF = 11.0, 2.9
#: Room around everything, and between words and what they stand beside.
EDGE, GAP = 4.0, 4.0
#: Room for a word beside what is drawn of it.
LABEL = 72.0
#: Tokens on a side, beyond which labels of this size would hide each other.
MOST_TOKENS = 48

_VERDICTS: dict[Verdict, str] = {
    "verified": "verified",
    "rounding": "verified up to rounding",
    "consistent": "consistent",
    "mismatch": "mismatch",
    "not_recomputed": "not recomputed",
    "unproved": "not yet proved",
}
_BAR = 70.0
#: Characters of the text in the file's own title.
_SHOWN = 60


@record(frozen=True, slots=True)
class Frame:
    """A figure that is being put together, from its head down."""

    inspected: Inspected
    palette: Palette
    title: str
    width: float

    @property
    def top(self) -> float:
        """Where the head ends."""
        return EDGE + TITLE + LINE * len(self._about) + 2 * GAP

    def head(self) -> list[Mark]:
        """Return the title, and below it the model and the verdict on it."""
        title = fitted(self.title, self.width - 2 * EDGE, TITLE, bold=True)
        return [
            Words(EDGE, EDGE + TITLE, title, TITLE, self.palette.ink, bold=True, name="title"),
            *(
                Words(
                    EDGE,
                    EDGE + TITLE + LINE * (at + 1) + 1,
                    line,
                    TEXT,
                    self.palette.muted,
                    name=f"model-{at}",
                )
                for at, line in enumerate(self._about)
            ),
        ]

    def note(self, sentence: str, top: float) -> tuple[list[Mark], float]:
        """Return a sentence in as many lines as it needs, and where it ends."""
        lines = _wrapped(sentence, self.width - 2 * EDGE)
        marks: list[Mark] = [
            Words(EDGE, top + LINE * (at + 1) - HALF, line, TEXT, self.palette.muted)
            for at, line in enumerate(lines)
        ]
        return marks, top + LINE * len(lines)

    def legend(self, top: float, high: str) -> tuple[list[Mark], float]:
        """Return the ramp from nought to ``high``, and where it ends."""
        baseline, first = top + LINE - HALF, EDGE + text_width("0", TEXT) + GAP
        ramp = self.palette.ramp[np.newaxis]
        bar = Pixels(first, top + 2, _BAR, LINE - 4, ramp)
        muted = self.palette.muted
        return [
            Words(EDGE, baseline, "0", TEXT, muted),
            bar,
            Box(bar.x, bar.y, bar.width, bar.height, None, edge=self.palette.rule),
            Words(first + _BAR + GAP, baseline, high, TEXT, muted, name="high"),
        ], top + LINE

    def drawing(self, marks: Sequence[Mark], bottom: float) -> Drawing:
        """Return everything, with the head above it."""
        text = visible(self.inspected.trace.text.text)
        shown = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
        return Drawing(
            width=self.width,
            height=bottom + EDGE,
            paper=self.palette.paper,
            marks=(*self.head(), *marks),
            title=f"{self.title} · {_said(self.inspected)} · {shown}",
        )

    @property
    def _about(self) -> list[str]:
        return _wrapped(_said(self.inspected), self.width - 2 * EDGE)


def token_names(text: Text) -> list[str]:
    """Return what each token is called, as on the page: the piece of text that it stands for."""
    return [
        _seen(piece if special else shown)
        for piece, shown, special in zip(text.pieces, text.shown, text.special, strict=True)
    ]


def fitted(text: str, room: float, size: float = TEXT, *, bold: bool = False) -> str:
    """Return a text as it fits into a room, with an ellipsis where it is too long."""
    if text_width(text, size, bold=bold) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        half = (low + high + 1) // 2
        if text_width(f"{text[:half]}…", size, bold=bold) <= room:
            low = half
        else:
            high = half - 1
    return f"{text[:low]}…"


def decimals(value: float) -> str:
    """Return a number from 0 to 1 with the page's three places."""
    return f"{value:.3f}"


def _said(inspected: Inspected) -> str:
    """Return which model it is and what the proof found."""
    changed = () if inspected.change is None else ("changed",)
    verdict = _VERDICTS[inspected.verification.verdict]
    return " · ".join((visible(inspected.model.title), *changed, verdict))


def _wrapped(sentence: str, room: float) -> list[str]:
    lines: list[str] = []
    for word in (fitted(word, room) for word in sentence.split()):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, TEXT) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _seen(piece: str) -> str:
    """Return a piece with a sign for what would not be seen."""
    shown = visible(piece.replace("\n", "↵")).rstrip()
    return shown or "␣" * max(1, len(piece))
