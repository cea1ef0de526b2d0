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

from inspector.analogy.classroom import (
    Classroom,
    circle,
    classmates,
    profiles,
    strongest_trait,
)
from inspector.records import Inspected
from inspector.report.html.bundle import assets
from inspector.report.html.outline import outline
from inspector.report.html.payload import build_payload
from inspector.version import __version__

#: How many steps the heat classes of a static table have (h0 … h9).
HEAT_STEPS = 10
TITLE_LENGTH = 60


def render_report(inspected: Inspected, *, command: str | None = None) -> str:
    """Return the report on one text as one HTML file; ``command`` is shown as what made it."""
    payload = build_payload(inspected, command=command, version=__version__)
    text = inspected.trace.text.text
    title = text if len(text) <= TITLE_LENGTH else text[: TITLE_LENGTH - 1] + "…"
    return render_template(
        "report/report.html.jinja",
        title=printable(title),
        # Safe as it stands: script_json leaves no <, > or & in it.
        header=Markup(payload.json),  # noqa: S704
        blobs=payload.blobs,
        width=inspected.model.width,
        predicts=inspected.trace.predictions is not None,
    )


def render_classroom(classroom: Classroom, *, own_table: bool) -> str:
    """Return the classroom as one HTML file; ``own_table`` when the user brought the table."""
    return render_template(
        "classroom/classroom.html.jinja",
        classroom=classroom,
        own_table=own_table,
        bonds=_strongest_bonds(classroom),
        circle=circle,
        profiles=profiles,
        off_diagonal=_off_diagonal(classroom),
        change=float(np.abs(classroom.softmax_revised - classroom.table).max()),
        heat=_heat,
        ratio=_ratio,
    )


def render_template(template: str, **values: object) -> str:
    """Return a template filled with its own values, the common assets and the version."""
    return (
        _templates().get_template(template).render(assets=assets(), version=__version__, **values)
    )


# --- the classroom's numbers, read off its tables --------------------------------------------


def _strongest_bonds(classroom: Classroom) -> list[tuple[int, int]]:
    """Return the first student's two strongest classmates, each with the trait it rests on."""
    bonds = [(j, strongest_trait(classroom, 0, j)) for j in classmates(classroom, 0)[:2]]
    return [(j, trait) for j, trait in bonds if trait is not None]


def _off_diagonal(classroom: Classroom) -> dict[str, float]:
    """Return the range of interactions with others; those with oneself would drown them."""
    R = classroom.interactions
    others = R[~np.eye(len(R), dtype=np.bool_)] if len(R) > 1 else R.reshape(-1)
    return {"min": float(others.min()), "max": float(others.max())}


def _heat(value: float, low: float, high: float) -> str:
    """Name the heat class of a table cell: style attributes are what the policy forbids."""
    return f"h{min(HEAT_STEPS - 1, int(_ratio(value, low, high) * HEAT_STEPS))}"


def _ratio(value: float, low: float, high: float) -> float:
    """Where ``value`` lies between ``low`` and ``high``, from 0 to 1."""
    return min(1.0, max(0.0, float((value - low) / (high - low)))) if high > low else 0.0


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
    environment.filters["number"] = _shown
    environment.filters["bytes"] = lambda text: str(text).encode()
    environment.filters["outline"] = outline
    environment.filters["crc32"] = zlib.crc32
    environment.filters["abs_max"] = lambda values: float(np.nanmax(np.abs(values), initial=0))
    return environment


def _shown(value: float | NDArray[Any], places: int = 2, whole: bool = False) -> str:
    """Write a number with a real minus sign, never “−0”, and with all places where ``whole``."""
    text = f"{float(value):z.{places}f}"
    if "." in text and not whole:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")


def printable(text: str) -> str:
    """Return text without lone surrogates, which no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
