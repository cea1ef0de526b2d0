"""One pass through the real model, with everything the other rooms need copied out as NumPy.

The attention weights are the model's own, asked for with ``output_attentions=True``. A layer's
input and the attention sub-layer's output are what ``site_hooks.py`` saw. An encoder–decoder has
three sites: its encoder, its decoder, and the decoder's attention on the encoder.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from typing import Any

import torch

from inspector.errors import MachineError, ModelError
from inspector.families.pairs import PAIR
from inspector.families.registry import FAMILIES
from inspector.plain import layer_name
from inspector.record import record
from inspector.records import Array, SiteName, Text, Trace, TracedLayer
from inspector.referee.answers.predict import with_answer
from inspector.referee.attention_hook import Seen, routes, watch_interface
from inspector.referee.faults.attention_check import refuse_no_attention, refuse_not_finite
from inspector.referee.faults.explain import out_of_memory
from inspector.referee.faults.running import named, refuse_foreign_ids, run_explained
from inspector.referee.layer_numbers import own_numbers
from inspector.referee.loading import LoadedModel
from inspector.referee.quiet import quiet
from inspector.referee.site_hooks import SiteStates, copied, watch_bridge, watch_end, watch_sites
from inspector.referee.threads import threads_for

#: What configs call how many experts a layer has.
_COUNTS_OF_EXPERTS = ("num_local_experts", "num_experts")
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
    exact = doubled(loaded.with_head or loaded.model)
    base = exact if loaded.with_head is None else exact.base_model
    with float64_by_default(exact.config.model_type):
        return _capture(loaded, base, exact, text, target)


def doubled(model: Any) -> Any:
    """Return a float64 copy of a model on the CPU."""
    exact = deepcopy(model).cpu().double()
    # The fast way through a mixture of experts knows no float64.
    if any(getattr(exact.config, name, None) for name in _COUNTS_OF_EXPERTS):
        exact.set_experts_implementation("eager")
    return exact


@contextmanager
def float64_by_default(model_type: str) -> Iterator[None]:
    """Let torch make its numbers in float64 where a family's code cannot run in it otherwise.

    XGLM's makes one of float64's lowest without saying of which dtype.
    """
    before = torch.get_default_dtype()
    try:
        if model_type == "xglm":
            torch.set_default_dtype(torch.float64)
        yield
    finally:
        torch.set_default_dtype(before)


def _capture(
    loaded: LoadedModel, model: Any, called: Any, text: Text, target: Text | None
) -> Trace:
    """Run ``called``, the model itself or the same with its head, and look into ``model``."""
    inputs = _inputs(text, target)
    refuse_foreign_ids(loaded, inputs)
    calls: list[Seen] | None = None
    final: list[Array] = []
    bridged: list[Array] = []
    family = loaded.family
    with (
        watch_sites(model, family) as seen,
        watch_bridge(model, family, bridged),
        watch_end(model, family, final),
    ):
        if loaded.family is None and not loaded.takes_target:
            outputs, calls = _run_watched(loaded, called, inputs)
        else:
            outputs = _run(loaded, called, inputs)
    if loaded.family is None and calls is None:
        _refuse_windows(loaded, called, inputs, outputs)
    layers = [
        layer for site in _sites(loaded) for layer in _layers(site, outputs, loaded, seen, calls)
    ]
    if bridged:
        layers = [
            layer if layer.key_states is None else replace(layer, key_states=bridged[-1])
            for layer in layers
        ]
    if calls is not None:
        layers = [
            replace(layer, captured=call.captured)
            for layer, call in zip(layers, calls, strict=True)
        ]
    trace = Trace(
        text=text,
        layers=tuple(layers),
        target=target,
        # Where the model ran again, unwatched, the last run counts.
        final=final[-1] if final else None,
        # A model that is put together of two is never without its head.
        logits=copied(outputs.logits)
        if loaded.with_head is not None or loaded.checkpoint.family == PAIR
        else None,
    )
    _refuse_no_attention(loaded, trace)
    return with_answer(loaded, trace)


def _inputs(text: Text, target: Text | None) -> dict[str, torch.Tensor]:
    """Return what the model is called with, a batch of one text, (1, T)."""
    ids = torch.from_numpy(text.ids)[None]
    if target is not None:
        return {"input_ids": ids, "decoder_input_ids": torch.from_numpy(target.ids)[None]}
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    if text.token_types is not None:
        inputs["token_type_ids"] = torch.from_numpy(text.token_types)[None]
    return inputs


def _refuse_no_attention(loaded: LoadedModel, trace: Trace) -> None:
    """Check what was captured, for every model alike."""
    known = loaded.checkpoint.attention or [None] * len(trace.layers)
    for layer, rebuilt_from in zip(trace.layers, known, strict=True):
        asking, attended = trace.texts(layer.site)
        captured = layer.captured
        refuse_not_finite(named(loaded), layer, None if captured is None else captured.mixed)
        refuse_no_attention(
            named(loaded),
            layer.site,
            layer.layer,
            layer.attention,
            (len(asking), len(attended)),
            sinks=(rebuilt_from is not None and rebuilt_from.weights.sink is not None)
            or (captured is not None and captured.sink is not None),
        )


def _run(loaded: LoadedModel, called: Any, inputs: dict[str, torch.Tensor]) -> Any:
    given = {name: tensor.to(called.device) for name, tensor in inputs.items()}
    count = sum(inputs[name].numel() for name in inputs if name.endswith("input_ids"))
    try:
        with torch.inference_mode(), threads_for(called, count), quiet(), run_explained(loaded):
            return called(**given, output_attentions=True, output_hidden_states=True)
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        raise MachineError(
            f"There is not enough memory for {count} tokens.", "Give a shorter text."
        ) from error


def _run_watched(
    loaded: LoadedModel, called: Any, inputs: dict[str, torch.Tensor]
) -> tuple[Any, list[Seen] | None]:
    """Run a model of which no row is known, and keep its q, k and v if it lets itself be watched.

    They count only where every layer's attention, in the order of the layers, is what one watched
    call gave. Where they do not, the model runs once more, unwatched, and gives its own.
    """
    if not routes(called):
        return _run(loaded, called, inputs), None
    try:
        with watch_interface(called) as calls:
            outputs = _run(loaded, called, inputs)
    except MachineError:
        raise
    except Exception:
        return _run(loaded, called, inputs), None
    given = getattr(outputs, "attentions", None) or ()
    whole = len(calls) == len(given) > 0 and all(
        torch.is_tensor(theirs) and torch.equal(seen.attention, theirs)
        for seen, theirs in zip(calls, given, strict=True)
    )
    return (outputs, calls) if whole else (_run(loaded, called, inputs), None)


def _sites(loaded: LoadedModel) -> tuple[SiteName, ...]:
    return ("encoder", "decoder", "cross") if loaded.takes_target else ("self",)


def _layers(
    site: SiteName,
    outputs: Any,
    loaded: LoadedModel,
    seen: dict[SiteName, SiteStates],
    calls: list[Seen] | None,
) -> Iterator[TracedLayer]:
    """Put together what was captured at one site."""
    given = _attentions(outputs, site, loaded)
    if loaded.family is None:
        # Of cross-attention what enters the whole layer: where the sub-layer begins nobody said.
        entered = getattr(outputs, _OUTPUTS[site].states)
        numbers = own_numbers(
            loaded, [place for place, _ in given], len(entered) - 1, [c.layer for c in calls or ()]
        )
        hidden = [copied(entered[number]) for number in numbers]
        results: list[Array | None] = [None] * len(numbers)
    else:
        numbers = [number for number, _ in given]
        hidden = seen[site].hidden
        results = list(seen[site].output)
    key_states = copied(outputs.encoder_last_hidden_state) if site == "cross" else None
    attentions = [copied(tensor) for _, tensor in given]
    for number, states, attention, output in zip(numbers, hidden, attentions, results, strict=True):
        yield TracedLayer(site, number, states, attention, output, key_states)


def _refuse_windows(
    loaded: LoadedModel, called: Any, inputs: dict[str, torch.Tensor], outputs: Any
) -> None:
    """Refuse columns that are no tokens: the model is asked again about one token less, or more.

    Nothing is known of this model. The columns of a window may be as many as a text has tokens, by
    chance, and their rows sum to 1; but they do not become fewer with the text.
    """
    names = [name for name in ("input_ids", "decoder_input_ids") if name in inputs]
    by = 1 if any(inputs[name].shape[1] == 1 for name in names) else -1
    other = {
        name: given[:, :-1] if by < 0 else torch.cat([given, given[:, -1:]], dim=1)
        for name, given in inputs.items()
    }
    again = _run(loaded, called, other)
    for site in _sites(loaded):
        first, second = (_attentions(given, site, loaded) for given in (outputs, again))
        for (layer, one), (_, two) in zip(first, second, strict=True):
            if [size + by for size in one.shape[2:]] != list(two.shape[2:]):
                raise ModelError(
                    f"What {named(loaded)} gives in {layer_name(site, layer)} is no attention "
                    f"between its tokens: {' × '.join(map(str, one.shape[1:]))} numbers, which do "
                    "not follow the text's length.",
                    "Choose a model whose attention is one number for each pair of tokens; see "
                    "inspect models.",
                )


@record(frozen=True, slots=True)
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


def _attentions(
    outputs: Any, site: SiteName, loaded: LoadedModel
) -> list[tuple[int, torch.Tensor]]:
    """Return the attention, (1, H, T, S), of each layer that gives some, with its place.

    Raises
    ------
    ModelError
        When there is none, or something that is not one matrix a head.
    """
    given = getattr(outputs, _OUTPUTS[site].weights, None) or ()
    found = [(place, tensor) for place, tensor in enumerate(given) if torch.is_tensor(tensor)]
    if not found or any(tensor.ndim != _MATRICES for _, tensor in found):
        refused = loaded.checkpoint.family in FAMILIES and loaded.checkpoint.no_rebuild
        raise ModelError(
            f"{named(loaded)} gives no attention weights.",
            f"Choose another kind: {refused}."
            if refused
            else "Choose a model whose layers all attend, such as --model distilbert.",
        )
    return found
