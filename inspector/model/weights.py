"""The attention weights, copied out of the loaded checkpoint as NumPy before the model runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from inspector.attention.families.spec import Family
from inspector.records import Array, AttentionWeights, Norm, Projection


def copy_weights(model: Any, family: Family) -> tuple[AttentionWeights, ...]:
    """Copy every layer's projections, (out, in) float32, and norm, by the family's module paths.

    Raises
    ------
    AttributeError
        When the family's row names a module that the model does not have.
    """
    paths = [family.layer_path(model.config, i) for i in range(int(model.config.num_hidden_layers))]
    copied = {
        path: _layer(model, model.get_submodule(path), family) for path in dict.fromkeys(paths)
    }
    return tuple(copied[path] for path in paths)


def _layer(model: Any, layer: Any, family: Family) -> AttentionWeights:
    norm = family.norm_path(model.config)
    if family.fused:
        query, key, value = _thirds(_projection(layer.get_submodule(family.fused), family))
    else:
        query, key, value = (
            _projection(layer.get_submodule(path), family)
            for path in (family.query, family.key, family.value)
        )
    return AttentionWeights(
        query=query,
        key=key,
        value=value,
        output=_projection(layer.get_submodule(family.output), family),
        norm=None if norm is None else _norm(layer.get_submodule(norm)),
    )


def _projection(module: Any, family: Family) -> Projection:
    weight = _copy(module.weight)
    return Projection(
        weight=np.ascontiguousarray(weight.T) if family.conv1d else weight,
        bias=None if module.bias is None else _copy(module.bias),
    )


def _thirds(fused: Projection) -> tuple[Projection, ...]:
    """Part a projection whose output is all queries, then all keys, then all values."""
    biases = (None,) * 3 if fused.bias is None else np.split(fused.bias, 3)
    return tuple(
        Projection(weight, bias)
        for weight, bias in zip(np.split(fused.weight, 3), biases, strict=True)
    )


def _norm(module: Any) -> Norm:
    return Norm(
        weight=None if module.weight is None else _copy(module.weight),
        bias=None if module.bias is None else _copy(module.bias),
        eps=float(module.eps),
    )


def _copy(parameter: torch.Tensor) -> Array:
    return np.array(parameter.detach().cpu().numpy(), copy=True)
