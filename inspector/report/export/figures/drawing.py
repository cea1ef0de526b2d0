"""A figure as data: what is drawn where, in points from the upper left corner.

What a kind of figure looks like is worked out in these; only ``canvas`` knows how they become a
file.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from inspector.record import record

Align = Literal["left", "middle", "right"]


@record(frozen=True, slots=True)
class Box:
    """A filled rectangle, or with an ``edge`` the outline of one."""

    x: float
    y: float
    width: float
    height: float
    fill: str | None
    edge: str | None = None
    #: What the SVG calls it; empty for nothing.
    name: str = ""


@record(frozen=True, slots=True)
class Words:
    """A line of text; ``x`` and ``y`` are where its baseline begins, is halved, or ends."""

    x: float
    y: float
    text: str
    size: float
    colour: str
    align: Align = "left"
    #: Upwards instead of to the right.
    turned: bool = False
    bold: bool = False
    #: What the SVG calls it; empty for nothing.
    name: str = ""


@record(frozen=True, slots=True)
class Stroke:
    """A line from one point to another: straight, or leaving and arriving level."""

    start: tuple[float, float]
    end: tuple[float, float]
    colour: str
    width: float
    opacity: float = 1.0
    curved: bool = False
    #: What the SVG calls it; empty for nothing.
    name: str = ""


@record(frozen=True, slots=True)
class Pixels:
    """A picture of cells, none of which is an element of its own."""

    x: float
    y: float
    width: float
    height: float
    #: (rows, columns, 3) uint8
    colours: NDArray[np.uint8]


Mark = Box | Words | Stroke | Pixels


@record(frozen=True, slots=True)
class Drawing:
    """Everything that is drawn, the first of it undermost."""

    width: float
    height: float
    paper: str
    marks: tuple[Mark, ...]
    #: What it shows, for the file's own title.
    title: str

    @property
    def words(self) -> str:
        """All the text in it."""
        return "".join(mark.text for mark in self.marks if isinstance(mark, Words))
