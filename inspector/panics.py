"""Panics of libraries written in Rust: an exception that is no ``Exception``, and what is printed.

Rust prints a few lines of its own to standard error before anybody can catch a panic. They say
nothing that the exception does not say, and nothing to the person with a sentence.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import TracebackType
from typing import BinaryIO

from inspector import signals

_STDERR = 2
#: There is one standard error, so one block at a time.
_alone = threading.RLock()


def is_panic(error: BaseException | None) -> bool:
    """Say whether an exception is a panic, whose class cannot be imported."""
    return type(error).__module__ == "pyo3_runtime"


def is_fault(error: BaseException) -> bool:
    """Say whether it is a library that failed, and no signal and no lack of memory."""
    return is_panic(error) or (isinstance(error, Exception) and not isinstance(error, MemoryError))


@contextmanager
def hushed() -> Iterator[None]:
    """Keep what Rust prints of a panic in the block off standard error.

    Rust writes to the file descriptor and asks nobody. So what comes there waits for the end of the
    block: after a panic it is dropped, and else it is passed on.
    """
    with _alone, ExitStack() as undo:
        # Without a standard error, or room for what may come, there is nothing to be done.
        with suppress(OSError), signals.held():
            _divert(undo)
        yield


def _divert(undo: ExitStack) -> None:
    """Let standard error lead into a file of no name, until ``undo`` is closed."""
    before = undo.enter_context(os.fdopen(os.dup(_STDERR), "wb", buffering=0))
    waiting = undo.enter_context(_nameless())

    def restore(
        _kind: type[BaseException] | None, error: BaseException | None, _at: TracebackType | None
    ) -> None:
        with signals.held():
            os.dup2(before.fileno(), _STDERR)
            if not is_panic(error):
                waiting.seek(0)
                # Whoever closed standard error wants none of it.
                with suppress(OSError):
                    before.write(waiting.read())

    if sys.stderr is not None:
        sys.stderr.flush()
    undo.push(restore)
    os.dup2(waiting.fileno(), _STDERR)


def _nameless() -> BinaryIO:
    """Make a file that no other process finds, in memory where that can be."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("hushed"), "w+b", buffering=0)
    # Late: it costs more than all the rest.
    from tempfile import TemporaryFile

    return TemporaryFile(buffering=0)
