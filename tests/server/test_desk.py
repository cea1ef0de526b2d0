"""One question is answered at a time, and of each page only the newest counts."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from inspector.server.desk import Desk, Superseded


def run(task: Coroutine[Any, Any, Any]) -> Any:
    """Run a task on a loop of its own: playwright leaves one in the thread of the tests."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, task).result()


async def stays() -> bool:
    return False


async def goes() -> bool:
    return True


def test_the_newest_of_a_page_wins() -> None:
    begun, let = threading.Event(), threading.Event()
    done: list[str] = []

    def work(name: str) -> bytes:
        done.append(name)
        if name == "first":
            begun.set()
            assert let.wait(10)
        return name.encode()

    async def all_of_them() -> list[bytes | BaseException]:
        desk = Desk()
        first = asyncio.create_task(desk.ask("a", lambda: work("first"), stays))
        await asyncio.to_thread(begun.wait, 10)
        others = [
            asyncio.create_task(desk.ask(page, lambda name=name: work(name), gone))  # type: ignore[misc]
            for page, name, gone in (
                ("a", "second", stays),
                ("b", "of another page", stays),
                ("c", "gone", goes),
                ("a", "third", stays),
            )
        ]
        await asyncio.sleep(0)
        let.set()
        return await asyncio.gather(first, *others, return_exceptions=True)

    first, second, other, gone, third = run(all_of_them())
    # What has begun is finished; nobody is told that it was overtaken.
    assert first == b"first"
    assert isinstance(second, Superseded)
    assert other == b"of another page"
    assert isinstance(gone, Superseded)
    assert third == b"third"
    assert done == ["first", "of another page", "third"]


def test_what_fails_leaves_the_desk_free() -> None:
    async def twice() -> bytes:
        desk = Desk()
        with pytest.raises(ZeroDivisionError):
            await desk.ask("", lambda: b"%d" % (1 // 0), stays)
        return await desk.ask("", lambda: b"fine", stays)

    assert run(twice()) == b"fine"
