"""The second half of a block: each token by itself, through a wider layer and back."""

from __future__ import annotations

import numpy as np

from inspector.forward.activations import activate, sigmoid
from inspector.forward.core import project, softmax
from inspector.parallel import Workers
from inspector.records import Array, Experts, FeedForward


def feed_forward(states: Array, weights: FeedForward | Experts, workers: Workers) -> Array:
    """Return what the feed-forward makes of the states, (T, D) → (T, D).

    Vaswani et al. 2017, equation 2; gated, Shazeer 2020, "GLU Variants Improve Transformer".
    """
    result = np.empty_like(states)

    def rows(part: slice) -> None:
        result[part] = (
            _mixed_experts(states[part], weights)
            if isinstance(weights, Experts)
            else _one(states[part], weights)
        )

    workers.over(len(states), rows)
    return result


def _one(states: Array, weights: FeedForward) -> Array:
    wide = project(states, weights.up)
    if weights.gate is None:
        activate(weights.activation, wide)
    else:
        gate = project(states, weights.gate)
        activate(weights.activation, gate)
        wide *= gate
    return project(wide, weights.down)


def _mixed_experts(states: Array, weights: Experts) -> Array:
    """Return each token's few best experts, mixed by how well the router likes them.

    Shazeer et al. 2017, "Outrageously Large Neural Networks".
    """
    scores = project(states, weights.router)
    chosen = np.argsort(-scores, axis=1, kind="stable")[:, : weights.chosen]
    shares = softmax(np.take_along_axis(scores, chosen, axis=1))
    result = np.zeros_like(states)
    for expert in np.unique(chosen):
        tokens, ranks = np.nonzero(chosen == expert)
        both = states[tokens] @ weights.gate_up[expert] + weights.gate_up_bias[expert]
        limit = states.dtype.type(weights.limit)
        gate = np.minimum(both[:, ::2], limit)
        wide = np.clip(both[:, 1::2], -limit, limit) + states.dtype.type(1)
        wide *= gate * sigmoid(gate * states.dtype.type(weights.slope))
        given = wide @ weights.down[expert] + weights.down_bias[expert]
        result[tokens] += given * shares[tokens, ranks, None]
    return result
