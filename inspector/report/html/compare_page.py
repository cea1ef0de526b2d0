"""A comparison as one self-contained HTML file."""

from __future__ import annotations

from markupsafe import Markup

from inspector.records.comparison import Compared
from inspector.report.html.page import TITLE_LENGTH, printable, render_template
from inspector.report.html.payload.comparison import build_comparison
from inspector.version import __version__


def render_comparison(found: Compared, *, command: str | None = None) -> str:
    """Return the comparison as one HTML file; ``command`` is shown as what made it."""
    payload = build_comparison(found, command=command, version=__version__)
    text = found.first.trace.text.text
    return render_template(
        "compare/compare.html.jinja",
        title=printable(text if len(text) <= TITLE_LENGTH else text[: TITLE_LENGTH - 1] + "…"),
        # Safe as it stands: script_json leaves no <, > or & in it.
        header=Markup(payload.json),  # noqa: S704
        blobs=payload.blobs,
        texts=found.kind == "texts",
        model=printable(found.first.model.title),
        models=[printable(side.model.title) for side in found.sides],
        notices=[
            printable(one)
            for one in dict.fromkeys(
                (*found.notices, *(said for side in found.sides for said in side.notices))
            )
        ],
        heads=bool(found.heads),
        apart=found.heads is None,
        patched=found.patches is not None,
    )
