"""One pass through the real model, with everything the other rooms need copied out as NumPy.

The attention weights are the model's own, asked for with ``output_attentions=True``. A layer's
input and the attention sub-layer's output are read by hooks on the modules that the family's row
names; they are set last, so that they see what the module really takes and gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from typing import Any

import numpy as np
import torch

from inspector.attention.families.spec import Family
from inspector.errors import MachineError, ModelError
from inspector.model.loading import LoadedModel
from inspector.model.quiet import quiet
from inspector.model.text import EncodedText, window
from inspector.records import Array, CapturedLayer, ModelInfo, Run

#: Dimensions of a layer's attention weights: batch, heads, queries, keys.
_MATRICES = 4


def capture(loaded: LoadedModel, encoded: EncodedText) -> Run:
    """Run the model once, in float32 on its device.

    Raises
    ------
    ModelError
        When the model gives no attention weights.
    MachineError
        When memory runs out.
    """
    return _capture(loaded, loaded.model, encoded)


def capture_float64(loaded: LoadedModel, encoded: EncodedText) -> Run:
    """Run a float64 copy of the model on the CPU, hooks included, for the arbitration."""
    exact = deepcopy(loaded.model).cpu().double()
    # The fast way through a mixture of experts knows no float64.
    if getattr(exact.config, "num_local_experts", None):
        exact.set_experts_implementation("eager")
    return _capture(loaded, exact, encoded)


def _capture(loaded: LoadedModel, model: Any, encoded: EncodedText) -> Run:
    inputs = {name: tensor.to(model.device) for name, tensor in encoded.inputs.items()}
    with _watch(model, loaded.family) as seen, torch.inference_mode(), quiet():
        try:
            outputs = model(**inputs, output_attentions=True, output_hidden_states=True)
        except (MemoryError, RuntimeError) as error:
            if not _out_of_memory(error):
                raise
            raise MachineError(
                f"There is not enough memory for {len(encoded.text.tokens)} tokens.",
                "Give a shorter text.",
            ) from error
    attentions = _attentions(outputs, loaded)
    if loaded.family is None:
        hidden = [_numpy(states) for states in outputs.hidden_states[: len(attentions)]]
        results: list[Array | None] = [None] * len(attentions)
    else:
        hidden = seen["hidden"]
        results = list(seen["output"])
    layers = tuple(
        CapturedLayer("self", layer, *tensors)
        for layer, tensors in enumerate(zip(hidden, attentions, results, strict=True))
    )
    return Run(
        model=ModelInfo(
            name=loaded.name,
            title=loaded.title,
            family=model.config.model_type,
            layers=len(layers),
            heads=len(layers[0].attention),
            width=hidden[0].shape[1],
            window=window(loaded.tokenizer, model.config),
            sha256=loaded.sha256,
        ),
        text=encoded.text,
        layers=layers,
        weights=loaded.weights,
        dialects=loaded.dialects,
        not_recomputed_because=loaded.no_rebuild,
    )


@contextmanager
def _watch(model: Any, family: Family | None) -> Iterator[dict[str, list[Array]]]:
    """Copy, in the order of the layers, what enters them and what their attention gives.

    Copied at once: what comes after may change a tensor in place.
    """
    seen: dict[str, list[Array]] = {"hidden": [], "output": []}
    if family is None:
        yield seen
        return
    with ExitStack() as hooks:
        # A module that several layers share is called once for each of them, in their order.
        for path in dict.fromkeys(family.layer_paths(model.config)):
            layer = model.get_submodule(path)
            output = layer.get_submodule(family.output)
            hooks.enter_context(
                layer.register_forward_pre_hook(
                    lambda _module, args, named: seen["hidden"].append(
                        _numpy(args[0] if args else named["hidden_states"])
                    ),
                    with_kwargs=True,
                )
            )
            hooks.enter_context(
                output.register_forward_hook(
                    lambda _module, _args, result: seen["output"].append(_numpy(result))
                )
            )
        yield seen


def _attentions(outputs: Any, loaded: LoadedModel) -> list[Array]:
    """Return every layer's attention weights (H, T, T), or refuse a model that gives none."""
    given = getattr(outputs, "attentions", None) or ()
    # Layers that do not attend give None, or something that is not one matrix a head.
    if not given or any(tensor is None or tensor.ndim != _MATRICES for tensor in given):
        raise ModelError(
            f"{loaded.title} ({loaded.model.config.model_type}) gives no attention weights.",
            "Choose a model whose layers all attend, such as --model distilbert.",
        )
    return [_numpy(tensor) for tensor in given]


def _out_of_memory(error: Exception) -> bool:
    # On the CPU torch says so with a plain RuntimeError.
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in str(
        error
    )


def _numpy(tensor: torch.Tensor) -> Array:
    """Copy the only text of a batch out of torch; (1, …) → (…), float32 or float64."""
    array: Array = np.array(tensor[0].detach().cpu().numpy(), copy=True)
    return array
