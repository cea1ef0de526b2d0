"""The ladder from the classroom to the model: each rung is the one before plus one thing.

X, (T, D), is what a layer's query and key projections receive: the words' traits. The article
computes R = Q·Qᵀ and T = R·Q on a table of students; the first rungs do the same with X. From
``learned`` on the model's own projections are used, and the last rung is the rebuild itself. In
cross-attention those who ask meet others than themselves: there X·Yᵀ stands for X·Xᵀ, Y, (S, D),
being the encoder's states, and ``strangers`` is no rung, since nobody is there to keep to.

``weights`` gives a rung's attention weights and ``mixed`` what the words' traits become under it.
A rung with one matrix for all heads of a layer gives (T, S), a rung with a matrix a head (H, T, S).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from inspector.forward.biases import expand
from inspector.forward.core import (
    attend,
    merge_heads,
    mix,
    repeat_heads,
    softmax,
)
from inspector.forward.positions import turned
from inspector.forward.products import project
from inspector.record import record
from inspector.records import Array, RebuiltLayer


@record(frozen=True, slots=True)
class Rung:
    """One rung: its name, its formula, and what it adds in the classroom's words."""

    name: str
    formula: str
    adds: str
    #: Whether it gives one matrix a head, not one for all heads of a layer.
    per_head: bool = False


RUNGS = (
    Rung("strangers", "I", "Nobody listens to anybody: every word keeps its traits."),
    Rung("classroom", "R = X·Xᵀ", "Words with similar traits interact, as raw scores."),
    Rung("share", "max(R, 0) / row sum", "Everybody has one day of attention to share out."),
    Rung("softmax", "softmax(X·Xᵀ)", "Scores become probabilities; the best match takes most."),
    Rung("scaled", "softmax(X·Xᵀ/√D)", "A temperature, so that the best match does not take all."),
    Rung("learned", "softmax(Q·Kᵀ/√(H·d))", "What a word asks for differs from what it offers."),
    Rung("heads", "softmax(Q_h·K_hᵀ/√d)", "Several relations at once, one per head.", True),
    Rung("position", "heads + position", "Who sits where counts too.", True),
    Rung("mask", "position + mask", "Who can be attended to at all.", True),
    Rung("model", "the rebuild", "The model's own scale and details: the real attention.", True),
)

#: Two references that stand beside the rungs.
UNIFORM = Rung("uniform", "1 / visible keys", "Everybody listens to everybody alike.")
LAYER_MEAN = Rung("layer_mean", "mean of A over heads", "What the layer's heads do on average.")


def applies(rung: Rung, layer: RebuiltLayer) -> bool:
    """Say whether the layer has what the rung adds.

    Positions are a rung only where they act on the scores, a mask only where something is hidden.
    """
    if rung.name == "strangers":
        return defined(rung, layer)
    if rung.name == "position":
        return layer.has_positions
    if rung.name == "mask":
        return not bool(layer.visible.all())
    return rung.name in _KNOWN


def defined(rung: Rung, layer: RebuiltLayer) -> bool:
    """Say whether the rung means anything on the layer.

    One that adds nothing there means the same as the rung before it; but to keep to oneself, one
    has to be among the keys.
    """
    return rung.name in _KNOWN and (rung.name != "strangers" or layer.encoder_states is None)


def weights(rung: Rung, layer: RebuiltLayer, products: Array | None = None) -> Array:
    """Return the rung's weights on one layer: (T, S), or (H, T, S) where ``rung.per_head``.

    ``products`` are the layer's ``interactions``, where they are at hand. What comes back may be
    an array of the layer: a rung that is the model's own formula is the rebuild itself.
    """
    if rung.per_head:
        return layer.attention if is_rebuild(rung, layer) else of_each_head(rung, layer)
    if rung.name in _FROM_PRODUCTS:
        return _FROM_PRODUCTS[rung.name](
            layer, interactions(layer) if products is None else products
        )
    return _WEIGHTS[rung.name](layer)


def is_rebuild(rung: Rung, layer: RebuiltLayer) -> bool:
    """Say whether a rung with a matrix a head is the model's own formula on the layer."""
    if rung.name == "model":
        return True
    return (
        not has_dialect(layer)
        and (rung.name != "heads" or not layer.has_positions)
        and (rung.name == "mask" or bool(layer.visible.all()))
    )


def of_each_head(
    rung: Rung, layer: RebuiltLayer, rows: NDArray[np.intp] | slice = slice(None)
) -> Array:
    """Return the weights that some queries give under ``heads``, ``position`` or ``mask``.

    (H, R, S) for the R queries of ``rows``.
    """
    placed, masked = _PER_HEAD[rung.name]
    query, key = queries_and_keys(layer, normed=False, placed=placed)
    scale = float(query.shape[2]) ** -0.5
    bias = expand(layer.bias if placed else None, query, key, scale)
    visible = layer.visible[rows]
    return attend(
        query[:, rows],
        key,
        scale=scale,
        visible=visible if masked else np.ones_like(visible),
        bias=None if bias is None else bias[:, rows],
    )


def queries_and_keys(layer: RebuiltLayer, *, normed: bool, placed: bool) -> tuple[Array, Array]:
    """Return what a layer multiplies, (H, T, d) and (KV, S, d), with norms and positions or not."""
    if placed and (normed or layer.as_projected is None):
        return layer.query, layer.key
    vectors = layer.before_positions if normed else layer.before_norms
    return turned(vectors, layer.rope if placed else None)


def ordered_by(rung: Rung, matrix: Array, products: Array) -> Array:
    """Return what the rung's keys are ranked by in every row, given its weights.

    A softmax orders a row as its scores do, but small probabilities are rounded to each other or
    vanish: the rungs that are a softmax of R, whatever the temperature, are ranked by R itself.
    """
    return products if rung.name in ("classroom", "softmax", "scaled") else matrix


def has_dialect(layer: RebuiltLayer) -> bool:
    """Say whether the family has its own scale, norms of queries and keys, soft cap or sinks."""
    return (
        layer.as_projected is not None
        or layer.softcap is not None
        or layer.sink is not None
        or not math.isclose(own_scale(layer), 1)
    )


def own_scale(layer: RebuiltLayer) -> float:
    """Return by what the family's scale differs from 1/√d."""
    own: float = layer.scale * layer.query.shape[2] ** 0.5
    return own


def interactions(layer: RebuiltLayer) -> Array:
    """Return R = X·Xᵀ, or X·Yᵀ in cross-attention, (T, S): the classroom's table 2, on words."""
    result: Array = layer.states @ layer.key_states.T
    return result


def share(interactions: Array, *, among_others: bool = False) -> Array:
    """Return max(R, 0) / row sum, (T, S); a row of zeros becomes the identity's.

    ``among_others`` where the keys are another text's than the queries: there is no identity then,
    and such a row is shared out evenly.
    """
    positive = np.maximum(interactions, 0)
    total = positive.sum(axis=1, keepdims=True)
    nobody = total[:, 0] == 0
    if among_others:
        positive[nobody] = 1 / positive.shape[1]
    else:
        positive[nobody] = np.eye(len(positive), dtype=positive.dtype)[nobody]
    total[nobody] = 1
    positive /= total
    return positive


def mixed(rung: Rung, layer: RebuiltLayer, hidden: Array) -> Array:
    """Return T, (T, D): every word's traits after the layer, as the rung has it.

    The classroom replaces a word's traits by the weighted sum of everybody's. From ``learned`` on
    values are mixed and go through the output projection. The model adds the result to what was
    there: for ``model`` T is the residual stream after the attention sub-layer, before its norm.

    ``hidden`` is the layer's input, (T, D).
    """
    attention = weights(rung, layer)
    if rung.name == "model":
        return hidden + layer.output
    if rung.per_head:
        return mix(attention, layer.value, layer.output_projection)
    if rung.name == "learned":
        value = merge_heads(repeat_heads(layer.value, len(layer.query)))
        return project(attention @ value, layer.output_projection)
    result: Array = attention @ layer.key_states
    return result


def _scaled(layer: RebuiltLayer, products: Array) -> Array:
    width = layer.states.shape[1]
    return softmax(products / products.dtype.type(np.sqrt(width)))


def _learned(layer: RebuiltLayer) -> Array:
    """Treat all heads as one: their queries and keys side by side."""
    query, key = layer.before_norms
    key = merge_heads(repeat_heads(key, len(query)))
    query = merge_heads(query)
    scale = float(query.shape[1]) ** -0.5
    weights: Array = attend(
        query[None], key[None], scale=scale, visible=np.ones_like(layer.visible)
    )[0]
    return weights


_FROM_PRODUCTS: dict[str, Callable[[RebuiltLayer, Array], Array]] = {
    "classroom": lambda _layer, products: products,
    "share": lambda layer, products: share(products, among_others=layer.encoder_states is not None),
    "softmax": lambda _layer, products: softmax(products.copy()),
    "scaled": _scaled,
}
_WEIGHTS: dict[str, Callable[[RebuiltLayer], Array]] = {
    "strangers": lambda layer: np.eye(len(layer.states), dtype=layer.states.dtype),
    "learned": _learned,
}
#: Of the rungs with a matrix a head whether positions and masks act in them.
_PER_HEAD = {"heads": (False, False), "position": (True, False), "mask": (True, True)}
_KNOWN = _FROM_PRODUCTS.keys() | _WEIGHTS.keys() | _PER_HEAD.keys() | {"model"}
