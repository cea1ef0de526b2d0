"""What a family's row and a config together make of every layer's attention: its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector.families.position_numbers import frequencies, slopes
from inspector.families.spec import Family
from inspector.records import (
    Alibi,
    AttentionConfig,
    Buckets,
    Disentangled,
    PositionRule,
    Rope,
)


def attention_config(family: Family, config: Any, layer: int) -> AttentionConfig:
    """Read the numbers of one layer's attention from a config."""
    heads, kv_heads, size = sizes(family, config)
    softcap = getattr(config, family.softcap) if family.softcap else None
    return AttentionConfig(
        heads=heads,
        kv_heads=kv_heads,
        head_dim=size,
        scale=_scale(family, config, layer, size),
        causal=family.is_causal(config),
        window=_window(family, config, layer),
        rope=_rope(family, config, layer, size),
        positions=_positions(family, config),
        softcap=None if softcap is None else float(softcap),
        # Sines are taken in float32 whatever the model runs in, and those of two libraries differ
        # in the last digit: scores are off by as much as where the softmax is taken in it.
        float32_softmax=family.float32_softmax or family.turns(config),
        # With sinks the softmax is taken as the model runs, and only a norm in float32.
        rounds_scores=family.float32_softmax and not family.sinks,
    )


def _scale(family: Family, config: Any, layer: int, head_dim: int) -> float:
    if family.scale == "one":
        return 1.0
    if family.scale == "scalar":
        return float(config.query_pre_attn_scalar**-0.5)
    if family.scale == "terms":
        # The root is taken in float32, whatever the model runs in.
        return 1 / float(np.sqrt(np.float32(head_dim * (1 + len(family.terms(config))))))
    scale: float = head_dim**-0.5
    if family.scale == "gpt2":
        if not config.scale_attn_weights:
            scale = 1.0
        if config.scale_attn_by_inverse_layer_idx:
            scale /= layer + 1
    return scale


def _window(family: Family, config: Any, layer: int) -> int | None:
    if family.window is None:
        return None
    if family.window == "gpt_neo":
        return int(config.window_size) if config.attention_layers[layer] == "local" else None
    near = family.window == "all" or config.layer_types[layer] == "sliding_attention"
    if not near or config.sliding_window is None:
        return None
    # Both ways transformers counts the tokens on either side, without the word itself.
    return int(config.sliding_window) + (family.window == "both")


def _rope(family: Family, config: Any, layer: int, head_dim: int) -> Rope | None:
    if not family.turns(config):
        return None
    # SmolLM3 leaves positions out of some layers.
    spared = family.read(config, "no_rope_layers")
    if spared and not spared[layer]:
        return None
    parameters = rope_parameters(family, config)
    of_layer = parameters[layer if len(parameters) > 1 else 0]
    size = int(family.read(config, "rotary_dim") or head_dim * _turned_share(family, of_layer))
    return Rope(*frequencies(of_layer, size), interleaved=family.rope == "interleaved")


def _positions(family: Family, config: Any) -> PositionRule | None:
    heads, _, _ = sizes(family, config)
    if family.added is None:
        return None
    if family.added.kind == "alibi":
        return Alibi(slopes(heads))
    if family.added.kind == "buckets":
        return Buckets(
            count=int(config.relative_attention_num_buckets),
            farthest=int(getattr(config, "relative_attention_max_distance", 128)),
            both_ways=family.added.both_ways,
        )
    if family.position_paths(config) is None:
        return None
    farthest = int(getattr(config, "max_relative_positions", -1))
    if farthest < 1:
        farthest = int(config.max_position_embeddings)
    grouped = int(getattr(config, "position_buckets", -1)) if family.added.in_buckets else -1
    if grouped > 0:
        return Disentangled(heads, grouped, farthest)
    return Disentangled(heads, farthest, None)


def fused_rows(family: Family, config: Any) -> tuple[NDArray[np.intp], ...]:
    """Return which rows of the fused projection are the queries, the keys and the values."""
    heads, kv_heads, size = sizes(family, config)
    rows = np.arange((heads + 2 * kv_heads) * size)
    if family.layout == "groups":
        queries = heads // kv_heads * size
        groups = rows.reshape(kv_heads, -1)
        q, k, v = np.split(groups, [queries, queries + size], axis=1)
        return q.reshape(-1), k.reshape(-1), v.reshape(-1)
    q, k, v = np.split(rows, [heads * size, (heads + kv_heads) * size])
    return q, k, v


def rope_parameters(family: Family, config: Any) -> list[Mapping[str, Any]]:
    """Return what turns positions: one for all layers, or one for each."""
    if not family.turns(config):
        return []
    theta = family.read(config, "rope_theta") or 10000.0
    parameters = getattr(config, "rope_parameters", None) or {"rope_theta": theta}
    if "rope_theta" in parameters:
        return [parameters]
    return [parameters[kind] for kind in config.layer_types]


def sizes(family: Family, config: Any) -> tuple[int, int, int]:
    """Return the heads of queries, the heads of keys and values, and the size of one."""
    heads = int(getattr(config, family.heads))
    kv_heads = int(family.read(config, "num_key_value_heads") or heads)
    if "multi_query" in family.reads:  # Falcon's way of saying so
        several = config.new_decoder_architecture or not config.multi_query
        kv_heads = int(config.num_kv_heads) if several else 1
    size = int(family.read(config, "head_dim") or config.hidden_size // heads)
    return heads, kv_heads, size


def _turned_share(family: Family, parameters: Mapping[str, Any]) -> float:
    """Return which share of a head's dimensions positions turn."""
    if "partial_rotary_factor" not in family.reads:
        return 1.0
    return float(parameters.get("partial_rotary_factor") or 1.0)
