"""Memory that batches have used, handed back to the system."""

from __future__ import annotations

import ctypes
import sys


def hand_back() -> None:
    """Give freed memory back to the system, where the C library can be asked to.

    glibc keeps what was freed between what is still in use. Batches of ever other sizes find their
    room elsewhere, so a process would grow by fragments with the corpus, although nothing of a
    batch is left.
    """
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)
