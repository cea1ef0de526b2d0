"""The attention weights, copied out of the loaded checkpoint as NumPy before the model runs."""

from __future__ import annotations

from typing import Any

import numpy as np

from inspector.attention.families.spec import Family
from inspector.records import AttentionWeights, Projection


def copy_weights(model: Any, family: Family, layers: int) -> tuple[AttentionWeights, ...]:
    """Copy every layer's four projections, (out, in) float32, by the family's module paths.

    Raises
    ------
    AttributeError
        When the family's row names a module that the model does not have.
    """
    return tuple(
        AttentionWeights(
            query=_copy(model, f"{layer}.{family.query}"),
            key=_copy(model, f"{layer}.{family.key}"),
            value=_copy(model, f"{layer}.{family.value}"),
            output=_copy(model, f"{layer}.{family.output}"),
        )
        for layer in (family.layer.format(i=i) for i in range(layers))
    )


def _copy(model: Any, path: str) -> Projection:
    module = model.get_submodule(path)
    bias = module.bias
    return Projection(
        weight=np.array(module.weight.detach().cpu().numpy(), copy=True),
        bias=None if bias is None else np.array(bias.detach().cpu().numpy(), copy=True),
    )
