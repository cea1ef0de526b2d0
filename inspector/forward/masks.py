"""Who may be heard: which keys a query's attention can reach at all."""

from __future__ import annotations

import numpy as np

from inspector.records import Dialect, Mask


def visible(
    dialect: Dialect, queries: int, keys: int | None = None, present: Mask | None = None
) -> Mask:
    """Return (T, S), True where query i may hear key j; without ``keys`` there are as many.

    Everybody, or, where the dialect is causal, ``j ≤ i``; with a window w besides, ``|i − j| < w``.
    Where ``present``, (S,), is False a token is padding, and nobody hears it.
    """
    keys = queries if keys is None else keys
    heard: Mask = np.ones((queries, keys), dtype=np.bool_)
    if dialect.causal or dialect.window is not None:
        back = np.arange(queries)[:, None] - np.arange(keys)
        if dialect.causal:
            heard = back >= 0
        if dialect.window is not None:
            heard &= np.abs(back) < dialect.window
    return heard if present is None else heard & present
