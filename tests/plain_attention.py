"""Attention from chosen ingredients by plain loops, and small layers to try it on."""

from __future__ import annotations

import math
from collections.abc import Set
from dataclasses import replace

import numpy as np

from inspector.records import (
    Bias,
    DistanceVectors,
    Projection,
    RebuiltLayer,
    Text,
    Token,
    Trace,
    TracedLayer,
)


def dot(first: np.ndarray, second: np.ndarray) -> float:
    return sum(float(a) * float(b) for a, b in zip(first, second, strict=True))


def added(layer: RebuiltLayer, head: int, query: int, key: int) -> float:
    """What positions add to one score; before the scale where it depends on the words."""
    bias = layer.bias
    assert bias is not None
    distance = key - query + layer.query.shape[1] - 1
    if bias.by_key is not None:
        return float(bias.by_key[head, key])
    if bias.by_distance is not None:
        return float(bias.by_distance[head, distance])
    assert bias.vectors is not None
    at = bias.vectors.rows[distance]
    assert bias.vectors.keys is not None
    assert bias.vectors.queries is not None
    offered = layer.key[head * len(layer.key) // len(layer.query), key]
    return dot(layer.query[head, query], bias.vectors.keys[head, at]) + dot(
        offered, bias.vectors.queries[head, at]
    )


def row(layer: RebuiltLayer, chosen: Set[str], head: int, query: int) -> list[float]:
    """One row of one head's weights."""
    heads, tokens, size = layer.query.shape
    width = layer.states.shape[1]
    scores = []
    placed = layer.bias is not None and {"learned", "position"} <= chosen
    used = [head] if "heads" in chosen else range(heads)
    for key in range(tokens):
        terms = [added(layer, h, query, key) for h in used] if placed else []
        if "learned" in chosen:
            shared = heads // len(layer.key)
            score = sum(dot(layer.query[h, query], layer.key[h // shared, key]) for h in used)
            dimensions = size * len(used)
        else:
            first, last = 0, width
            if "heads" in chosen and width % heads == 0:
                first, last = head * width // heads, (head + 1) * width // heads
            score = dot(layer.states[query, first:last], layer.states[key, first:last])
            dimensions = last - first
        by_words = layer.bias is not None and layer.bias.vectors is not None
        score += sum(terms) if by_words else 0
        if "scale" in chosen:
            score /= math.sqrt(dimensions)
        if {"learned", "dialect"} <= chosen:
            score *= layer.scale * math.sqrt(size)
        score += 0 if by_words or not placed else sum(terms) / len(terms)
        if "mask" in chosen and not layer.visible[query, key]:
            score = -math.inf
        scores.append(score)
    powers = [math.exp(score - max(scores)) for score in scores]
    total = sum(powers)
    if layer.sink is not None and {"learned", "dialect"} <= chosen:
        sink = sum(float(layer.sink[h]) for h in used) / len(used)
        total += math.exp(sink - max(scores))
    return [power / total for power in powers]


def divergence(p: list[float], q: list[float]) -> float:
    bits = 0.0
    for x, y in zip(p, q, strict=True):
        m = (x + y) / 2
        bits += (x * math.log2(x / m) if x else 0) / 2
        bits += (y * math.log2(y / m) if y else 0) / 2
    return bits


def small_layer(
    *,
    tokens: int = 4,
    heads: int = 2,
    kv_heads: int = 1,
    size: int = 3,
    width: int = 6,
    causal: bool = False,
    positions: str | None = None,
    sink: bool = False,
    stretch: float = 1.0,
    seed: int = 0,
) -> RebuiltLayer:
    """A layer whose attention is what all ingredients together make.

    ``positions`` is the field of ``Bias`` that it has, ``stretch`` what its scale has over 1/√d.
    """
    random = np.random.default_rng(seed)
    visible = (
        np.tril(np.ones((tokens, tokens), bool)) if causal else np.ones((tokens, tokens), bool)
    )
    layer = RebuiltLayer(
        site="self",
        layer=0,
        states=random.normal(size=(tokens, width)),
        query=random.normal(size=(heads, tokens, size)),
        key=random.normal(size=(kv_heads, tokens, size)),
        value=random.normal(size=(kv_heads, tokens, size)),
        scale=stretch * size**-0.5,
        visible=visible,
        attention=np.empty((heads, tokens, tokens)),
        output=np.zeros((tokens, width)),
        output_projection=Projection(np.eye(width, heads * size), None),
    )
    distances = 2 * tokens - 1
    parts: dict[str, Bias] = {
        "by_key": Bias(by_key=random.normal(size=(heads, tokens))),
        "by_distance": Bias(by_distance=random.normal(size=(heads, distances))),
        "vectors": Bias(
            vectors=DistanceVectors(
                rows=random.integers(0, 3, size=distances),
                keys=random.normal(size=(heads, 3, size)),
                queries=random.normal(size=(heads, 3, size)),
            )
        ),
    }
    layer = replace(
        layer,
        bias=parts[positions] if positions else None,
        sink=random.normal(size=heads) if sink else None,
    )
    everything = {"learned", "heads", "scale", "mask", "position", "dialect"}
    for head in range(heads):
        for query in range(tokens):
            layer.attention[head, query] = row(layer, everything, head, query)
    return layer


def trace_of(*layers: RebuiltLayer) -> Trace:
    """A trace in which the model's attention is the layers' own."""
    tokens = layers[0].attention.shape[1]
    text = Text.of(tuple(Token(i, "a", i, False, 0, None) for i in range(tokens)), "")
    captured = tuple(
        TracedLayer("self", place, layer.states, layer.attention, None)
        for place, layer in enumerate(layers)
    )
    return Trace(text, captured)
