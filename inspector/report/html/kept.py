"""Texts that are the same in every run, kept in the user's cache from one to the next.

What a page carries is made of a hundred sources in a tenth of what a short text takes; kept under
the hash of those sources, it can never be that of others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from inspector.errors import InspectorError
from inspector.files import write_whole
from inspector.files.cache import cache_folder

#: So many are left: those of other versions in other environments, which would else pile up.
_LEFT = 4


def kept(sources: str, make: Callable[[], dict[str, str]]) -> dict[str, str]:
    """Return what ``make`` returns, made once for the same ``sources``.

    A machine that keeps nothing only takes longer.
    """
    key = hashlib.sha256(sources.encode()).hexdigest()
    try:
        path = cache_folder("pages") / f"{key[:32]}.json"
        found = _read(path)
    except InspectorError:
        return make()
    if found is None:
        found = make()
        with suppress(InspectorError, OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            body = json.dumps(found)
            write_whole(path, f"{_digest(body)}\n{body}".encode())
            _leave_newest(path.parent)
    return found


def _read(path: Path) -> dict[str, str] | None:
    """Return what a file holds; None where there is none, or not as it was written."""
    with suppress(OSError, ValueError):
        digest, body = path.read_text(encoding="utf-8").split("\n", 1)
        if digest == _digest(body):
            found: dict[str, str] = json.loads(body)
            return found
    return None


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def _leave_newest(folder: Path) -> None:
    by_age = sorted(folder.glob("*.json"), key=lambda one: one.stat().st_mtime)
    for path in by_age[:-_LEFT]:
        path.unlink(missing_ok=True)
