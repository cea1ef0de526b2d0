"""One head as a matrix: a row for each word that attends, a column for each that is attended to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inspector.records import Array, Mask, Text
from inspector.report.export.figures.canvas import text_width
from inspector.report.export.figures.drawing import Box, Drawing, Mark, Stroke, Words
from inspector.report.export.figures.frame import (
    EDGE,
    GAP,
    HALF,
    LABEL,
    TEXT,
    Frame,
    decimals,
    fitted,
    token_names,
)
from inspector.report.export.figures.palette import steps_of

#: The smallest cell beside which a label has room, and the largest.
SMALLEST, _LARGEST = 8.6, 24.0
#: Between two cells.
_SEAM = 0.5


def cell_size(width: float, rows: Text, cols: Text) -> float:
    """Return how large a cell is in a figure of so many points; it may be too small."""
    gutter = _room(_labels(rows))
    return min(_LARGEST, (width - 2 * EDGE - gutter) / len(cols))


def draw_matrix(frame: Frame, weights: Array, seen: Mask | None, rows: Text, cols: Text) -> Drawing:
    """Draw a head's weights, (T, S), as the page does; ``seen`` is False where a key is masked."""
    palette, cell = frame.palette, cell_size(frame.width, rows, cols)
    names, heads = _labels(rows), _labels(cols)
    left, top = EDGE + _room(names), frame.top + _room(heads)
    high = float(weights.max(initial=0))
    across, down = cell * len(cols), cell * len(rows)
    marks: list[Mark] = [
        Box(
            left + j * cell,
            top + i * cell,
            cell - _SEAM,
            cell - _SEAM,
            palette.rule if seen is not None and not seen[i, j] else palette.hex(int(step)),
            name=f"cell-{i}-{j}",
        )
        for (i, j), step in np.ndenumerate(steps_of(weights, high))
    ]
    marks.append(Box(left - _SEAM, top - _SEAM, across + _SEAM, down + _SEAM, None, palette.rule))
    for at in _splits(rows):
        y = top + at * cell - _SEAM / 2
        marks.append(Stroke((left, y), (left + across, y), palette.second, 1))
    for at in _splits(cols):
        x = left + at * cell - _SEAM / 2
        marks.append(Stroke((x, top), (x, top + down), palette.second, 1))
    for i, name in enumerate(names):
        y = top + (i + 0.5) * cell + HALF
        marks.append(Words(left - GAP, y, name, TEXT, palette.ink, "right", name=f"row-{i}"))
    for j, name in enumerate(heads):
        x = left + (j + 0.5) * cell + HALF
        marks.append(Words(x, top - GAP, name, TEXT, palette.ink, turned=True, name=f"column-{j}"))
    legend, bottom = frame.legend(top + down + GAP, decimals(high))
    masked = "" if seen is None or seen.all() else " Grey: masked."
    note, bottom = frame.note(
        f"Attention weights; each row attends to the columns.{masked}", bottom
    )
    return frame.drawing([*marks, *legend, *note], bottom)


def _labels(text: Text) -> list[str]:
    return [fitted(name, LABEL) for name in token_names(text)]


def _room(labels: list[str]) -> float:
    return max(text_width(label, TEXT) for label in labels) + GAP


def _splits(text: Text) -> NDArray[np.intp]:
    """Return where the second text of a pair begins."""
    return np.flatnonzero(np.diff(text.segments)) + 1
