"""One self-contained HTML file: payload, style, script and template put together.

The file is opened from disk, by anybody, with somebody else's sentence in it. So it carries all
it needs, its Content-Security-Policy forbids every request and every script or style that was not
written here (each is named by its hash), and text reaches the page only through jinja2's
autoescape or as JSON that the script writes into text nodes.
"""

from __future__ import annotations

import base64
import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata, resources
from importlib.resources.abc import Traversable
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
from inspector.report.html.blobs import policy_hash
from inspector.report.html.compact import compact, compact_style
from inspector.report.html.outline import outline
from inspector.report.html.payload import build_payload
from inspector.report.html.script import link

#: How many steps the heat classes of a static table have (h0 … h9).
HEAT_STEPS = 10
TITLE_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Assets:
    """What every page carries besides its own words: the same bytes for every text."""

    opening_css: Markup
    classroom_css: Markup
    guard: Markup
    theme: Markup
    start: Markup
    script: str
    report_policy: str
    classroom_policy: str
    index_css: Markup
    index_policy: str
    atlas_css: Markup
    atlas_script: str
    atlas_policy: str


def render_report(inspected: Inspected, *, command: str | None = None) -> str:
    """Return the report on one text as one HTML file; ``command`` is shown as what made it."""
    payload = build_payload(inspected, command=command, version=_version())
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
        _templates().get_template(template).render(assets=_assets(), version=_version(), **values)
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


# --- assets ---------------------------------------------------------------------------------


@cache
def _assets() -> Assets:
    """Read, link and hash everything that is the same on every page."""
    modules = _modules()
    guard, theme, start = (
        compact(modules.pop(f"shared/{name}.js")) for name in ("guard", "theme", "start")
    )
    worker, script = link(modules, "attention/worker.js", "report/main.js")
    (atlas_script,) = link(modules, "atlas/main.js")
    base = _read("shared/base.css")
    opening_css = compact_style(_read("report/opening.css"))
    report_css, classroom_css, index_css, atlas_css = (
        compact_style(base + _read(f"{name}/{name}.css"))
        for name in ("report", "classroom", "index", "atlas")
    )
    return Assets(
        opening_css=Markup(opening_css),  # noqa: S704
        classroom_css=Markup(classroom_css),  # noqa: S704
        guard=Markup(guard),  # noqa: S704
        theme=Markup(theme),  # noqa: S704
        start=Markup(start),  # noqa: S704
        script=_packed(report_css, worker, script),
        report_policy=_policy((opening_css, report_css), theme, start, script),
        classroom_policy=_policy((classroom_css,), theme),
        index_css=Markup(index_css),  # noqa: S704
        index_policy=_policy((index_css,), theme),
        atlas_css=Markup(atlas_css),  # noqa: S704
        # Whoever has no scripts still reads the atlas, in its own style.
        atlas_script=_packed("", atlas_script),
        atlas_policy=_policy((atlas_css,), theme, start, atlas_script),
    )


def _packed(style: str, *scripts: str) -> str:
    """Pack the style and the scripts, the page's own last, as ``assets/shared/start.js`` unpacks.

    gzip carries their length and CRC-32, and the browser checks both.
    """
    packed = gzip.compress("\0".join((style, *scripts)).encode(), 9, mtime=0)
    return base64.b64encode(packed).decode()


def _policy(styles: Sequence[str], *scripts: str) -> str:
    """Write a Content-Security-Policy that knows our own styles and scripts and nothing else."""
    style_src, script_src = (
        " ".join(f"'{policy_hash(each)}'" for each in several) for several in (styles, scripts)
    )
    return (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src blob: data:; "
        f"style-src {style_src}; script-src {script_src}; worker-src blob:"
    )


def _folder() -> Traversable:
    return resources.files("inspector.report.html") / "assets"


def _read(name: str) -> str:
    return (_folder() / name).read_text(encoding="utf-8")


def _modules(folder: Traversable | None = None, path: str = "") -> dict[str, str]:
    """Return every ES module by its path in the folder of assets: ``attention/maths.js``."""
    found: dict[str, str] = {}
    for item in (folder or _folder()).iterdir():
        if item.is_dir():
            found |= _modules(item, f"{path}{item.name}/")
        elif item.name.endswith(".js"):
            found[path + item.name] = item.read_text(encoding="utf-8")
    return found


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


def _version() -> str:
    """Return the installed version, or what a checkout without one calls itself."""
    try:
        return metadata.version("attention-inspector")
    except metadata.PackageNotFoundError:
        return "from a checkout"
