"""Every head of a model, or of one of its sites, as a small matrix."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inspector.records import Array, Mask
from inspector.report.export.figures.canvas import text_width
from inspector.report.export.figures.drawing import Drawing, Mark, Pixels, Words
from inspector.report.export.figures.frame import (
    EDGE,
    GAP,
    HALF,
    HEIGHT,
    LINE,
    TEXT,
    Frame,
)
from inspector.report.export.figures.palette import Palette, Steps, rgb, steps_of

#: Pixels of a small matrix each way, between two of them, and of the rule around each.
_SIDE, _BETWEEN, _RULE = 96, 10, 2
#: The smallest and the largest in points: below, the numbers beside them would touch.
SMALLEST, _LARGEST = 10.5, 44.0
#: What stands below: the legend, and a sentence in up to two lines.
_FOOT = 3 * LINE + 2 * GAP


def thumb_size(frame: Frame, layers: list[int], heads: int) -> float:
    """Return how large a small matrix is in a figure; it may be too small."""
    part = _SIDE / (_SIDE + _BETWEEN)
    across = (frame.width - 2 * EDGE - _gutter(layers)) / heads
    down = (HEIGHT - frame.top - LINE - _FOOT) / len(layers)
    return min(_LARGEST, across * part, down * part)


def draw_grid(
    frame: Frame, weights: list[Array], seen: list[Mask | None], layers: list[int]
) -> Drawing:
    """Draw (H, T, S) weights of each layer, a row for a layer and a column for a head."""
    palette, heads = frame.palette, max(len(of) for of in weights)
    size = thumb_size(frame, layers, heads)
    pitch = size * (_SIDE + _BETWEEN) / _SIDE
    left, top = EDGE + _gutter(layers), frame.top + LINE
    across, down = heads * pitch - (pitch - size), len(layers) * pitch - (pitch - size)
    step, edge = _SIDE + _BETWEEN, size * _RULE / _SIDE
    picture = np.empty(
        (len(layers) * step - _BETWEEN + 2 * _RULE, heads * step - _BETWEEN + 2 * _RULE, 3),
        dtype=np.uint8,
    )
    picture[:] = rgb(palette.paper)
    for n, of in enumerate(weights):
        for h, head in enumerate(of):
            part = picture[n * step :, h * step :][: _SIDE + 2 * _RULE, : _SIDE + 2 * _RULE]
            part[:] = rgb(palette.rule)
            part[_RULE:-_RULE, _RULE:-_RULE] = _thumb(head, seen[n], palette)
    marks: list[Mark] = [
        Pixels(left - edge, top - edge, across + 2 * edge, down + 2 * edge, picture)
    ]
    for h in range(heads):
        x = left + h * pitch + size / 2
        marks.append(
            Words(x, top - GAP / 2, str(h), TEXT, palette.muted, "middle", name=f"head-{h}")
        )
    for n, number in enumerate(layers):
        y = top + n * pitch + size / 2 + HALF
        marks.append(
            Words(left - GAP, y, str(number), TEXT, palette.muted, "right", name=f"layer-{number}")
        )
    legend, bottom = frame.legend(top + down + GAP, "1")
    masked = any(one is not None and not one.all() for one in seen)
    said = "Down: layers; across: heads. In each, a row attends to the columns."
    note, bottom = frame.note(said + (" Grey: masked." if masked else ""), bottom)
    return frame.drawing([*marks, *legend, *note], bottom)


def _gutter(layers: list[int]) -> float:
    return max(text_width(str(number), TEXT) for number in layers) + GAP


def _thumb(weights: Array, seen: Mask | None, palette: Palette) -> Steps:
    """Return one head in as many pixels each way: (side, side, 3) uint8.

    In a long text a pixel shows the largest of its weights.
    """
    small = _spread(weights)
    colours = palette.of(steps_of(small, 1))
    if seen is not None:
        colours[_spread(seen.astype(np.float32)) == 0] = rgb(palette.rule)
    return colours


def _spread(values: Array) -> NDArray[np.floating]:
    """Return a matrix as (side, side), repeated where it is smaller, its largest where not."""
    for axis, size in enumerate(values.shape):
        starts = np.arange(_SIDE) * size // _SIDE
        if size > _SIDE:
            values = np.maximum.reduceat(values, starts, axis=axis)
        else:
            values = values.take(starts, axis=axis)
    return values
