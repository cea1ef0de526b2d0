"""The ladder as bars: how far each rung is from the model's attention, over all heads."""

from __future__ import annotations

from inspector.records import RungResult
from inspector.report.export.figures.canvas import text_width
from inspector.report.export.figures.drawing import Box, Drawing, Mark, Stroke, Words
from inspector.report.export.figures.frame import EDGE, GAP, HALF, TEXT, Frame, decimals

#: From one bar to the next, and how thick one is.
_PITCH, _THICK = 13.0, 8.0
#: What stands for the divergence of raw scores.
_NONE = "none: raw scores"
#: What the rungs are called on the page; a test holds both together.
TITLES = {
    "strangers": "Strangers",
    "classroom": "Classroom",
    "share": "Shares",
    "softmax": "Softmax",
    "scaled": "Scaled",
    "learned": "Learned q and k",
    "heads": "Heads",
    "position": "Positions",
    "mask": "Mask",
    "model": "The model",
    "uniform": "Uniform attention",
    "layer_mean": "The layer’s average head",
}


def draw_ladder(frame: Frame, ladder: tuple[RungResult, ...], *, sampled: bool) -> Drawing:
    """Draw each rung's mean divergence in bits, and below a rule the references."""
    palette = frame.palette
    rungs = sorted(
        (rung for rung in ladder if rung.all_tokens is not None), key=lambda rung: rung.reference
    )
    bits = [rung.all_tokens.means()["jsd_bits"] for rung in rungs if rung.all_tokens is not None]
    longest = max((value for value in bits if value is not None), default=0) or 1
    left = EDGE + max(text_width(_title(rung), TEXT) for rung in rungs) + GAP
    room = frame.width - EDGE - GAP - text_width(decimals(longest), TEXT) - left
    marks: list[Mark] = []
    top, parted = frame.top, False
    for rung, value in zip(rungs, bits, strict=True):
        if rung.reference and not parted:
            parted = True
            marks.append(
                Stroke((EDGE, top + GAP), (frame.width - EDGE, top + GAP), palette.rule, 0.5)
            )
            top += 2 * GAP
        baseline, wide = top + _PITCH / 2 + HALF, room * (value or 0) / longest
        marks.append(
            Words(
                left - GAP,
                baseline,
                _title(rung),
                TEXT,
                palette.muted if rung.reference else palette.ink,
                "right",
                name=f"rung-{rung.name}",
            )
        )
        if value is not None:
            fill = palette.muted if rung.reference else palette.amount
            y = top + (_PITCH - _THICK) / 2
            marks.append(Box(left, y, wide, _THICK, fill, name=f"bar-{rung.name}"))
        said = _NONE if value is None else decimals(value)
        marks.append(
            Words(left + wide + GAP, baseline, said, TEXT, palette.muted, name=f"bits-{rung.name}")
        )
        top += _PITCH
    said = "Divergence from the model’s attention in bits, the mean over all heads"
    said += ", on a sample of the queries" if sampled else ""
    note, bottom = frame.note(f"{said}: lower is closer.", top + GAP)
    return frame.drawing([*marks, *note], bottom)


def _title(rung: RungResult) -> str:
    return TITLES.get(rung.name, rung.name)
