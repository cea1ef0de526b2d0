"""The second half of a block: each token by itself, through a wider layer and back."""

from __future__ import annotations

import numpy as np

from inspector.forward.activations import activate, sigmoid
from inspector.forward.casting import cast
from inspector.forward.products import panels, project, project_columns
from inspector.forward.routing import Chosen, route
from inspector.parallel import Workers
from inspector.records import Array, BoundedGate, Experts, FeedForward

#: So many experts' results wait to be added at a time.
_TOGETHER = 32


def feed_forward(states: Array, weights: FeedForward | Experts, workers: Workers) -> Array:
    """Return what the feed-forward makes of the states, (T, D) → (T, D).

    Vaswani et al. 2017, equation 2; gated, Shazeer 2020, "GLU Variants Improve Transformer".
    """
    if isinstance(weights, Experts):
        return _mixed(states, weights, workers)
    result = np.empty_like(states)

    def rows(part: slice) -> None:
        _fill(result, states, weights, part)

    workers.over(len(states), rows)
    return result


def _fill(result: Array, states: Array, weights: FeedForward, part: slice) -> None:
    for some, columns in panels(states, part):
        result[some] = _of_panel(columns, weights).T


def _of_panel(columns: Array, weights: FeedForward) -> Array:
    """Return what becomes of some tokens, (D, c) → (D, c)."""
    wide = project_columns(columns, weights.up)
    gate = None if weights.gate is None else project_columns(columns, weights.gate)
    if gate is None:
        activate(weights.activation, wide)
    elif weights.bounded is not None:
        _bound(wide, gate, weights.bounded)
    else:
        activate(weights.activation, gate)
        wide *= gate
    return project_columns(wide, weights.down)


def _bound(wide: Array, gate: Array, bounded: BoundedGate) -> None:
    limit, slope, one = map(wide.dtype.type, (bounded.limit, bounded.slope, 1))
    np.minimum(gate, limit, out=gate)
    np.clip(wide, -limit, limit, out=wide)
    wide += one
    wide *= gate * sigmoid(gate * slope)


def _mixed(states: Array, weights: Experts, workers: Workers) -> Array:
    """Return each token's few best experts, mixed by how well the router likes them.

    Experts that no token goes through are never put together. Several are worked on at once, and
    added one after the other, so that the sum is the same however many threads there are.
    """
    chosen, shares = route(states, weights.router)
    result = np.zeros_like(states)

    def through(expert: int) -> tuple[Chosen, Array]:
        tokens, ranks = np.nonzero(chosen == expert)
        given = np.empty((len(tokens), states.shape[1]), dtype=states.dtype)
        its_own = cast(weights.each[expert], states.dtype.type)
        _fill(given, states[tokens], its_own, slice(0, len(tokens)))
        given *= shares[tokens, ranks, None]
        return tokens, given

    liked = np.unique(chosen).tolist()
    for first in range(0, len(liked), _TOGETHER):
        for tokens, given in workers.each(liked[first : first + _TOGETHER], through):
            result[tokens] += given
    if weights.shared is not None:
        shared = feed_forward(states, weights.shared, workers)
        if weights.shared_share is not None:
            shared *= sigmoid(project(states, weights.shared_share))
        result += shared
    return result
