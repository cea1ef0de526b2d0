"""The same work on every layer, over threads where that pays, with one BLAS thread each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache
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
    small products cut in pieces.
    """
    workers = os.cpu_count() or 1
    if tokens < _TOKENS_WORTH_THREADS or workers == 1:
        return tuple(map(work, items))
    with one_blas_thread(), ThreadPoolExecutor(workers) as pool:
        return tuple(pool.map(work, items))


def one_blas_thread() -> AbstractContextManager[object]:
    """Keep NumPy's products to one thread, where other threads have the cores already."""
    limit: AbstractContextManager[object] = _blas().limit(limits=1, user_api="blas")
    return limit


@cache
def _blas() -> ThreadpoolController:
    """Find NumPy's BLAS once: it is loaded by now, and looking for it costs 2 ms a time."""
    return ThreadpoolController()
