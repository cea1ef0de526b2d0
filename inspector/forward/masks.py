"""Masks: which keys a query may attend to at all."""

from __future__ import annotations

import numpy as np

from inspector.records import AttentionConfig, Mask


def visible(
    config: AttentionConfig,
    queries: int,
    keys: int | None = None,
    present: Mask | None = None,
    start: int = 0,
) -> Mask:
    """Return (T, S), True where query i may attend to key j; without ``keys`` there are as many.

    All, or, where attention is causal, ``j ≤ i``; with a window w besides, ``|i − j| < w``.
    Where ``present``, (S,), is False a token is padding, and nobody attends to it. ``start`` is the
    place of the first query among the keys.
    """
    keys = queries if keys is None else keys
    allowed: Mask = np.ones((queries, keys), dtype=np.bool_)
    if config.causal or config.window is not None:
        back = np.arange(start, start + queries)[:, None] - np.arange(keys)
        if config.causal:
            allowed = back >= 0
        if config.window is not None:
            allowed &= np.abs(back) < config.window
    return allowed if present is None else allowed & present
