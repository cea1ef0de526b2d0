"""What every page carries besides its own words: styles, scripts, and the policy that names them.

It is the same for every text, and put together when a page first asks for it.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Sequence
from functools import cache, cached_property
from importlib import resources
from importlib.resources.abc import Traversable

from markupsafe import Markup

from inspector.report.html.blobs import policy_hash
from inspector.report.html.compact import compact, compact_style
from inspector.report.html.script import link


@cache
def assets() -> Assets:
    """Return the one set of assets of this process."""
    return Assets()


class Assets:
    """The assets of all pages. What a template writes into a page as it stands is our own."""

    @cached_property
    def opening_css(self) -> Markup:
        """The style of a report before its script has been unpacked."""
        return Markup(compact_style(_read("report/opening.css")))  # noqa: S704

    @cached_property
    def classroom_css(self) -> Markup:
        """The style of the classroom's page."""
        return self._style("classroom")

    @cached_property
    def index_css(self) -> Markup:
        """The style of the page that lists the reports of a file."""
        return self._style("index")

    @cached_property
    def atlas_css(self) -> Markup:
        """The style of the atlas: whoever has no scripts still reads it."""
        return self._style("atlas")

    @cached_property
    def guard(self) -> Markup:
        """What says so where a script does not start."""
        return self._whole("guard")

    @cached_property
    def theme(self) -> Markup:
        """What sets light or dark before anything is painted."""
        return self._whole("theme")

    @cached_property
    def start(self) -> Markup:
        """What unpacks the style and the scripts."""
        return self._whole("start")

    @cached_property
    def script(self) -> str:
        """The report's style, its worker and its script, packed."""
        return _packed(self._report_css, *self._report_scripts)

    @cached_property
    def atlas_script(self) -> str:
        """The atlas's script, packed."""
        return _packed("", self._atlas_script)

    @cached_property
    def report_policy(self) -> str:
        """The policy of a report; its worker is begun by its script, which is named."""
        styles = (self.opening_css, self._report_css)
        return _policy(styles, self.theme, self.start, self._report_scripts[-1])

    @cached_property
    def classroom_policy(self) -> str:
        """The policy of the classroom's page."""
        return _policy((self.classroom_css,), self.theme)

    @cached_property
    def index_policy(self) -> str:
        """The policy of the page that lists the reports of a file."""
        return _policy((self.index_css,), self.theme)

    @cached_property
    def atlas_policy(self) -> str:
        """The policy of the atlas."""
        return _policy((self.atlas_css,), self.theme, self.start, self._atlas_script)

    @cached_property
    def _modules(self) -> dict[str, str]:
        return _modules()

    @cached_property
    def _report_css(self) -> str:
        return self._style("report")

    @cached_property
    def _report_scripts(self) -> tuple[str, ...]:
        return link(self._modules, "attention/worker.js", "report/main.js")

    @cached_property
    def _atlas_script(self) -> str:
        (script,) = link(self._modules, "atlas/main.js")
        return script

    def _style(self, page: str) -> Markup:
        return Markup(compact_style(_read("shared/base.css") + _read(f"{page}/{page}.css")))  # noqa: S704

    def _whole(self, name: str) -> Markup:
        """Return a script that stands in a page by itself, and is no module."""
        return Markup(compact(self._modules[f"shared/{name}.js"]))  # noqa: S704


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
