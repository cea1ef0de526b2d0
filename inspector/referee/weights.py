"""What attention is rebuilt from, copied out of the loaded model as NumPy before it runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from inspector.families.spec import Family
from inspector.records import (
    Array,
    AttentionLayer,
    AttentionWeights,
    Norm,
    PositionWeights,
    Projection,
)


def attention_layers(model: Any, family: Family) -> tuple[AttentionLayer, ...]:
    """Copy the projections, (out, in) float32, and norms of every layer, site after site.

    They are found by the family's module paths, and come with the numbers of the config.

    Raises
    ------
    AttributeError
        When the family's row names a module that the model does not have.
    """
    return tuple(
        AttentionLayer(weights, config)
        for site in family.sites
        for weights, config in zip(
            _site(model, site), site.attention_configs(model.config), strict=True
        )
    )


def _site(model: Any, family: Family) -> list[AttentionWeights]:
    paths = family.layer_paths(model.config)
    copied = {
        path: _layer(model, model.get_submodule(path), family) for path in dict.fromkeys(paths)
    }
    return [copied[path] for path in paths]


def _layer(model: Any, layer: Any, family: Family) -> AttentionWeights:
    config = model.config
    query_norm, key_norm = family.head_norm_paths(config) or (None, None)
    if family.fused:
        fused = _projection(layer.get_submodule(family.fused), family)
        query, key, value = _part(fused, family.fused_rows(config))
    else:
        query, key, value = (
            _projection(layer.get_submodule(path), family)
            for path in (family.query, family.key, family.value)
        )
    return AttentionWeights(
        query=_with_bias(query, layer, family.query_bias),
        key=key,
        value=_with_bias(value, layer, family.value_bias),
        output=_projection(layer.get_submodule(family.output), family),
        norm=_norm(layer, family.norm_path(config), family),
        query_norm=_norm(layer, query_norm, family),
        key_norm=_norm(layer, key_norm, family),
        positions=_positions(model, layer, family),
        sink=_copy(layer.get_parameter(family.sinks)) if family.sinks else None,
    )


def _positions(model: Any, layer: Any, family: Family) -> PositionWeights | None:
    if (paths := family.position_paths(model.config)) is None:
        return None
    table, norm, key, query = paths
    return PositionWeights(
        _copy(model.get_submodule(table).weight),
        _norm(model, norm, family),
        *(
            _projection(layer.get_submodule(path), family) if path else None
            for path in (key, query)
        ),
    )


def _with_bias(projection: Projection, layer: Any, path: str) -> Projection:
    """Give a projection a bias that the layer keeps apart from it, where there is one."""
    if not path:
        return projection
    return replace(projection, bias=_copy(layer.get_parameter(path)))


def _projection(module: Any, family: Family) -> Projection:
    weight = _copy(module.weight)
    return Projection(
        weight=np.ascontiguousarray(weight.T) if family.conv1d else weight,
        bias=None if module.bias is None else _copy(module.bias),
    )


def _part(fused: Projection, rows: tuple[NDArray[np.intp], ...]) -> tuple[Projection, ...]:
    """Part a projection by which rows of its output are the queries, keys and values."""
    return tuple(
        Projection(fused.weight[part], None if fused.bias is None else fused.bias[part])
        for part in rows
    )


def _norm(layer: Any, path: str | None, family: Family) -> Norm | None:
    if path is None:
        return None
    module = layer.get_submodule(path)
    if isinstance(module, torch.nn.Identity):
        return None
    # One norm for each head: their weights side by side, (H, 1, d), meet vectors (H, T, d).
    if (each := getattr(module, "norms", None)) is not None:
        weight: Array | None = np.stack([_copy(one.weight) for one in each])[:, None]
        return Norm(weight, None, float(each[0].eps), centred=True)
    weight = None if module.weight is None else _copy(module.weight)
    if weight is not None and family.norm_kind == "rms+1":
        weight = 1 + weight
    bias = getattr(module, "bias", None)
    return Norm(
        weight=weight,
        bias=None if bias is None else _copy(bias),
        eps=float(module.variance_epsilon if hasattr(module, "variance_epsilon") else module.eps),
        centred=family.norm_kind == "layer",
    )


def _copy(parameter: torch.Tensor) -> Array:
    return np.array(parameter.detach().cpu().numpy(), copy=True)
