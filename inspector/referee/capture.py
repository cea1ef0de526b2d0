"""One pass through the real model, with everything the other rooms need copied out as NumPy.

The attention weights are the model's own, asked for with ``output_attentions=True``. A layer's
input and the attention sub-layer's output are read by hooks on the modules that the family's row
names; they are set last, so that they see what the module really takes and gives. An
encoder–decoder has three sites: its encoder, its decoder, and the decoder's attention on the
encoder.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from inspector.errors import InspectorError, MachineError, ModelError
from inspector.families.spec import Family
from inspector.records import Array, CapturedAttention, SiteName, Text, Trace, TracedLayer
from inspector.referee.attention_hook import routes, watch_interface
from inspector.referee.loading import LoadedModel
from inspector.referee.predict import predict
from inspector.referee.quiet import quiet

#: Dimensions of a layer's attention weights: batch, heads, queries, keys.
_MATRICES = 4


def capture(loaded: LoadedModel, text: Text, target: Text | None = None) -> Trace:
    """Run the model once, in float32 on its device.

    Raises
    ------
    ModelError
        When the model gives no attention weights.
    MachineError
        When memory runs out.
    """
    return _capture(loaded, loaded.model, loaded.with_head or loaded.model, text, target)


def capture_float64(loaded: LoadedModel, text: Text, target: Text | None = None) -> Trace:
    """Run a float64 copy of the model on the CPU, hooks included, for the arbitration."""
    exact = deepcopy(loaded.model).cpu().double()
    # The fast way through a mixture of experts knows no float64.
    if getattr(exact.config, "num_local_experts", None):
        exact.set_experts_implementation("eager")
    return _capture(loaded, exact, exact, text, target)


def _capture(
    loaded: LoadedModel, model: Any, called: Any, text: Text, target: Text | None
) -> Trace:
    """Run ``called``, the model itself or the same with its head, and look into ``model``."""
    inputs = {name: ids.to(called.device) for name, ids in _inputs(text, target).items()}
    captured = None
    with _watch(model, loaded.family) as seen:
        if loaded.family is None and not loaded.takes_target:
            outputs, captured = _run_watched(called, inputs)
        else:
            outputs = _run(called, inputs)
    layers = [layer for site in _sites(loaded) for layer in _layers(site, outputs, loaded, seen)]
    if captured is not None:
        layers = [replace(at, captured=of) for at, of in zip(layers, captured, strict=True)]
    return Trace(
        text=text,
        layers=tuple(layers),
        target=target,
        predictions=predict(outputs.logits, text, loaded.tokenizer, loaded.head)
        if called is loaded.with_head and loaded.head is not None
        else None,
    )


def _inputs(text: Text, target: Text | None) -> dict[str, torch.Tensor]:
    """Return what the model is called with, a batch of one text, (1, T)."""
    ids = torch.from_numpy(text.ids)[None]
    if target is not None:
        return {"input_ids": ids, "decoder_input_ids": torch.from_numpy(target.ids)[None]}
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    if text.token_types is not None:
        inputs["token_type_ids"] = torch.from_numpy(text.token_types)[None]
    return inputs


def _run(called: Any, inputs: dict[str, torch.Tensor]) -> Any:
    with torch.inference_mode(), quiet():
        try:
            return called(**inputs, output_attentions=True, output_hidden_states=True)
        except (MemoryError, RuntimeError) as error:
            if not _out_of_memory(error):
                raise
            count = sum(inputs[name].numel() for name in inputs if name.endswith("input_ids"))
            raise MachineError(
                f"There is not enough memory for {count} tokens.", "Give a shorter text."
            ) from error


def _run_watched(
    called: Any, inputs: dict[str, torch.Tensor]
) -> tuple[Any, tuple[CapturedAttention, ...] | None]:
    """Run a model of which no row is known, and keep its q, k and v if it lets itself be watched.

    They count only where every layer's attention, in the order of the layers, is what one watched
    call gave.
    """
    if not routes(called):
        return _run(called, inputs), None
    try:
        with watch_interface(called) as calls:
            outputs = _run(called, inputs)
    except InspectorError:
        raise
    except Exception:
        return _run(called, inputs), None
    given = getattr(outputs, "attentions", None) or ()
    whole = len(calls) == len(given) > 0 and all(
        torch.is_tensor(theirs) and torch.equal(seen.attention, theirs)
        for seen, theirs in zip(calls, given, strict=True)
    )
    return outputs, tuple(seen.captured for seen in calls) if whole else None


def _sites(loaded: LoadedModel) -> tuple[SiteName, ...]:
    return ("encoder", "decoder", "cross") if loaded.takes_target else ("self",)


def _layers(
    site: SiteName, outputs: Any, loaded: LoadedModel, seen: dict[SiteName, _Seen]
) -> Iterator[TracedLayer]:
    """Put together what was captured at one site."""
    attentions = _attentions(outputs, site, loaded)
    if loaded.family is None:
        # Of cross-attention what enters the whole layer: where the sub-layer begins nobody said.
        states = getattr(outputs, _OUTPUTS[site].states)
        hidden = [_numpy(tensor) for tensor in states[: len(attentions)]]
        results: list[Array | None] = [None] * len(attentions)
    else:
        hidden = seen[site].hidden
        results = list(seen[site].output)
    key_states = _numpy(outputs.encoder_last_hidden_state) if site == "cross" else None
    for layer, tensors in enumerate(zip(hidden, attentions, results, strict=True)):
        yield TracedLayer(site, layer, *tensors, key_states)


@dataclass(frozen=True, slots=True)
class _Outputs:
    """What transformers calls a site's weights, and the states that enter the site's layers."""

    weights: str
    states: str


_OUTPUTS: dict[SiteName, _Outputs] = {
    "self": _Outputs("attentions", "hidden_states"),
    "encoder": _Outputs("encoder_attentions", "encoder_hidden_states"),
    "decoder": _Outputs("decoder_attentions", "decoder_hidden_states"),
    "cross": _Outputs("cross_attentions", "decoder_hidden_states"),
}


@dataclass(frozen=True, slots=True)
class _Seen:
    """What enters a site's layers and what their attention gives, in the order of the layers."""

    hidden: list[Array]
    output: list[Array]


@contextmanager
def _watch(model: Any, family: Family | None) -> Iterator[dict[SiteName, _Seen]]:
    """Copy what enters the layers of every site and what their attention gives.

    Copied at once: what comes after may change a tensor in place.
    """
    seen: dict[SiteName, _Seen] = {}
    with ExitStack() as hooks:
        for site in () if family is None else family.sites:
            seen[site.site] = _watch_site(model, site, hooks)
        yield seen


def _watch_site(model: Any, family: Family, hooks: ExitStack) -> _Seen:
    seen = _Seen([], [])
    # A module that several layers share is called once for each of them, in their order.
    for path in dict.fromkeys(family.layer_paths(model.config)):
        layer = model.get_submodule(path)
        hooks.enter_context(
            # An empty path is the layer itself.
            layer.get_submodule(family.entry).register_forward_pre_hook(
                lambda _module, args, named: seen.hidden.append(
                    _numpy(args[0] if args else named["hidden_states"])
                ),
                with_kwargs=True,
            )
        )
        hooks.enter_context(
            layer.get_submodule(family.output).register_forward_hook(
                lambda _module, _args, result: seen.output.append(_numpy(result))
            )
        )
    return seen


def _attentions(outputs: Any, site: SiteName, loaded: LoadedModel) -> list[Array]:
    """Return every layer's attention weights (H, T, S), or refuse a model that gives none."""
    given = getattr(outputs, _OUTPUTS[site].weights, None) or ()
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
