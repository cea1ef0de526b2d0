"""The report on a long text as one HTML file: a map first, then as near as wanted."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from inspector.records.long_text import LongFindings
from inspector.report.html.page import TITLE_LENGTH, printable, render_template
from inspector.report.html.payload.long_text import BUDGET, build_long_payload
from inspector.version import __version__


def render_long_report(
    found: LongFindings,
    asked: Sequence[tuple[int, int]] = (),
    *,
    budget: int = BUDGET,
    command: str | None = None,
    reading: str | None = None,
) -> str:
    """Return the report on a long text as one HTML file.

    ``asked`` are heads, (layer, head), of which the page has every weight, whatever its ``budget``
    in bytes; ``command`` is shown as what made it. A live one, which asks the server that it came
    from for the other heads, names by ``reading`` what it is of: see ``server/``.
    """
    payload = build_long_payload(
        found, asked, budget=budget, command=command, reading=reading, version=__version__
    )
    text = " ".join(found.text.text.split())
    return render_template(
        "long/long.html.jinja",
        title=printable(text if len(text) <= TITLE_LENGTH else text[: TITLE_LENGTH - 1] + "…"),
        # Safe as it stands: script_json leaves no <, > or & in it.
        header=Markup(payload.json),  # noqa: S704
        blobs=payload.blobs,
        model=printable(found.model.title),
        notices=[printable(one) for one in found.notices],
        live=reading is not None,
        effects=found.effects is not None,
        predicts=found.predictions is not None and bool(found.predictions.guesses),
    )
