"""The same work on every layer, over threads where that pays, with one BLAS thread each."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack
from functools import cache, partial
from itertools import pairwise
from typing import TypeVar

from threadpoolctl import ThreadpoolController

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Below this many tokens the matrices are so small that waking threads costs more than it saves.
_TOKENS_WORTH_THREADS = 96


def parallel_map(
    work: Callable[[Item], Result], items: Iterable[Item], *, tokens: int
) -> tuple[Result, ...]:
    """Apply ``work`` to every layer in order, over threads where the text is long enough.

    Each thread gets one BLAS thread: layers side by side keep the cores busier than one layer's
    small products cut in pieces, and a short text's are too small to be cut at all. Cut, each
    waits for its slowest part, which on a busy machine makes a short text many times slower.
    """
    with Workers(tokens) as workers:
        return tuple(workers.each(tuple(items), work))


class Workers:
    """How many threads work on the one text that a forward is about, each with one BLAS thread.

    Where the text is so short that more would cost more than they save, everything runs where it
    is called, and leaves the other cores alone.
    """

    def __init__(self, tokens: int) -> None:
        #: How many work side by side.
        self.count = _threads() if tokens >= _TOKENS_WORTH_THREADS else 1
        self._stack = ExitStack()

    def __enter__(self) -> Workers:
        self._stack.enter_context(one_blas_thread())
        return self

    def __exit__(self, *failure: object) -> None:
        self._stack.close()

    def over(self, count: int, work: Callable[[slice], object]) -> None:
        """Call ``work`` with parts of ``count`` rows or heads that together are all of them."""
        number = max(1, min(self.count, count))
        edges = [count * part // number for part in range(number + 1)]
        _together([partial(work, slice(*pair)) for pair in pairwise(edges)])

    def each(self, items: Sequence[Item], work: Callable[[Item], Result]) -> list[Result]:
        """Return what ``work`` makes of every item, in their order."""
        made: dict[int, Result] = {}
        # One after the other, whoever is free: ``next`` of a range's iterator is one step.
        places = iter(range(len(items)))

        def some() -> None:
            try:
                made.update((place, work(items[place])) for place in places)
            except BaseException:
                # Nobody needs the others any more.
                deque(places, maxlen=0)
                raise

        _together([some] * max(1, min(self.count, len(items))))
        return [made[place] for place in range(len(items))]


#: For work within a part: it is not parted again.
ALONE = Workers(0)


def _together(works: Sequence[Callable[[], object]]) -> None:
    """Do all of them side by side, the first where this is called, and wait for all.

    Whatever one raises is raised here, once nothing runs any more.
    """
    mine, *others = works
    if not others:
        mine()
        return
    waiting: list[Future[None]] = []
    try:
        waiting += (_pool().submit(_part, work) for work in others)
        _part(mine)
        for future, work in zip(waiting, others, strict=True):
            # What has not begun by now is behind somebody else's.
            if future.cancel():
                _part(work)
    finally:
        for future in waiting:
            future.cancel()
        wait(waiting)
    for future in waiting:
        if not future.cancelled():
            future.result()


#: Whether a thread is at work on a part.
_busy = threading.local()


def _part(work: Callable[[], object]) -> None:
    before, _busy.now = getattr(_busy, "now", False), True
    try:
        work()
    finally:
        _busy.now = before


def _threads() -> int:
    """Return how many may work side by side: one, within what is a part already.

    In the pool a part that waited for others of the pool could wait for ever.
    """
    return 1 if getattr(_busy, "now", False) else os.cpu_count() or 1


@cache
def _pool() -> ThreadPoolExecutor:
    """Return the threads beside the calling one.

    They stay: each keeps the memory that its arrays had, and new memory costs as much as filling
    it does.
    """
    return ThreadPoolExecutor(max(1, (os.cpu_count() or 1) - 1), "inspector")


if hasattr(os, "register_at_fork"):  # Windows has no fork
    # A child process has none of its parent's threads.
    os.register_at_fork(after_in_child=_pool.cache_clear)


def one_blas_thread() -> AbstractContextManager[object]:
    """Keep NumPy's products to one thread, where other threads have the cores already."""
    limit: AbstractContextManager[object] = _blas().limit(limits=1, user_api="blas")
    return limit


def blas_architectures() -> set[str]:
    """Return for which processors the kernels are that BLAS has chosen, where it tells."""
    return {
        library.architecture
        for library in _blas().lib_controllers
        if hasattr(library, "architecture")
    }


@cache
def _blas() -> ThreadpoolController:
    """Find NumPy's BLAS once: it is loaded by now, and looking for it costs 2 ms a time."""
    return ThreadpoolController()
