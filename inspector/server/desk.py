"""Where questions wait: one is answered at a time, and of each page only the newest counts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor


class Superseded(Exception):  # noqa: N818 - nothing went wrong
    """The same page has asked something newer, or has gone."""


class Desk:
    """One thread that answers, and a line before it."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._turn = asyncio.Lock()
        self._newest: dict[str, object] = {}

    async def ask(
        self, page: str, work: Callable[[], bytes], gone: Callable[[], Awaitable[bool]]
    ) -> bytes:
        """Return what ``work`` returns, when its turn comes; what it raises is raised.

        Raises
        ------
        Superseded
            When, in its turn, the same page has asked something newer, or ``gone`` says that
            nobody waits any more.
        """
        mine = self._newest[page] = object()
        try:
            async with self._turn:
                if self._newest.get(page) is not mine or await gone():
                    raise Superseded
                return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            if self._newest.get(page) is mine:
                del self._newest[page]
