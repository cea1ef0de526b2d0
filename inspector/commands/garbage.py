"""When the command collects garbage: not while it imports and loads, and then again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def collect_later() -> None:
    """Collect no garbage while torch is imported and a model loaded.

    That makes a million objects and no garbage: looking for some, and taking everything down again
    at the end, is a quarter to a third of a short run.
    """
    gc.disable()


def collect_again() -> None:
    """Collect garbage again where the program started without: loading is done.

    What was made until now stays to the end and need not be looked at.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


@contextmanager
def collecting() -> Iterator[None]:
    """Collect garbage for as long as this takes, where the program started without.

    What is done before the loading may be as long as a file of sentences.
    """
    if gc.isenabled():
        yield
        return
    collect_again()
    try:
        yield
    finally:
        gc.disable()
