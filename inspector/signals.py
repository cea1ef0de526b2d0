"""Ctrl-C, SIGTERM and SIGHUP: each ends the program in the same orderly way.

Python turns Ctrl-C alone into an exception, and dies of the others with its files half-written.
Here all three raise ``KeyboardInterrupt``. What is told to be ignored, as by ``nohup``, stays so.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: Windows has no SIGHUP.
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")

_came: list[int] = []
#: How many ``held`` are open, and whether a signal waits for their end.
_holding = 0
_waits = False


def answer() -> None:
    """Turn the signals into ``KeyboardInterrupt`` from now on."""
    for number in _numbers():
        if signal.getsignal(number) in {signal.SIG_DFL, signal.default_int_handler}:
            signal.signal(number, _interrupt)


def came() -> bool:
    """Say whether one came: libraries turn the exception into others, or swallow it."""
    return bool(_came)


@contextmanager
def held() -> Iterator[None]:
    """Let signals wait for the end of a few lines that must not be torn apart.

    Such as those that make a file and those that take it away: in between a second signal would
    leave it behind. Where signals are not answered here, nothing waits.
    """
    global _holding, _waits  # noqa: PLW0603 - the process has one set of signals
    _holding += 1
    try:
        yield
    finally:
        _holding -= 1
        if _waits and not _holding:
            _waits = False
            raise KeyboardInterrupt


def ignore() -> None:
    """Let no signal disturb the last words: the end has been reached anyway.

    Only where they are answered here: what somebody else does with them stays as it is.
    """
    for number in _numbers():
        if signal.getsignal(number) is _interrupt:
            signal.signal(number, signal.SIG_IGN)


def _numbers() -> list[int]:
    return [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]


def _interrupt(number: int, _frame: FrameType | None) -> None:
    global _waits  # noqa: PLW0603
    _came.append(number)
    if _holding:
        _waits = True
    else:
        raise KeyboardInterrupt
