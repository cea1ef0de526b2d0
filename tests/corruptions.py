"""A rebuild made wrong, one part of a family's config at a time: each must turn the verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from inspector.records import (
    Alibi,
    AttentionConfig,
    AttentionWeights,
    Buckets,
    Disentangled,
    Latent,
    Projection,
    Rope,
)

#: Takes one layer's weights and config, and gives back others.
Corruption = Callable[[AttentionWeights, AttentionConfig], tuple[AttentionWeights, AttentionConfig]]


def without_bias(projection: Projection) -> Projection:
    return Projection(projection.weight, None)


def swapped(projection: Projection) -> Projection:
    half = len(projection.weight) // 4
    order = np.r_[half : 2 * half, 0:half, 2 * half : 4 * half]
    return Projection(
        projection.weight[order], None if projection.bias is None else projection.bias[order]
    )


def without_weights(latent: Latent | None) -> Latent:
    assert latent is not None
    return replace(latent, norm=replace(latent.norm, weight=None))


def pairs_otherwise(config: AttentionConfig) -> Rope:
    assert config.rope is not None
    return replace(config.rope, interleaved=not config.rope.interleaved)


def without(
    part: str,
) -> Corruption:
    """Leave out one of the two terms of disentangled attention."""

    def corrupt(
        weights: AttentionWeights, config: AttentionConfig
    ) -> tuple[AttentionWeights, AttentionConfig]:
        assert weights.positions is not None
        cut: dict[str, Any] = {part: None}
        return replace(weights, positions=replace(weights.positions, **cut)), config

    return corrupt


def one_further(config: AttentionConfig) -> AttentionConfig:
    """Take every distance for the next one."""
    rule = config.positions
    if isinstance(rule, Disentangled):
        return replace(config, positions=replace(rule, span=rule.span - 1))
    if isinstance(rule, Buckets):
        return replace(config, positions=replace(rule, farthest=20))
    assert isinstance(rule, Alibi)
    return replace(config, positions=Alibi(rule.slopes[::-1]))


#: By name: weights and config of a layer, and what is made of them.
CORRUPTIONS: dict[str, Corruption] = {
    "scale": lambda w, d: (w, replace(d, scale=d.scale * 1.1)),
    "query's bias": lambda w, d: (replace(w, query=without_bias(w.query)), d),
    "two heads": lambda w, d: (replace(w, query=swapped(w.query), key=swapped(w.key)), d),
    "bound": lambda w, d: (w, replace(d, clip=None)),
    "mask": lambda w, d: (w, replace(d, causal=False)),
    "window": lambda w, d: (w, replace(d, window=None)),
    "norm": lambda w, d: (replace(w, norm=None), d),
    "query's norm": lambda w, d: (replace(w, query_norm=None), d),
    "rope": lambda w, d: (w, replace(d, rope=None)),
    "pairs": lambda w, d: (w, replace(d, rope=pairs_otherwise(d))),
    "turned dimensions": lambda w, d: (w, replace(d, rope=replace(d.rope, first=0))),  # type: ignore[type-var]
    "latent's norm": lambda w, d: (replace(w, key_latent=without_weights(w.key_latent)), d),
    "query's latent's norm": lambda w, d: (
        replace(w, query_latent=without_weights(w.query_latent)),
        d,
    ),
    "softcap": lambda w, d: (w, replace(d, softcap=None)),
    "positions": lambda w, d: (w, replace(d, positions=None)),
    "distances": lambda w, d: (w, one_further(d)),
    "distances' keys": without("key"),
    "distances' queries": without("query"),
    "distances' norm": without("norm"),
    "sink": lambda w, d: (replace(w, sink=None), d),
    "norm's bias": lambda w, d: (replace(w, norm=replace(w.norm, bias=None)), d),  # type: ignore[type-var]
}
#: Where there is something to leave out; what is not named here, always.
APPLIES: dict[str, Callable[[AttentionWeights, AttentionConfig], bool]] = {
    "query's bias": lambda w, _d: w.query.bias is not None,
    "bound": lambda _w, d: d.clip is not None,
    "mask": lambda _w, d: d.causal,
    "window": lambda _w, d: d.window is not None,
    "norm": lambda w, _d: w.norm is not None,
    "query's norm": lambda w, _d: w.query_norm is not None,
    "rope": lambda _w, d: d.rope is not None,
    "pairs": lambda _w, d: d.rope is not None and len(d.rope.frequencies) > 1,
    "turned dimensions": lambda _w, d: d.rope is not None and d.rope.first > 0,
    "latent's norm": lambda w, _d: w.key_latent is not None,
    "query's latent's norm": lambda w, _d: w.query_latent is not None,
    "softcap": lambda _w, d: d.softcap is not None,
    "positions": lambda _w, d: d.positions is not None,
    "distances": lambda _w, d: d.positions is not None,
    "distances' keys": lambda w, _d: w.positions is not None and w.positions.key is not None,
    "distances' queries": lambda w, _d: w.positions is not None and w.positions.query is not None,
    "distances' norm": lambda w, _d: w.positions is not None and w.positions.norm is not None,
    "sink": lambda w, _d: w.sink is not None,
    "norm's bias": lambda w, _d: w.norm is not None and w.norm.bias is not None,
}
