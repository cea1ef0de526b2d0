"""Batches of sentences through the model, with the attention of a layer dropped once it is read.

``running_layers.py`` tells of each layer's. After that of the last layer the forward ends, for
nothing behind it is wanted. Before the first batch what is told is compared with what the model
gives for its own attention; a model that cannot be listened to is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, Literal

import numpy as np
import torch

from inspector.errors import InputError, MachineError, ModelError
from inspector.record import record
from inspector.records import Array, Batch, Float64, Text, pad
from inspector.referee.faults.attention_check import refuse_no_attention
from inspector.referee.faults.explain import out_of_memory
from inspector.referee.faults.running import named, refuse_foreign_ids, run_explained
from inspector.referee.head_sums import STATISTICS, Places, layer_sums
from inspector.referee.loading import LoadedModel
from inspector.referee.quiet import quiet
from inspector.referee.running_layers import (
    Layer,
    seen_through,
    through_hooks,
    through_the_interface,
)
from inspector.referee.tokenizing import run_tokenizer

Dtype = Literal["float32", "bfloat16"]
#: Receives a layer's number and the model's weights, (B, H, T, T) float32.
Watcher = Callable[[int, Array], None]

#: How near what is streamed must come to the model's own attention, in float32.
_SAME = 1e-5


@record(frozen=True, slots=True)
class BatchSums:
    """What one batch gave: sums over the content queries of each of its B sentences."""

    #: (B, M, N, H, K) float64; K in the order of ``STATISTICS``, M = 2 where ``…_moved`` is known.
    values: Float64
    #: (B, M, N, H, K) what they would be on average if the content keys in a query's sight changed
    #: places among each other; NaN at the entropy, which is the same then.
    permuted: Float64


class _Enough(Exception):  # noqa: N818 - nothing went wrong
    """Ends a forward of which no more is wanted."""


class Stream:
    """A loaded model, ready to read batch after batch.

    Parameters
    ----------
    loaded:
        The model. It is used as it is, and left as it was.
    dtype:
        What the model computes in; the statistics are always taken in float32.

    Raises
    ------
    ModelError
        When the model's attention cannot be read while it runs.
    """

    def __init__(self, loaded: LoadedModel, *, dtype: Dtype = "float32") -> None:
        if loaded.takes_target:
            raise ModelError(
                f"{loaded.title} reads a source and a target, and a corpus has single texts.",
                "Choose an encoder or a causal model; `inspect models` lists families.",
            )
        self._loaded = loaded
        self._model = loaded.model
        self._device = loaded.model.device
        self._dtype = getattr(torch, dtype)
        padding = loaded.tokenizer.pad_token_id
        self.padding: int = 0 if padding is None else int(padding)
        self._routed = True
        self.layers, self.heads = self._compare_with_the_model()
        #: (N) Gram matrices (H, d, d) of Wo; None where nobody knows Wo.
        self._grams = self._output_grams()
        if dtype != "float32":
            self._model = deepcopy(loaded.model).to(self._dtype)

    @property
    def moved(self) -> bool:
        """Whether the family's output projection is known, so that ``…_moved`` can be read."""
        return self._grams is not None

    def read(self, batch: Batch, watch: Watcher | None = None) -> BatchSums:
        """Run one batch and sum up every statistic.

        Raises
        ------
        ModelError
            When the tokenizer's ids are not the model's, or the model cannot be run.
        MachineError
            When memory runs out.
        """
        refuse_foreign_ids(self._loaded, {"input_ids": torch.from_numpy(batch.ids)})
        places = Places.of(batch, self._device)
        real = torch.from_numpy(batch.real).to(self._device)
        everybody = real[:, None, :].expand(-1, real.shape[1], -1)
        # Most models have one mask for all layers, some have two: each is gone over once.
        patterns: dict[int, torch.Tensor] = {}
        masks: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        sums: list[torch.Tensor] = []

        def listen(layer: Layer) -> None:
            at = len(sums)
            seen = everybody
            if (mask := layer.mask) is not None:
                # The mask is kept, so that no other can come to lie where it lay.
                if id(mask) not in masks:
                    masks[id(mask)] = mask, seen_through(mask)
                seen = masks[id(mask)][1]
            lengths = self._lengths(at, layer.value)
            sums.append(
                layer_sums(layer.attention, lengths, places, seen, patterns, sink=layer.sink)
            )
            if watch is not None:
                watch(at, layer.attention.float().cpu().numpy())
            if len(sums) == self.layers:
                raise _Enough

        with run_explained(self._loaded):
            self._run(self._model, batch, listen)
        # (B, M, H, K) of each layer → (B, M, N, H, K)
        found: Float64 = torch.stack(sums, dim=2).double().cpu().numpy()
        values, permuted = np.split(found, [len(STATISTICS)], axis=-1)
        blank = np.full((*permuted.shape[:-1], 1), np.nan)
        return BatchSums(values, np.concatenate([blank, permuted], axis=-1))

    def _run(self, model: Any, batch: Batch, listen: Callable[[Layer], None]) -> None:
        try:
            with torch.inference_mode(), quiet():
                if self._routed:
                    through_the_interface(model, self._inputs(batch), listen)
                else:
                    through_hooks(self._loaded, model, self._inputs(batch), listen)
        except _Enough:
            pass
        except (MemoryError, RuntimeError) as error:
            if out_of_memory(error):
                raise MachineError(
                    f"There is not enough memory for {batch.ids.size} tokens at once.",
                    "Leave out very long sentences, or use a machine with more memory.",
                ) from error
            raise

    def _inputs(self, batch: Batch) -> dict[str, torch.Tensor]:
        inputs = {
            "input_ids": torch.from_numpy(batch.ids),
            "attention_mask": torch.from_numpy(batch.real.astype(np.int64)),
        }
        if "token_type_ids" in self._loaded.tokenizer.model_input_names:
            inputs["token_type_ids"] = torch.zeros_like(inputs["input_ids"])
        return {name: tensor.to(self._device) for name, tensor in inputs.items()}

    def _lengths(self, layer: int, value: torch.Tensor | None) -> torch.Tensor | None:
        """Return ‖v·Wo‖ of every key and head, (B, H, S) float32, as ``transformed_norms`` does."""
        if self._grams is None or value is None:
            return None
        gram = self._grams[layer]
        values = value.float()
        if (shared := len(gram) // values.shape[1]) > 1:
            values = values.repeat_interleave(shared, dim=1)
        # Heads first, so that each meets its matrix once for all sentences.
        flat = values.transpose(0, 1).reshape(len(gram), -1, values.shape[3])
        squared = (torch.bmm(flat, gram) * flat).sum(dim=-1).clamp_min_(0)
        lengths = squared.sqrt_().view(len(gram), values.shape[0], values.shape[2])
        return lengths.transpose(0, 1)

    def _output_grams(self) -> list[torch.Tensor] | None:
        if self._loaded.checkpoint.attention is None:
            return None
        grams = []
        for layer in self._loaded.checkpoint.attention:
            weight, heads = layer.weights.output.weight, layer.config.heads
            slices = weight.reshape(len(weight), heads, -1).transpose(1, 0, 2)
            own = np.ascontiguousarray(slices)
            grams.append(torch.from_numpy(own.swapaxes(-1, -2) @ own).to(self._device))
        return grams

    def _compare_with_the_model(self) -> tuple[int, int]:
        """Read two short texts both ways, and return how many layers and heads there are."""
        batch = self._sample()
        inputs = self._inputs(batch)
        refuse_foreign_ids(self._loaded, inputs)
        with torch.inference_mode(), quiet(), run_explained(self._loaded):
            given = self._model(**inputs, output_attentions=True).attentions or ()
        self._refuse_no_attention(given, batch.ids.shape[1])
        seen: list[torch.Tensor] = []

        def listen(layer: Layer) -> None:
            seen.append(layer.attention)

        try:
            self._run(self._model, batch, listen)
        except (AttributeError, KeyError, TypeError, ValueError):
            seen.clear()
        if not seen:
            self._refuse_unknown()
            self._routed = False
            self._run(self._model, batch, listen)
        real = torch.from_numpy(batch.real).to(self._device)
        if len(seen) != len(given) or any(
            ((mine - its).abs().amax(dim=(1, 3))[real] > _SAME).any()
            for mine, its in zip(seen, given, strict=True)
        ):
            raise ModelError(
                f"What is read of {self._loaded.title} while it runs is not what it gives as its "
                "attention.",
                "Inspect single sentences with it, or choose another model.",
            )
        return len(seen), seen[0].shape[1]

    def _refuse_no_attention(self, given: Sequence[torch.Tensor], tokens: int) -> None:
        """Check what the model gave for the first text of the sample, which has no padding."""
        layers = getattr(self._model.config, "num_hidden_layers", len(given))
        if 0 < len(given) < layers:
            raise ModelError(
                f"{named(self._loaded)} gives the attention of {len(given)} of its {layers} "
                "layers, and a corpus is read of models whose layers all attend.",
                "Inspect single sentences with it, or choose another model.",
            )
        known = self._loaded.checkpoint.attention
        for layer, attention in enumerate(given):
            refuse_no_attention(
                named(self._loaded),
                "self",
                layer,
                attention[0].cpu().numpy(),
                (tokens, tokens),
                # Of a model without a row nobody knows whether it has sinks.
                sinks=known is None or known[layer].weights.sink is not None,
            )

    def _sample(self) -> Batch:
        ids = run_tokenizer(self._loaded.tokenizer, "a b c d e")["input_ids"]
        texts = [np.array(ids, dtype=np.int64), np.array(ids[:-2] or ids, dtype=np.int64)]
        return pad([Text.of_ids(one) for one in texts], self.padding)

    def _refuse_unknown(self) -> None:
        if self._loaded.family is None:
            raise ModelError(
                f"The attention of {self._loaded.title} ({self._model.config.model_type}) cannot "
                "be read while it runs.",
                "Choose a family that `inspect models` lists.",
            )


def refuse_dtype(dtype: Dtype, device: str) -> None:
    """Refuse bfloat16 where the processor would only imitate it, slower than float32.

    Raises
    ------
    InputError
        When the device has no bfloat16 arithmetic.
    """
    if dtype != "bfloat16":
        return
    if torch.device(device).type == "cuda":
        there = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        there = bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    if not there:
        raise InputError(
            "This processor has no bfloat16 arithmetic, and imitating it would be slower.",
            "Leave --dtype out.",
        )
