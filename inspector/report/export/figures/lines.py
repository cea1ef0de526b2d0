"""One head as lines from each word to the words that it attends to, stronger for more."""

from __future__ import annotations

import numpy as np

from inspector.records import Array, Text
from inspector.report.export.figures.canvas import text_width
from inspector.report.export.figures.drawing import Drawing, Mark, Stroke, Words
from inspector.report.export.figures.frame import (
    EDGE,
    GAP,
    HALF,
    LABEL,
    LINE,
    TEXT,
    Frame,
    decimals,
    fitted,
    token_names,
)
from inspector.report.export.figures.palette import steps_of

#: Weights below it are not drawn: in a small figure they would be a grey haze.
_LEAST = 0.1
#: Step of the ramp that lines are drawn in, as on the page.
_INK = 204
_THICK = 1.2
#: What stands above the two sides.
_HEADS = ("from", "to")


def draw_lines(frame: Frame, weights: Array, rows: Text, cols: Text) -> Drawing:
    """Draw a head's weights, (T, S), as lines from the rows on the left to the columns."""
    palette = frame.palette
    sides = [[fitted(name, LABEL) for name in token_names(text)] for text in (rows, cols)]
    rooms = [
        max(text_width(name, TEXT) for name in (*names, head))
        for names, head in zip(sides, _HEADS, strict=True)
    ]
    left, right = EDGE + rooms[0] + GAP, frame.width - EDGE - rooms[1] - GAP
    most = max(map(len, sides))
    # The shorter side stands in the middle of the longer.
    heights = [
        [frame.top + ((most - len(names)) / 2 + at + 1.5) * LINE for at in range(len(names))]
        for names in sides
    ]
    high = float(weights.max(initial=0))
    opacities = steps_of(weights, high) / 255
    ink = palette.hex(_INK)
    # The weakest first, so that no strong line is under them.
    drawn = sorted(zip(*np.nonzero(weights >= _LEAST), strict=True), key=lambda at: weights[at])
    marks: list[Mark] = [
        Words(left - GAP, frame.top + LINE / 2 + HALF, _HEADS[0], TEXT, palette.muted, "right"),
        Words(right + GAP, frame.top + LINE / 2 + HALF, _HEADS[1], TEXT, palette.muted),
    ]
    for i, j in drawn:
        marks.append(
            Stroke(
                (left, heights[0][i]),
                (right, heights[1][j]),
                ink,
                _THICK,
                float(opacities[i, j]),
                curved=True,
                name=f"line-{i}-{j}",
            )
        )
    for at, name in enumerate(sides[0]):
        y = heights[0][at] + HALF
        marks.append(Words(left - GAP, y, name, TEXT, palette.ink, "right", name=f"row-{at}"))
    for at, name in enumerate(sides[1]):
        y = heights[1][at] + HALF
        marks.append(Words(right + GAP, y, name, TEXT, palette.ink, name=f"column-{at}"))
    said = (
        f"Weights from {_LEAST} on. A full line is {decimals(high)}, a line half as strong is half "
        "as clear."
        if drawn
        else f"No weight reaches {_LEAST}."
    )
    note, bottom = frame.note(said, frame.top + (most + 1) * LINE + GAP)
    return frame.drawing([*marks, *note], bottom)
