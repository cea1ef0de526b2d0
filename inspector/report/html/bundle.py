"""What every page carries besides its own words: styles, scripts, and the policy that names them.

It is the same for every text, and kept from one run to the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from markupsafe import Markup

from inspector.report.html.kept import kept

_FOLDER = resources.files("inspector.report.html")
#: What makes the rest out of the assets.
_PACKERS = ("blobs.py", "bundle.py", "compact.py", "packing.py", "script.py")


@cache
def assets() -> Mapping[str, Markup]:
    """Return what the pages carry, by the names that ``packing.pack`` gives.

    It is our own, so that a template may write it into a page as it stands.
    """
    sources = _sources(_FOLDER / "assets")
    packers = [(_FOLDER / name).read_text(encoding="utf-8") for name in _PACKERS]

    def make() -> dict[str, str]:
        # Imported here: what was made before needs nothing that makes it.
        from inspector.report.html.packing import pack

        return pack(sources)

    everything = "\0".join((*packers, *(part for pair in sorted(sources.items()) for part in pair)))
    return {name: Markup(text) for name, text in kept(everything, make).items()}  # noqa: S704


def _sources(folder: Traversable, path: str = "") -> dict[str, str]:
    """Return every script and style by its path in the folder: ``attention/maths.js``."""
    found: dict[str, str] = {}
    for item in folder.iterdir():
        if item.is_dir():
            found |= _sources(item, f"{path}{item.name}/")
        elif item.name.endswith((".js", ".css")):
            found[path + item.name] = item.read_text(encoding="utf-8")
    return found
