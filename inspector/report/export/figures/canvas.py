"""A drawing as SVG, PDF or PNG: the only module that knows matplotlib.

matplotlib draws with what its own style says, never with the user's; the same drawing gives the
same bytes, without a date. Text stays text: in an SVG as such, in a PDF by TrueType fonts. Nothing
in a text is taken for a formula.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from inspector.errors import InputError
from inspector.files import FIGURE_MAKER
from inspector.report.export.figures.drawing import Box, Drawing, Mark, Pixels, Stroke, Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Format = Literal["svg", "pdf", "png"]

#: Points to an inch, and a PNG's dots: what journals ask of pictures.
INCH = 72
_DPI = 300
#: matplotlib brings it along, so that a figure looks the same on every machine.
_FONT = "DejaVu Sans"
#: How the file of a TrueType font begins: PDF can hold no other kind as text.
_TRUETYPE = (b"\x00\x01\x00\x00", b"true")
#: A font of boxes that say which script a character is of.
_NO_FONT = "Last Resort"
_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "attention-inspector",
    "pdf.fonttype": 42,
    "image.composite_image": False,
    "path.simplify": False,
    # Where an SVG is shown without that font, in another one without serifs.
    "font.sans-serif": [_FONT],
}


def refuse_without() -> None:
    """Refuse to draw where matplotlib is not installed.

    Raises
    ------
    InputError
        When it is not.
    """
    if find_spec("matplotlib") is None:
        raise InputError(
            "matplotlib, which draws figures, is not installed.",
            'Install it: pip install "attention-inspector[figures]"',
        )


@cache
def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a line of text is, in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(
        family=[_FONT, *_others(text)], size=size, weight="bold" if bold else "normal"
    )
    with _unwarned():
        width, _height, _descent = text_to_path.get_text_width_height_descent(
            text, font, ismath=False
        )
    return float(width)


def unknown_letters(text: str) -> str:
    """Return the characters of a text that no font here can draw, each once."""
    found, _fonts = _fallbacks("".join(sorted(set(text))))
    return found


def render(drawing: Drawing, kind: Format) -> bytes:
    """Return a drawing as the bytes of a file."""
    from matplotlib.figure import Figure

    with _style([_FONT, *_others(drawing.words), "sans-serif"]):
        figure = Figure(
            figsize=(drawing.width / INCH, drawing.height / INCH), facecolor=drawing.paper
        )
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        for order, mark in enumerate(drawing.marks):
            _draw(axes, mark, order)
        # Points from the upper left corner, whatever a picture has made of it.
        axes.set(xlim=(0, drawing.width), ylim=(drawing.height, 0), aspect="auto")
        out = BytesIO()
        figure.savefig(
            out, format=kind, dpi=_DPI, facecolor=drawing.paper, metadata=_metadata(drawing, kind)
        )
    return out.getvalue()


def _draw(axes: Axes, mark: Mark, order: int) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import PathPatch, Rectangle
    from matplotlib.path import Path as Outline

    name = getattr(mark, "name", "") or None
    match mark:
        case Box():
            axes.add_artist(
                Rectangle(
                    (mark.x, mark.y),
                    mark.width,
                    mark.height,
                    facecolor=mark.fill or "none",
                    edgecolor=mark.edge or "none",
                    linewidth=0.5 if mark.edge else 0,
                    zorder=order,
                    clip_on=False,
                    gid=name,
                )
            )
        case Words():
            axes.text(
                mark.x,
                mark.y,
                mark.text,
                fontsize=mark.size,
                color=mark.colour,
                ha="center" if mark.align == "middle" else mark.align,
                va="baseline",
                rotation=90 if mark.turned else 0,
                rotation_mode="anchor",
                fontweight="bold" if mark.bold else "normal",
                parse_math=False,
                zorder=order,
                clip_on=False,
                gid=name,
            )
        case Stroke() if mark.curved:
            (x, y), (to_x, to_y) = mark.start, mark.end
            middle = (x + to_x) / 2
            curve = Outline(
                [(x, y), (middle, y), (middle, to_y), (to_x, to_y)],
                [Outline.MOVETO, Outline.CURVE4, Outline.CURVE4, Outline.CURVE4],
            )
            axes.add_artist(
                PathPatch(
                    curve,
                    facecolor="none",
                    edgecolor=mark.colour,
                    linewidth=mark.width,
                    alpha=mark.opacity,
                    zorder=order,
                    clip_on=False,
                    gid=name,
                )
            )
        case Stroke():
            (x, y), (to_x, to_y) = mark.start, mark.end
            axes.add_artist(
                Line2D(
                    [x, to_x],
                    [y, to_y],
                    color=mark.colour,
                    linewidth=mark.width,
                    alpha=mark.opacity,
                    zorder=order,
                    clip_on=False,
                    gid=name,
                )
            )
        case Pixels():
            axes.imshow(
                mark.colours,
                extent=(mark.x, mark.x + mark.width, mark.y + mark.height, mark.y),
                interpolation="none",
                zorder=order,
                clip_on=False,
            )


def _metadata(drawing: Drawing, kind: Format) -> dict[str, str | None]:
    """Say what it is and who made it, and never when: the same figure is the same file."""
    if kind == "png":
        return {"Software": FIGURE_MAKER, "Title": drawing.title}
    if kind == "svg":
        return {"Title": drawing.title, "Creator": FIGURE_MAKER, "Date": None}
    return {"Title": drawing.title, "Creator": FIGURE_MAKER, "CreationDate": None}


@contextmanager
def _style(families: list[str]) -> Iterator[None]:
    """Draw as matplotlib does by itself, whatever the user's own settings are."""
    from matplotlib import style

    with _unwarned(), style.context({**_STYLE, "font.family": families}, after_reset=True):
        yield


@contextmanager
def _unwarned() -> Iterator[None]:
    """Keep matplotlib from saying what has no glyph: ``unknown_letters`` does."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def _others(text: str) -> tuple[str, ...]:
    """Return the families that are needed beside the first."""
    _missing, fonts = _fallbacks("".join(sorted(set(text))))
    return fonts


@cache
def _fallbacks(letters: str) -> tuple[str, tuple[str, ...]]:
    """Return the letters that no font has, and the fonts that have those that the first lacks.

    Only TrueType fonts are looked at, in the order of their names.
    """
    from matplotlib import font_manager

    left = _without(letters, font_manager.findfont(_FONT))
    fonts: list[str] = []
    if left:
        plain = {
            entry.name: entry.fname
            for entry in font_manager.fontManager.ttflist
            if entry.style == "normal" and entry.weight in (400, "normal", "regular")
        }
        for family, file in sorted(plain.items()):
            rest = left if _NO_FONT in family or not _truetype(file) else _without(left, file)
            if rest != left:
                fonts.append(family)
                left = rest
            if not left:
                break
    return left, tuple(fonts)


def _without(letters: str, file: str) -> str:
    """Return the letters that a font has no glyph for."""
    from matplotlib import font_manager

    there = font_manager.get_font(file).get_charmap()
    return "".join(letter for letter in letters if ord(letter) not in there)


def _truetype(file: str) -> bool:
    try:
        with Path(file).open("rb") as font:
            return font.read(4) in _TRUETYPE
    except OSError:
        # The list of fonts is older than what became of the file.
        return False
