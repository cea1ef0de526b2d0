"""The attention of each layer, told of while the model runs.

Where a family routes its attention through transformers' interface, ``attention_hook.py`` knows the
weights and values of each layer as they are made. Families outside the interface, whose row says
where their values are made, give the weights of all layers behind the forward, and these are
dropped with the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import numpy as np
import torch

from inspector.families.attention_numbers import fused_rows
from inspector.forward.core import visible
from inspector.forward.positions import rotate
from inspector.record import record
from inspector.referee.attention_hook import Call, listening
from inspector.referee.loading import LoadedModel


@record(frozen=True, slots=True)
class Layer:
    """One layer's attention as it is seen while the model runs."""

    #: (B, H, T, S) weights, and the (B, KV, S, d) values that they mix.
    attention: torch.Tensor
    value: torch.Tensor | None
    #: The mask as the model used it, (B or 1, 1, T, S): boolean, or added to the scores; None where
    #: a query may attend to all real keys.
    mask: torch.Tensor | None
    #: Whether a sink took its share of every row and was dropped.
    sink: bool


def seen_through(mask: torch.Tensor) -> torch.Tensor:
    """Return (B or 1, T, S), True where a query may attend to a key: one mask serves all heads."""
    allowed = mask if mask.dtype == torch.bool else mask > torch.finfo(mask.dtype).min / 2
    return allowed[:, 0]


def through_the_interface(
    model: Any, inputs: dict[str, torch.Tensor], listen: Callable[[Layer], None]
) -> None:
    """Run a family whose attention goes through transformers' interface, and tell of each call."""

    def tell(call: Call) -> None:
        listen(Layer(call.attention, call.value, call.mask, call.options.get("s_aux") is not None))

    with listening(model, tell):
        model(**inputs)


def through_hooks(
    loaded: LoadedModel,
    model: Any,
    inputs: dict[str, torch.Tensor],
    listen: Callable[[Layer], None],
) -> None:
    """Run a registered family that goes past the interface, and tell of its own weights.

    ``model`` is the loaded one, or a copy of it that computes in another dtype.
    """
    family, layers = loaded.family, loaded.checkpoint.attention
    assert family is not None  # noqa: S101 - others were refused
    assert layers is not None  # noqa: S101
    path = family.fused or family.value
    rows = torch.from_numpy(fused_rows(family, model.config)[2]) if family.fused else None
    made: list[torch.Tensor] = []
    with ExitStack() as hooks:
        for layer in dict.fromkeys(family.layer_paths(model.config)):
            hooks.enter_context(
                model.get_submodule(layer)
                .get_submodule(path)
                .register_forward_hook(lambda _module, _given, result: made.append(result))
            )
        outputs = model(**inputs, output_attentions=True)
    real = inputs["attention_mask"].bool()
    masks: dict[int | None, torch.Tensor] = {}
    for weights, result, known in zip(outputs.attentions, made, layers, strict=True):
        config = known.config
        merged = result if rows is None else result[..., rows.to(result.device)]
        size = (*merged.shape[:2], config.kv_heads, config.head_dim)
        value = merged.reshape(size).transpose(1, 2)
        if config.turns_values and config.rope is not None:
            turned = [rotate(one.cpu().numpy(), config.rope) for one in value]
            value = torch.from_numpy(np.stack(turned)).to(value.device)
        if config.window not in masks:
            mask = torch.from_numpy(visible(config, real.shape[1])).to(real.device)
            masks[config.window] = (mask & real[:, None, :])[:, None]
        sink = known.weights.sink is not None
        listen(Layer(weights, value, masks[config.window], sink))
