"""What a model calls its attention must be attention: checked once, where it is captured.

A matrix a head, with a row for each token that asks and a column for each that is listened to; its
numbers finite and not negative; its rows summing to 1, or to less where the family has a sink.
Some models give something else under that name: the columns of a window, numbers from before the
softmax, a rest of it.
"""

from __future__ import annotations

import numpy as np

from inspector.errors import ModelError
from inspector.plain import layer_name
from inspector.records import Array, SiteName, TracedLayer

#: How far a row may be from 1, and a weight below 0, in float32.
_NEAR = 1e-3
_BELOW = -1e-6
_HINT = "Choose a model whose attention is one number for each pair of tokens; see inspect models."


def refuse_no_attention(
    named: str,
    site: SiteName,
    layer: int,
    attention: Array,
    shape: tuple[int, int],
    *,
    sinks: bool,
) -> None:
    """Refuse what is not the attention, (H, T, S), of ``shape`` = (T, S) tokens.

    ``named`` is what the model is called in a sentence, and ``sinks`` says that a sink may take
    its share of a row.

    Raises
    ------
    ModelError
        With what the model gave instead.
    """
    where = f"{named} gives in {layer_name(site, layer)}"
    if attention.ndim != len(("heads", *shape)) or attention.shape[1:] != shape:
        sides = " × ".join(map(str, attention.shape))
        raise ModelError(
            f"What {where} is no attention between its tokens: {sides} numbers, "
            f"and there are {shape[0]} × {shape[1]} pairs of tokens.",
            _HINT,
        )
    if not np.isfinite(attention).all():
        raise ModelError(
            f"The attention that {where} is not finite: the model's numbers overflow.",
            "Use a checkpoint whose weights are of a usual size.",
        )
    if (lowest := float(attention.min())) < _BELOW:
        raise ModelError(
            f"What {where} is no attention: it goes down to {lowest:.3g}, below zero.", _HINT
        )
    sums = attention.sum(axis=-1)
    low, high = float(sums.min()), float(sums.max())
    if high > 1 + _NEAR or (low < 1 - _NEAR and not sinks):
        raise ModelError(
            f"What {where} is no attention: its rows sum to between {low:.3g} and {high:.3g}, "
            "and not to 1.",
            _HINT,
        )


def refuse_not_finite(named: str, layer: TracedLayer, mixed: Array | None) -> None:
    """Refuse a layer whose numbers overflow: what enters it, what its attention gives.

    ``mixed`` is A·V where the model let itself be watched.

    Raises
    ------
    ModelError
        When there is NaN or an infinity among them.
    """
    where = layer_name(layer.site, layer.layer)
    for what, numbers in (
        ("The state that enters", layer.hidden),
        ("What the attention gives in", layer.output),
        ("What the attention gives in", mixed),
    ):
        if numbers is not None and not np.isfinite(numbers).all():
            raise ModelError(
                f"{what} {where} of {named} is not finite: the model's numbers overflow.",
                "Use a checkpoint whose weights are of a usual size.",
            )
