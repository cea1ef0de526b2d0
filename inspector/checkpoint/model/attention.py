"""What every layer's attention is rebuilt from, out of the checkpoint's tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector.checkpoint.model.latent import latent_weights
from inspector.checkpoint.model.modules import Modules
from inspector.families.attention_numbers import attention_config, fused_rows
from inspector.families.spec import Family
from inspector.records import (
    Array,
    AttentionLayer,
    AttentionWeights,
    Norm,
    PositionWeights,
    Projection,
    Rope,
)


def attention_layers(
    tensors: Mapping[str, Array], family: Family, config: Any, title: str
) -> tuple[AttentionLayer, ...]:
    """Return the projections, norms and numbers of every layer, site after site, in float32.

    They are found by the family's module paths; layers that share a module share the weights.

    Raises
    ------
    ModelError
        When the family's row names a tensor that the file lacks.
    """
    found: list[AttentionLayer] = []
    for site in family.sites:
        own = site.own(config)
        modules = Modules(tensors, site, own, title)
        shared: dict[str, AttentionLayer] = {}
        for layer, path in enumerate(site.layer_paths(own)):
            built = attention_layer(modules, site, own, layer)
            first = shared.setdefault(path, built)
            found.append(replace(built, weights=first.weights))
    return tuple(found)


def attention_layer(modules: Modules, family: Family, config: Any, layer: int) -> AttentionLayer:
    """Return one layer's attention at the site of a row."""
    at = family.layer_paths(config)[layer]
    numbers = attention_config(family, config, layer)
    if (rope := numbers.rope) is not None:
        numbers = replace(numbers, rope=_as_filed(rope, modules, family, layer))
    together = family.fused
    if family.filed_fused and modules.has(f"{at}.{family.filed_fused}.weight"):
        together = family.filed_fused
    latent: dict[str, Any] = {}
    if family.latent:
        (query, key, value), latent = latent_weights(modules, family.latent, config, at)
    elif together:
        fused = modules.projection(f"{at}.{together}")
        query, key, value = _part(fused, fused_rows(family, config))
    elif family.keys_values:
        query = modules.projection(f"{at}.{family.query}")
        key, value = _halves(modules.projection(f"{at}.{family.keys_values}"))
    else:
        query, key, value = (
            modules.projection(f"{at}.{path}") for path in (family.query, family.key, family.value)
        )
    norm = family.norm_path(config, layer)
    head_norms = family.head_norm_paths(config)
    weights = AttentionWeights(
        query=_with_bias(query, modules, at, family.query_bias),
        key=key,
        value=_with_bias(value, modules, at, family.value_bias),
        output=modules.projection(f"{at}.{family.output}"),
        norm=modules.norm(f"{at}.{norm}") if norm else None,
        query_norm=_head_norm(modules, at, head_norms and head_norms[0], numbers.heads),
        key_norm=_head_norm(modules, at, head_norms and head_norms[1], numbers.kv_heads),
        positions=_positions(modules, at, family, config, layer),
        sink=modules.tensor(f"{at}.{family.sinks}") if family.sinks else None,
        **latent,
    )
    return AttentionLayer(weights, numbers)


def _as_filed(rope: Rope, modules: Modules, family: Family, layer: int) -> Rope:
    """Take the speeds of positions, or their sines, as the file has them, where it has them.

    There they may have been rounded.
    """
    filed = (modules.optional(name.format(i=layer)) for name in family.rope_speeds)
    speeds = next((one for one in filed if one is not None), rope.frequencies)
    table = modules.tensor(f"{family.rope_table}.weight") if family.rope_table else None
    return replace(rope, frequencies=speeds, table=table)


def _head_norm(modules: Modules, at: str, path: str | None, heads: int) -> Norm | None:
    return modules.head_norm(f"{at}.{path}", heads) if path else None


def _positions(
    modules: Modules, at: str, family: Family, config: Any, layer: int
) -> PositionWeights | None:
    if (paths := family.position_paths(config)) is None:
        return None
    table, norm, key, query = paths
    return PositionWeights(
        modules.tensor(f"{table.format(i=layer)}.weight"),
        modules.norm(norm) if norm else None,
        *(modules.projection(f"{at}.{path}") if path else None for path in (key, query)),
    )


def _with_bias(projection: Projection, modules: Modules, at: str, path: str) -> Projection:
    """Give a projection a bias that the layer keeps apart from it, where there is one."""
    return replace(projection, bias=modules.tensor(f"{at}.{path}")) if path else projection


def _part(
    fused: Projection, rows: tuple[NDArray[np.intp], ...]
) -> tuple[Projection, Projection, Projection]:
    """Part a projection by which rows of its output are the queries, keys and values."""
    query, key, value = (
        Projection(fused.weight[some], None if fused.bias is None else fused.bias[some])
        for some in map(_together, rows)
    )
    return query, key, value


def _halves(fused: Projection) -> tuple[Projection, Projection]:
    """Part a projection into the first half of its output, the keys, and the second, the values."""
    half = len(fused.weight) // 2
    key, value = (
        Projection(fused.weight[rows], None if fused.bias is None else fused.bias[rows])
        for rows in (slice(0, half), slice(half, None))
    )
    return key, value


def _together(rows: NDArray[np.intp]) -> slice | NDArray[np.intp]:
    """Return rows that follow one another as a slice, which needs no copy."""
    first, last = int(rows[0]), int(rows[-1])
    return slice(first, last + 1) if last - first + 1 == len(rows) else rows
