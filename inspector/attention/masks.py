"""Who may be heard: which keys a query's attention can reach at all."""

from __future__ import annotations

import numpy as np

from inspector.records import Dialect, Mask


def visible(dialect: Dialect, tokens: int, present: Mask | None = None) -> Mask:
    """Return (T, T), True where query i may hear key j.

    Everybody, or, where the dialect is causal, ``j ≤ i``; with a window w besides, ``|i − j| < w``.
    Where ``present``, (T,), is False a token is padding, and nobody hears it.
    """
    heard: Mask = np.ones((tokens, tokens), dtype=np.bool_)
    if dialect.causal or dialect.window is not None:
        back = np.arange(tokens)[:, None] - np.arange(tokens)
        if dialect.causal:
            heard = back >= 0
        if dialect.window is not None:
            heard &= np.abs(back) < dialect.window
    return heard if present is None else heard & present
