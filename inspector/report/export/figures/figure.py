"""A figure of an inspection for a paper: asked for, refused in a sentence, drawn, shown, saved."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

from inspector.errors import InputError
from inspector.files import FIGURES, write_whole
from inspector.plain import layer_name
from inspector.records import Inspected, Mask, SiteName
from inspector.report.export.figures.canvas import (
    Format,
    refuse_without,
    render,
    unknown_letters,
)
from inspector.report.export.figures.drawing import Drawing
from inspector.report.export.figures.frame import MOST_TOKENS, WIDTH, Columns, Frame
from inspector.report.export.figures.grid import SMALLEST as SMALLEST_THUMB
from inspector.report.export.figures.grid import draw_grid, thumb_size
from inspector.report.export.figures.ladder import draw_ladder
from inspector.report.export.figures.lines import draw_lines
from inspector.report.export.figures.matrix import SMALLEST as SMALLEST_CELL
from inspector.report.export.figures.matrix import cell_size, draw_matrix
from inspector.report.export.figures.palette import Theme, palette
from inspector.report.export.figures.refusals import (
    index_of,
    refuse_chosen,
    refuse_site,
    refuse_unknown,
)

Kind = Literal["matrix", "lines", "grid", "ladder"]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: A grid of small matrices goes over both columns rather than have them smaller.
_PLEASANT_THUMB = 14.0
#: How many of the characters without a glyph are named.
_NAMED = 8


@dataclass(frozen=True)
class Figure:
    """A figure that shows itself in a notebook and saves itself as SVG, PDF or PNG."""

    kind: Kind
    drawing: Drawing = field(repr=False)
    #: What a PDF and a PNG do not show, in sentences; an SVG has all of it as text.
    notices: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Say in one line what it is."""
        width, height = self.drawing.width / 72, self.drawing.height / 72
        return f"<Figure {self.kind} {self.drawing.title!r}, {width:.1f} × {height:.1f} in>"

    @cached_property
    def svg(self) -> str:
        """The text of the SVG file."""
        return self.to_bytes("svg").decode()

    def to_bytes(self, kind: Format) -> bytes:
        """Return the bytes of an ``svg``, a ``pdf`` or a ``png`` of 300 dots to the inch."""
        return render(self.drawing, kind)

    def save(self, path: str | Path) -> None:
        """Write the file that the path's ending names, whole or not at all.

        Warns of characters that a PDF or a PNG cannot show.

        Raises
        ------
        InputError
            When the ending is none of .svg, .pdf and .png, or the place is another file's.
        MachineError
            When the machine refuses.
        """
        kind = figure_format(path)
        for notice in self.notices if kind != "svg" else ():
            warnings.warn(notice, stacklevel=2)
        write_whole(Path(path), self.to_bytes(kind), FIGURES[kind])

    def _repr_svg_(self) -> str:
        """Return the figure for a notebook."""
        return self.svg


def figure_format(path: str | Path) -> Format:
    """Return what kind of file a path's ending names.

    Raises
    ------
    InputError
        When it is none that can be written.
    """
    ending = Path(path).suffix
    for kind in get_args(Format):
        if ending.lower() == f".{kind}":
            found: Format = kind
            return found
    said = f"ends in {ending}" if ending else "has no ending"
    raise InputError(
        f"The figure's name, {path}, {said}, and figures are .svg, .pdf or .png.",
        "Name it such as head.svg.",
    )


def draw_figure(
    inspected: Inspected,
    kind: Kind = "matrix",
    *,
    layer: int | None = None,
    head: int | None = None,
    site: SiteName | None = None,
    theme: Theme = "light",
    columns: Columns | None = None,
) -> Figure:
    """Draw a figure of an inspection.

    Parameters
    ----------
    kind:
        One head as a ``matrix`` or as ``lines``; every head as a ``grid``; the ``ladder``.
    layer, head, site:
        Which head, counted from 0; of a grid the site. Without a site ``self`` is meant.
    theme:
        ``light``, on white, or ``dark``.
    columns:
        1 for a column of a paper, 3.3 inches wide, 2 for both, 7 inches; None for one where it
        is enough.

    Raises
    ------
    InputError
        When matplotlib is not installed, when there is no such head, kind, theme or width, or when
        the figure would have no room for its words.
    """
    refuse_without()
    refuse_unknown(kind, KINDS, "kind of figure")
    refuse_unknown(theme, get_args(Theme), "theme")
    if columns is not None:
        refuse_unknown(columns, get_args(Columns), "number of columns")
    if kind == "ladder":
        drawing = _ladder(inspected, layer, head, site, theme, columns)
    elif kind == "grid":
        drawing = _grid(inspected, layer, head, site or "self", theme, columns)
    else:
        index = index_of(inspected, kind, layer, head, site or "self")
        drawing = _head(inspected, kind, index, head or 0, theme, columns)
    return Figure(kind, drawing, _notices(drawing))


def _head(
    inspected: Inspected, kind: Kind, index: int, head: int, theme: Theme, columns: Columns | None
) -> Drawing:
    at = inspected.trace.layers[index]
    rows, cols = inspected.trace.texts(at.site)
    longest = max(len(rows), len(cols))
    if longest > MOST_TOKENS:
        raise InputError(
            f"With {longest} tokens the figure's words would be too small to read; "
            f"up to {MOST_TOKENS} have room.",
            "Give a shorter text, draw --kind grid, which has no words, or take the report.",
        )
    weights = at.attention[head]

    def framed(width: Columns) -> Frame:
        named = layer_name(at.site, at.layer)
        title = f"{named[0].upper()}{named[1:]}, head {head}"
        return Frame(inspected, palette(theme), title, WIDTH[width])

    if kind == "lines":
        return draw_lines(framed(columns or 1), weights, rows, cols)
    enough = next(width for width in WIDTH if cell_size(WIDTH[width], rows, cols) >= SMALLEST_CELL)
    if columns is not None and columns < enough:
        raise InputError(
            f"{len(cols)} tokens have no room in one column.", "Take two: --columns 2."
        )
    return draw_matrix(framed(columns or enough), weights, _seen(inspected, index), rows, cols)


def _grid(
    inspected: Inspected,
    layer: int | None,
    head: int | None,
    site: SiteName,
    theme: Theme,
    columns: Columns | None,
) -> Drawing:
    refuse_chosen(layer, head, "A grid")
    refuse_site(inspected, site)
    indices = inspected.trace.indices(site)
    layers = [inspected.trace.layers[index] for index in indices]
    numbers, heads = [at.layer for at in layers], max(len(at.attention) for at in layers)
    title = "Every head" if site == "self" else f"Every head, {site}"
    frames = {
        width: Frame(inspected, palette(theme), title, points) for width, points in WIDTH.items()
    }
    sizes = {width: thumb_size(frame, numbers, heads) for width, frame in frames.items()}
    chosen = columns or (1 if sizes[1] >= _PLEASANT_THUMB else 2)
    if sizes[chosen] < SMALLEST_THUMB:
        wider = sizes[2] >= SMALLEST_THUMB
        raise InputError(
            f"{len(numbers)} layers of {heads} heads have no room "
            f"{'in one column' if wider else 'on a page'}.",
            "Take two: --columns 2." if wider else "Draw one head, or take the report.",
        )
    return draw_grid(
        frames[chosen],
        [at.attention for at in layers],
        [_seen(inspected, index) for index in indices],
        numbers,
    )


def _ladder(
    inspected: Inspected,
    layer: int | None,
    head: int | None,
    site: SiteName | None,
    theme: Theme,
    columns: Columns | None,
) -> Drawing:
    refuse_chosen(layer, head, "A ladder", site)
    if not any(rung.all_tokens is not None for rung in inspected.ladder):
        reason = inspected.verification.reason
        raise InputError(
            f"The ladder is not measured here{f': {reason}' if reason else ''}.",
            "Draw a head: --kind matrix --layer 0 --head 0.",
        )
    frame = Frame(inspected, palette(theme), "From the classroom to the model", WIDTH[columns or 1])
    return draw_ladder(frame, inspected.ladder, sampled=inspected.ladder_rows is not None)


def _seen(inspected: Inspected, index: int) -> Mask | None:
    """Return which keys a layer's queries can attend to; None where nobody knows."""
    rebuilt = inspected.rebuild.layers
    return rebuilt[index].visible if rebuilt else None


def _notices(drawing: Drawing) -> tuple[str, ...]:
    """Say which characters a PDF and a PNG cannot show."""
    letters = unknown_letters(drawing.words)
    if not letters:
        return ()
    named = ", ".join(letters[:_NAMED]) + (" and more" if len(letters) > _NAMED else "")
    return (
        f"No TrueType font of this machine has {named}: PDF and PNG show boxes there, and an SVG "
        "keeps the text.",
    )
