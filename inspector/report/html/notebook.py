"""The report inside a notebook: a frame of its own that runs its scripts and reaches nothing."""

from __future__ import annotations

from html import escape

from inspector.records import Inspected
from inspector.report.html.page import render_report

#: Pixels: about a screenful of a notebook.
_HEIGHT = 900


def render_frame(inspected: Inspected) -> str:
    """Return the report as a sandboxed iframe, in HTML.

    ``allow-scripts`` without ``allow-same-origin``: the page draws itself but sees neither the
    notebook around it nor its storage.
    """
    return framed(render_report(inspected), "Attention report")


def framed(page: str, title: str) -> str:
    """Return a page in such a frame; ``title`` is what a screen reader calls it."""
    return (
        f'<iframe sandbox="allow-scripts" srcdoc="{escape(page, quote=True)}" width="100%" '
        f'height="{_HEIGHT}" style="border:0" title="{title}"></iframe>'
    )
