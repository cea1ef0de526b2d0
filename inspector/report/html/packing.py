"""Styles and scripts packed as pages carry them, and the policies that name them."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Mapping, Sequence

from inspector.report.html.blobs import policy_hash
from inspector.report.html.compact import compact, compact_style
from inspector.report.html.script import link


def pack(sources: Mapping[str, str]) -> dict[str, str]:
    """Return all that pages carry, by name, out of the assets by path.

    ``opening_css``
        The style of a report before its script has been unpacked.
    ``classroom_css``, ``index_css``, ``atlas_css``
        The styles of the other pages; whoever has no scripts still reads the atlas and
        the classroom.
    ``guard``, ``theme``, ``start``
        What says so where a script does not start, what sets light or dark before anything is
        painted, what unpacks the style and the scripts.
    ``script``, ``live_script``, ``atlas_script``, ``classroom_script``, ``compare_script``,
    ``long_script``, ``live_long_script``
        The report's style, worker and script, those of the live page, the scripts of the atlas and
        of the classroom, and the styles and scripts of the comparison and of the long text, on
        disk and live, packed.
    ``report_policy``, ``live_policy`` and so on
        The policy of each page. A report's worker is begun by its script, which is named. Only the
        live pages may ask anybody, and that is the server that they came from.
    """

    def style(page: str) -> str:
        return compact_style(sources["shared/base.css"] + sources[f"{page}/{page}.css"])

    def whole(name: str) -> str:
        """Return a script that stands in a page by itself, and is no module."""
        return compact(sources[f"shared/{name}.js"])

    live_css = compact_style(
        sources["shared/base.css"] + sources["report/report.css"] + sources["live/live.css"]
    )
    opening_css = compact_style(sources["report/opening.css"])
    report_css, classroom_css, index_css, atlas_css = map(
        style, ("report", "classroom", "index", "atlas")
    )
    # A comparison and a long text are drawn with what a report is drawn with.
    compare_css = report_css + compact_style(sources["compare/compare.css"])
    long_css = compare_css + compact_style(sources["long/long.css"])
    guard, theme, start = map(whole, ("guard", "theme", "start"))
    worker, script = link(sources, "attention/worker.js", "report/main.js")
    _, live_script = link(sources, "attention/worker.js", "live/main.js")
    (atlas_script,) = link(sources, "atlas/main.js")
    (compare_script,) = link(sources, "compare/main.js")
    (long_script,) = link(sources, "long/main.js")
    (live_long_script,) = link(sources, "live/long.js")
    (classroom_script,) = link(sources, "classroom/main.js")
    return {
        "opening_css": opening_css,
        "classroom_css": classroom_css,
        "index_css": index_css,
        "atlas_css": atlas_css,
        "guard": guard,
        "theme": theme,
        "start": start,
        "script": _packed(report_css, worker, script),
        "live_script": _packed(live_css, worker, live_script),
        "atlas_script": _packed("", atlas_script),
        "compare_script": _packed(compare_css, compare_script),
        "long_script": _packed(long_css, long_script),
        "live_long_script": _packed(long_css, live_long_script),
        "classroom_script": _packed("", classroom_script),
        "report_policy": _policy((opening_css, report_css), theme, start, script),
        "live_policy": _policy(
            (opening_css, live_css), theme, start, live_script, connect="'self'"
        ),
        "classroom_policy": _policy((classroom_css,), theme, start, classroom_script),
        "index_policy": _policy((index_css,), theme),
        "atlas_policy": _policy((atlas_css,), theme, start, atlas_script),
        "compare_policy": _policy((opening_css, compare_css), theme, start, compare_script),
        "long_policy": _policy((opening_css, long_css), theme, start, long_script),
        "live_long_policy": _policy(
            (opening_css, long_css), theme, start, live_long_script, connect="'self'"
        ),
    }


def _packed(style: str, *scripts: str) -> str:
    """Pack the style and the scripts, the page's own last, as ``assets/shared/start.js`` unpacks.

    gzip carries their length and CRC-32, and the browser checks both.
    """
    packed = gzip.compress("\0".join((style, *scripts)).encode(), 9, mtime=0)
    return base64.b64encode(packed).decode()


def _policy(styles: Sequence[str], *scripts: str, connect: str | None = None) -> str:
    """Write a Content-Security-Policy that knows our own styles and scripts and nothing else.

    ``connect`` is whom the page may ask; None for nobody.
    """
    style_src, script_src = (
        " ".join(f"'{policy_hash(each)}'" for each in several) for several in (styles, scripts)
    )
    return (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src blob: data:; "
        f"style-src {style_src}; script-src {script_src}; worker-src blob:"
        + ("" if connect is None else f"; connect-src {connect}")
    )
