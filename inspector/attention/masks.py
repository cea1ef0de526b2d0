"""Who may be heard: which keys a query's attention can reach at all."""

from __future__ import annotations

import numpy as np

from inspector.records import Dialect, Mask


def visible(dialect: Dialect, tokens: int) -> Mask:
    """Return (T, T), True where query i may hear key j.

    Everybody, or, where the dialect is causal, ``j ≤ i``; with a window w besides, ``|i − j| < w``.
    """
    heard: Mask = np.ones((tokens, tokens), dtype=np.bool_)
    if not dialect.causal and dialect.window is None:
        return heard
    back = np.arange(tokens)[:, None] - np.arange(tokens)
    if dialect.causal:
        heard = back >= 0
    return heard if dialect.window is None else heard & (np.abs(back) < dialect.window)
