"""What a family's row and a config together make of every layer's attention: its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector.families.position_numbers import beyond, frequencies, sharpened, slopes
from inspector.families.spec import Family
from inspector.records import (
    Alibi,
    AttentionConfig,
    Buckets,
    Disentangled,
    PositionRule,
    Rope,
)

#: On how many processors CodeGen was trained, each with its own part of the heads.
_SHARDS = 4


def attention_config(family: Family, config: Any, layer: int) -> AttentionConfig:
    """Read the numbers of one layer's attention from a config."""
    config = family.own(config)
    heads, kv_heads, size = sizes(family, config)
    return AttentionConfig(
        heads=heads,
        kv_heads=kv_heads,
        head_dim=size,
        scale=_scale(family, config, layer, size),
        clip=_number(said(config, family.clip, None)) if family.clip else None,
        norms_over_all=family.head_norms_over == "all",
        norms_behind_rope=family.head_norms_behind_rope,
        causal=family.is_causal(config),
        window=_window(family, config, layer),
        rope=_rope(family, config, layer, size),
        turns_values=bool(family.read(config, "rotary_value")),
        positions=_positions(family, config),
        softcap=_number(getattr(config, family.softcap)) if family.softcap else None,
        # Sines are taken in float32 whatever the model runs in, and those of two libraries differ
        # in the last digit: scores are off by as much as where the softmax is taken in it.
        float32_softmax=family.float32_softmax or family.turns(config),
        # With sinks the softmax is taken as the model runs, and only a norm in float32.
        rounds_scores=family.float32_softmax and not family.sinks,
    )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _scale(family: Family, config: Any, layer: int, head_dim: int) -> float:
    if family.scale == "one":
        return 1.0
    if family.scale == "scalar":
        return float(config.query_pre_attn_scalar**-0.5)
    if family.scale == "multiplier":
        return float(config.attention_multiplier)
    if family.scale == "terms":
        # The root is taken in float32, whatever the model runs in.
        return 1 / float(np.sqrt(np.float32(head_dim * (1 + len(family.terms(config))))))
    scale: float = head_dim**-0.5
    if family.scale == "yarn":
        scale *= sharpened(rope_parameters(family, config)[0]) ** 2
    if family.scale == "gpt2":
        if not config.scale_attn_weights:
            scale = 1.0
        if family.read(config, "scale_attn_by_inverse_layer_idx"):
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
    windowed = family.rope_if_near and config.sliding_window is not None
    if windowed and config.layer_types[layer] != "sliding_attention":
        return None
    # SmolLM3 leaves positions out of some layers.
    spared = family.read(config, "no_rope_layers")
    if spared and not spared[layer]:
        return None
    parameters = rope_parameters(family, config)
    of_layer = parameters[layer if len(parameters) > 1 else 0]
    size = turned_size(family, config, of_layer)
    longest = getattr(config, "max_position_embeddings", None)
    return Rope(
        *frequencies(of_layer, size, longest),
        interleaved=family.rope == "interleaved"
        and family.read(config, "rope_interleave") is not False,
        in_float32=family.float32_rope,
        beyond=beyond(of_layer, size, longest),
        first=head_dim - size if family.latent else 0,
    )


def _positions(family: Family, config: Any) -> PositionRule | None:
    heads, _, _ = sizes(family, config)
    if family.added is None:
        return None
    if family.added.kind == "alibi":
        from_end = family.added.from_end
        return Alibi(slopes(heads, at_once=from_end), from_end=from_end)
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
    if family.layout == "shards":
        shards = rows.reshape(_SHARDS, 3, -1)
        return shards[:, 0].reshape(-1), shards[:, 2].reshape(-1), shards[:, 1].reshape(-1)
    q, k, v = np.split(rows, [heads * size, (heads + kv_heads) * size])
    return q, k, v


def rope_parameters(family: Family, config: Any) -> list[Mapping[str, Any]]:
    """Return what turns positions: one for all layers, or one for each."""
    if not family.turns(config):
        return []
    config = family.own(config)
    theta = family.read(config, "rope_theta") or 10000.0
    parameters = getattr(config, "rope_parameters", None) or {"rope_theta": theta}
    if "rope_theta" in parameters:
        return [_at_once(family, config, parameters)]
    return [parameters[kind] for kind in config.layer_types]


def _at_once(family: Family, config: Any, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return HunYuan's scaling, called dynamic, as what it is: another base, whatever the text."""
    alpha = parameters.get("alpha") if "alpha" in family.reads else None
    if not alpha or parameters.get("rope_type") != "dynamic":
        return parameters
    _, _, size = sizes(family, config)
    # A single pair's speed is 1 whatever the base.
    with np.errstate(over="ignore"):
        theta = parameters["rope_theta"] * np.float64(alpha) ** (size / max(size - 2, 1))
    return {"rope_type": "default", "rope_theta": theta}


def rope_windows(family: Family, config: Any) -> tuple[int, ...]:
    """Return the lengths of a text above which its tokens are turned with other speeds."""
    found = [
        beyond(
            parameters,
            turned_size(row, config, parameters),
            getattr(row.own(config), "max_position_embeddings", None),
        )
        for row in family.sites
        for parameters in rope_parameters(row, config)
    ]
    return tuple(sorted({one.window for one in found if one is not None}))


def said(config: Any, name: str, otherwise: object) -> Any:
    """Return a value of a config, or of one within it, which a file has as an object."""
    for part in name.split("."):
        config = (
            config.get(part, otherwise)
            if isinstance(config, dict)
            else getattr(config, part, otherwise)
        )
    return config


def sizes(family: Family, config: Any) -> tuple[int, int, int]:
    """Return the heads of queries, the heads of keys and values, and the size of one."""
    config = family.own(config)
    heads = int(getattr(config, family.heads))
    kv_heads = int(family.read(config, "num_key_value_heads") or heads)
    if "multi_query" in family.reads:  # Falcon's way of saying so
        several = config.new_decoder_architecture or not config.multi_query
        kv_heads = int(config.num_kv_heads) if several else 1
    size = int(family.read(config, "head_dim") or config.hidden_size // heads)
    if family.latent:
        size = int(config.qk_nope_head_dim) + int(config.qk_rope_head_dim)
    return heads, kv_heads, size


def turned_size(family: Family, config: Any, parameters: Mapping[str, Any]) -> int:
    """Return how many of a head's dimensions positions turn."""
    config = family.own(config)
    if family.latent:
        return int(config.qk_rope_head_dim)
    if of_its_own := family.read(config, "rotary_dim"):
        return int(of_its_own)
    _, _, size = sizes(family, config)
    if "partial_rotary_factor" not in family.reads:
        return size
    return int(size * float(parameters.get("partial_rotary_factor") or 1.0))
