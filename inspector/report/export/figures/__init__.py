"""Figures for a paper: one head, every head or the ladder, as SVG, PDF or PNG.

``figure`` decides what is drawn, ``refusals`` what is not there; ``matrix``, ``lines``, ``grid``
and ``ladder`` lay a kind out inside a ``frame``, in the colours of ``palette``, as a ``drawing``;
``canvas`` makes a file of it. Importing this imports no matplotlib.
"""

from inspector.report.export.figures.canvas import refuse_without
from inspector.report.export.figures.figure import KINDS, Figure, Kind, draw_figure, figure_format
from inspector.report.export.figures.frame import Columns
from inspector.report.export.figures.palette import Theme

__all__ = [
    "KINDS",
    "Columns",
    "Figure",
    "Kind",
    "Theme",
    "draw_figure",
    "figure_format",
    "refuse_without",
]
