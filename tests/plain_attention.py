"""Attention from chosen ingredients by plain loops, and small layers to try it on."""

from __future__ import annotations

import math
from collections.abc import Set

import numpy as np

from inspector.records import CapturedLayer, ModelInfo, Projection, RebuiltLayer, Run, Text, Token


def dot(first: np.ndarray, second: np.ndarray) -> float:
    return sum(float(a) * float(b) for a, b in zip(first, second, strict=True))


def row(layer: RebuiltLayer, chosen: Set[str], head: int, query: int) -> list[float]:
    """One row of one head's weights."""
    heads, tokens, size = layer.query.shape
    width = layer.states.shape[1]
    scores = []
    for key in range(tokens):
        if "learned" in chosen:
            shared = heads // len(layer.key)
            used = [head] if "heads" in chosen else range(heads)
            score = sum(dot(layer.query[h, query], layer.key[h // shared, key]) for h in used)
            dimensions = size * len(used)
        else:
            first, last = 0, width
            if "heads" in chosen and width % heads == 0:
                first, last = head * width // heads, (head + 1) * width // heads
            score = dot(layer.states[query, first:last], layer.states[key, first:last])
            dimensions = last - first
        if "scale" in chosen:
            score /= math.sqrt(dimensions)
        if "mask" in chosen and not layer.visible[query, key]:
            score = -math.inf
        scores.append(score)
    powers = [math.exp(score - max(scores)) for score in scores]
    return [power / sum(powers) for power in powers]


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
    seed: int = 0,
) -> RebuiltLayer:
    """A layer whose attention is what all ingredients together make."""
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
        scale=size**-0.5,
        visible=visible,
        attention=np.empty((heads, tokens, tokens)),
        output=np.zeros((tokens, width)),
        output_projection=Projection(np.eye(width, heads * size), None),
    )
    everything = {"learned", "heads", "scale", "mask"}
    for head in range(heads):
        for query in range(tokens):
            layer.attention[head, query] = row(layer, everything, head, query)
    return layer


def run_of(*layers: RebuiltLayer) -> Run:
    """A run in which the model's attention is the layers' own."""
    heads, tokens, _ = layers[0].attention.shape
    text = Text("", None, tuple(Token(i, "a", i, False, 0, None) for i in range(tokens)), None)
    captured = tuple(
        CapturedLayer("self", place, layer.states, layer.attention, None)
        for place, layer in enumerate(layers)
    )
    info = ModelInfo("m", "m", "m", len(layers), heads, layers[0].states.shape[1], None, None)
    return Run(info, text, captured, None, None, None)
