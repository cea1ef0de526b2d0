"""One self-contained HTML file: payload, style, script and template put together.

The file is opened from disk, by anybody, with somebody else's sentence in it. So it carries all
it needs, its Content-Security-Policy forbids every request and every script or style that was not
written here (each is named by its hash), and text reaches the page only through jinja2's
autoescape or as JSON that the script writes into text nodes.
"""

from __future__ import annotations

import zlib
from functools import cache
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from inspector.parallel import parallel_map
from inspector.records import Inspected
from inspector.report.html.bundle import assets
from inspector.report.html.outline import outline
from inspector.report.html.payload.build import build_payload
from inspector.version import __version__

TITLE_LENGTH = 60


def render_report(inspected: Inspected, *, command: str | None = None, live: bool = False) -> str:
    """Return the report on one text as one HTML file; ``command`` is shown as what made it.

    A ``live`` one has a line to type in, and asks the server that it came from: see ``server/``.
    """
    payload = build_payload(inspected, command=command, version=__version__)
    # Side by side: zlib lets go of the interpreter's lock.
    parallel_map(lambda blob: blob.deflated, payload.blobs, tokens=inspected.trace.longest)
    read = inspected.trace.text
    text = read.text if read.chat is None else read.chat.user
    title = text if len(text) <= TITLE_LENGTH else text[: TITLE_LENGTH - 1] + "…"
    return render_template(
        "report/report.html.jinja",
        title=printable(title),
        # Safe as it stands: script_json leaves no <, > or & in it.
        header=Markup(payload.json),  # noqa: S704
        blobs=payload.blobs,
        width=inspected.model.width,
        predicts=inspected.trace.predictions is not None,
        # A live page may be asked for effects at any time.
        matters=live or inspected.effects_measured is not None,
        answers=inspected.trace.predictions is not None or inspected.generation is not None,
        live=live,
    )


def render_template(template: str, **values: object) -> str:
    """Return a template filled with its own values, the common assets and the version."""
    return (
        _templates().get_template(template).render(assets=assets(), version=__version__, **values)
    )


# --- templates ------------------------------------------------------------------------------


@cache
def _templates() -> jinja2.Environment:
    """Make the templates, escaping everything that is not marked as ours."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("inspector.report.html", "assets"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = shown
    environment.filters["bytes"] = lambda text: str(text).encode()
    environment.filters["outline"] = outline
    environment.filters["crc32"] = zlib.crc32
    environment.filters["abs_max"] = lambda values: float(np.nanmax(np.abs(values), initial=0))
    return environment


def shown(value: float | NDArray[Any], places: int = 2, whole: bool = False) -> str:
    """Write a number with a real minus sign, never “−0”, and with all places where ``whole``."""
    text = f"{float(value):z.{places}f}"
    if "." in text and not whole:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")


def printable(text: str) -> str:
    """Return text without lone surrogates, which no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
