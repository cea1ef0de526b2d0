"""How many threads torch gets for a text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

#: Below as many numbers in a layer's states one thread is as fast as several. On a machine with
#: other work it is many times faster: several wait for each other at every product, and busily.
_WORTH_THREADS = 2**15


@contextmanager
def threads_for(model: Any, tokens: int) -> Iterator[None]:
    """Let torch compute on one thread where a text is short for its model."""
    before = torch.get_num_threads()
    if tokens * getattr(model.config, "hidden_size", _WORTH_THREADS) < _WORTH_THREADS:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
