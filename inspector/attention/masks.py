"""Who may be heard: which keys a query's attention can reach at all."""

from __future__ import annotations

import numpy as np

from inspector.records import Dialect, Mask


def visible(dialect: Dialect, tokens: int) -> Mask:
    """Return (T, T), True where query i may hear key j.

    Everybody, or, where the dialect is causal, ``j ≤ i``; with a window w besides, ``i − w < j``.
    """
    if not dialect.causal:
        return np.ones((tokens, tokens), dtype=np.bool_)
    back = np.arange(tokens)[:, None] - np.arange(tokens)
    heard: Mask = back >= 0
    return heard if dialect.window is None else heard & (back < dialect.window)
