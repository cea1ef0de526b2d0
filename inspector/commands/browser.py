"""``--open``: what was written, in the user's browser."""

from __future__ import annotations

from pathlib import Path


def in_browser(path: Path) -> None:
    """Open a page from disk, in whatever browser the machine has."""
    # Imported here: the answer need not wait for it.
    import webbrowser

    webbrowser.open(path.resolve().as_uri())
