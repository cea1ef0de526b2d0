"""Which experts each token goes through, and how much each of them counts.

Shazeer et al. 2017, "Outrageously Large Neural Networks", section 2.1. With a sigmoid, a correction
and groups: DeepSeek-AI 2024, "DeepSeek-V3 Technical Report", equations 12 to 16. ``sparse``: Liu et
al. 2024, "GRIN: GRadient-INformed MoE", section 2.2, as it is once training is over.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inspector.forward.activations import sigmoid
from inspector.forward.core import softmax
from inspector.forward.products import project
from inspector.records import Array, Router

Chosen = NDArray[np.intp]
#: What keeps a sum of shares from being zero.
_LEAST = 1e-20


def route(states: Array, router: Router) -> tuple[Chosen, Array]:
    """Return which of the experts each token goes through, (T, k), and their shares, (T, k).

    ``states`` are (T, D). The shares of a token need not sum to 1.
    """
    scores = project(states, router.scores)
    if router.kind == "sparse":
        return _sparse(scores, router)
    if router.kind == "chosen":
        chosen = _best(scores, router.chosen)
        return chosen, softmax(np.take_along_axis(scores, chosen, axis=1))
    liked = sigmoid(scores) if router.kind == "sigmoid" else softmax(scores)
    ranked = liked if router.correction is None else liked + router.correction
    chosen = _best(_in_best_groups(ranked, router), router.chosen)
    shares = np.take_along_axis(liked, chosen, axis=1)
    if router.normalised:
        shares /= shares.sum(axis=1, keepdims=True) + shares.dtype.type(_LEAST)
    shares *= shares.dtype.type(router.scale)
    return chosen, shares


def _best(ranked: Array, count: int) -> Chosen:
    found: Chosen = np.argsort(-ranked, axis=1, kind="stable")[:, :count]
    return found


def _in_best_groups(ranked: Array, router: Router) -> Array:
    """Leave only the experts of the groups whose best are the best together."""
    if router.best_groups == router.groups:
        return ranked
    grouped = ranked.reshape(len(ranked), router.groups, -1)
    together = np.sort(grouped, axis=2)[:, :, -router.best_of_group :].sum(axis=2)
    left = np.full_like(grouped, -np.inf)
    best = _best(together, router.best_groups)[:, :, None]
    np.put_along_axis(left, best, np.take_along_axis(grouped, best, axis=1), axis=1)
    return left.reshape(ranked.shape)


def _sparse(scores: Array, router: Router) -> tuple[Chosen, Array]:
    """Choose one after the other: each has its share among those not far below it.

    What was chosen before counts no more; far is more than twice the tolerance, relative to the
    score's size or the best's, whichever is more.
    """
    left = scores.copy()
    chosen, shares = [], []
    for _ in range(router.chosen):
        best = left.argmax(axis=1)[:, None]
        highest = np.take_along_axis(left, best, axis=1)
        size = np.maximum(np.abs(scores), highest)
        with np.errstate(divide="ignore", invalid="ignore"):
            far = (highest - scores) / size > scores.dtype.type(2 * router.tolerance)
        near = softmax(np.where(far, -np.inf, left).astype(scores.dtype, copy=False))
        chosen.append(best)
        shares.append(np.take_along_axis(near, best, axis=1))
        np.put_along_axis(left, best, -np.inf, axis=1)
    return np.concatenate(chosen, axis=1), np.concatenate(shares, axis=1)
