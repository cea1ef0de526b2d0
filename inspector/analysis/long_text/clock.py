"""How long the passes of a long text will still take."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Says what is being done, and from the second of its kind on how long the others will take."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self._progress, self._begun = progress, time.monotonic()

    def __call__(self, stage: str, number: int, of: int) -> None:
        """Say that ``number`` of ``of`` are done, and ``stage`` is next."""
        if not number:
            self._begun = time.monotonic()
            self._progress(stage)
            return
        left = (time.monotonic() - self._begun) / number * (of - number)
        self._progress(f"{stage}, about {left:.0f} s left")
