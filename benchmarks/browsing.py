"""Chromium for the sections that open pages: whether it is there, and how it is started."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from typing import Any


def chromium() -> str | None:
    """Return where Debian's Chromium is, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


def not_measured(title: str, *packages: str) -> str | None:
    """Return what to print where a package or Chromium is missing; None where all are there."""
    missing = [name for name in packages if find_spec(name) is None]
    if chromium() is None:
        missing.append("Chromium")
    if not missing:
        return None
    lacking = ", ".join(missing)
    return f'## {title}\n\nNot measured: {lacking} missing. Try `pip install -e ".[bench]"`.'


def launch(playwright: Any) -> Any:
    """Start Chromium, headless, without a flag that relaxes what a page may do."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    browser = playwright.chromium.launch(executable_path=chromium(), args=arguments)
    # The first page of a browser pays for its start.
    browser.new_context().new_page().goto("data:text/html,<p>warm</p>")
    return browser
