"""Where the program keeps for its next run what took a while to make."""

from __future__ import annotations

import os
from pathlib import Path

from inspector.errors import MachineError


def cache_folder(kind: str) -> Path:
    """Return the folder of one kind of things: in ``$XDG_CACHE_HOME``, or in ``~/.cache``.

    It need not be there.

    Raises
    ------
    MachineError
        When nobody knows where the user's home is.
    """
    given = os.environ.get("XDG_CACHE_HOME", "")
    try:
        base = Path(given) if Path(given).is_absolute() else Path.home() / ".cache"
    except RuntimeError as error:
        raise MachineError(
            "There is no folder for what is kept: nobody knows where your home is.",
            "Set XDG_CACHE_HOME to a folder.",
        ) from error
    return base / "attention-inspector" / kind
