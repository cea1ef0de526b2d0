"""The same work on every layer, over threads where that pays, with one BLAS thread each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from functools import cache
from itertools import pairwise
from typing import TypeVar

from threadpoolctl import ThreadpoolController

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Below this many tokens the matrices are so small that starting threads costs more than it saves.
_TOKENS_WORTH_THREADS = 96


def parallel_map(
    work: Callable[[Item], Result], items: Iterable[Item], *, tokens: int
) -> tuple[Result, ...]:
    """Apply ``work`` to every layer in order, over threads where the text is long enough.

    Each thread gets one BLAS thread: layers side by side keep the cores busier than one layer's
    small products cut in pieces, and a short text's are too small to be cut at all. Cut, each
    waits for its slowest part, which on a busy machine makes a short text many times slower.
    """
    workers = os.cpu_count() or 1
    with one_blas_thread():
        if tokens < _TOKENS_WORTH_THREADS or workers == 1:
            return tuple(map(work, items))
        with ThreadPoolExecutor(workers) as pool:
            return tuple(pool.map(work, items))


class Workers:
    """Threads for the one text that a forward is about, as long as it lasts.

    Where the text is so short that threads would cost more than they save, everything runs where
    it is called; either way on one BLAS thread each, which leaves the other cores alone.
    """

    def __init__(self, tokens: int) -> None:
        count = os.cpu_count() or 1
        #: How many work side by side.
        self.count = count if tokens >= _TOKENS_WORTH_THREADS else 1
        self._stack = ExitStack()
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Workers:
        self._stack.enter_context(one_blas_thread())
        if self.count > 1:
            # The calling thread works too.
            self._pool = self._stack.enter_context(ThreadPoolExecutor(self.count - 1))
        return self

    def __exit__(self, *failure: object) -> None:
        self._stack.close()

    def over(self, count: int, work: Callable[[slice], object]) -> None:
        """Call ``work`` with parts of ``count`` rows or heads that together are all of them."""
        if self._pool is None or count < self.count:
            work(slice(0, count))
            return
        edges = [count * part // self.count for part in range(self.count + 1)]
        mine, *others = (slice(*pair) for pair in pairwise(edges))
        waiting = [self._pool.submit(work, part) for part in others]
        work(mine)
        for one in waiting:
            one.result()

    def each(self, items: Sequence[Item], work: Callable[[Item], Result]) -> list[Result]:
        """Return what ``work`` makes of every item, in their order."""
        made: dict[int, Result] = {}

        def part(of: slice) -> None:
            made.update((at, work(items[at])) for at in range(len(items))[of])

        self.over(len(items), part)
        return [made[at] for at in range(len(items))]


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
