"""The whole model from the ids alone: embeddings, blocks, the last norm, the head for words.

Vaswani et al. 2017, figure 1, read from the bottom to the top. Everything in which one family
differs from another is in the records that the checkpoint was put together as; what happens here
is the same for all.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal

import numpy as np

from inspector.errors import ModelError
from inspector.forward.block import Around, Attended, run_block
from inspector.forward.cache import Cache
from inspector.forward.casting import cast
from inspector.forward.edits import refuse_unknown
from inspector.forward.embeddings import embed
from inspector.forward.head import word_logits
from inspector.forward.norms import apply_norm
from inspector.forward.products import project
from inspector.parallel import Workers
from inspector.records import (
    Array,
    Checkpoint,
    Edit,
    Mask,
    Model,
    SiteName,
    Stack,
    Text,
    Trace,
)

#: What a trace keeps beside the final states: every layer, and the logits of the head for words.
Keep = Literal["layers", "logits"]
_LAYERS: tuple[Keep, ...] = ("layers",)


def forward(
    checkpoint: Checkpoint,
    text: Text,
    target: Text | None = None,
    *,
    edits: Sequence[Edit] = (),
    present: Mask | None = None,
    from_layer: int = 0,
    states: Array | None = None,
    cache: Cache | None = None,
    keep: Collection[Keep] = _LAYERS,
    dtype: type[np.floating[Any]] = np.float32,
) -> Trace:
    """Run a model on one text, or on a source and the target that its decoder reads.

    Parameters
    ----------
    edits:
        What is changed in this pass; the checkpoint stays as it is. With a cache their places are
        those of all that is read.
    present:
        (T,) False where a token of ``text`` is padding; None where none is.
    from_layer, states:
        Begin at this layer with these states, (T, D): what entered it in an earlier pass, such as
        ``trace.layers[from_layer].hidden``. The trace then has the layers from there on. For
        models of one stack.
    cache:
        What the stack has read in earlier passes, to which this one is added: ``text``, or of an
        encoder–decoder ``target``, then are only the tokens that come next, and rows of attention
        weights have a column for every token so far. The encoder is run in the first pass alone.
        For causal stacks; the trace has no ``computed``.
    keep:
        What the trace keeps beside the final states. Without ``layers``, no more than one layer's
        weights are in memory at a time.
    dtype:
        float32, or float64, in which everything is then calculated.

    Raises
    ------
    ModelError
        When nobody knows how this checkpoint is put together.
    ValueError
        When a target is missing or one too many; when an edit or ``from_layer`` names a layer, a
        head or a token that there is none of, or a patch is of another number of tokens; when a
        cache is of something else, or given with padding, with ``from_layer``, or where attention
        is not causal.
    """
    model = _model(checkpoint, text, target, from_layer, states)
    refuse_unknown(model, edits, text, target, None if cache is None else cache.tokens)
    if cache is not None:
        if from_layer or (target is None and present is not None):
            raise ValueError("a cache goes neither with from_layer nor with padding")
        source = None if target is None else text
        cache.begin(model, dtype, source, present)
    longest = max(len(text), 0 if target is None else len(target))
    start = 0 if cache is None else cache.tokens
    attended: list[Attended] = []
    kept = attended if "layers" in keep else None
    with Workers(longest) as workers:
        around = Around(
            "self" if target is None else "encoder",
            workers,
            (tuple(edits),),
            present,
            cache=cache if target is None else None,
        )
        final = None if cache is None or target is None else cache.encoded
        if final is None:
            if states is None:
                first = start if target is None else 0
                states = embed(text, model.stack.embeddings, present, dtype, first)
            final = _run(states.astype(dtype, copy=False), model.stack, around, kept, from_layer)
        encoded = None
        if model.decoder is not None and target is not None:
            encoded = final
            around = Around("decoder", workers, (tuple(edits),), None, encoded, present, cache)
            states = embed(target, model.decoder.embeddings, None, dtype, start)
            final = _run(states, model.decoder, around, kept)
        logits = None
        if "logits" in keep and model.head is not None:
            logits = word_logits(final, model.head, workers)
    if cache is not None:
        cache.end(len(text if target is None else target), encoded)
    # Those of a site together: a decoder's blocks have two kinds in turn.
    ordered = sorted(attended, key=lambda one: _ORDER[one.computed.site])
    return Trace(
        text=text,
        layers=tuple(one.traced for one in ordered),
        target=target,
        present=present,
        computed=tuple(one.computed for one in ordered) if cache is None else (),
        final=final,
        logits=logits,
    )


_ORDER: dict[SiteName, int] = {"self": 0, "encoder": 0, "decoder": 1, "cross": 2}


def _run(
    states: Array, stack: Stack, around: Around, kept: list[Attended] | None, from_layer: int = 0
) -> Array:
    """Return the states behind a stack, (T, D), from those that enter it at a layer."""
    for layer in range(from_layer, len(stack.blocks)):
        states, attended = run_block(states, stack.blocks[layer], layer, around)
        if kept is not None:
            kept += attended
    return finish(states, stack, around.workers)


def finish(states: Array, stack: Stack, workers: Workers) -> Array:
    """Return the states behind what comes after a stack's last block, row by row."""
    if stack.norm is not None:
        states = apply_norm(states, cast(stack.norm, states.dtype.type), workers)
    if stack.projection is not None:
        states = project(states, cast(stack.projection, states.dtype.type), workers)
    return states


def _model(
    checkpoint: Checkpoint,
    text: Text,
    target: Text | None,
    from_layer: int,
    states: Array | None,
) -> Model:
    """Return the checkpoint's model, after what does not go together was refused."""
    model = checkpoint.model
    if model is None:
        reason = checkpoint.no_forward or checkpoint.no_rebuild
        raise ModelError(
            f"{checkpoint.title} cannot be run from its weights: {reason}.",
            "It is run through transformers instead.",
        )
    if (model.decoder is None) != (target is None):
        raise ValueError("an encoder–decoder needs a target, and no other model takes one")
    if (from_layer > 0) != (states is not None):
        raise ValueError("from_layer and states belong together")
    if from_layer and model.decoder is not None:
        raise ValueError("an encoder–decoder cannot begin in its middle")
    if not 0 <= from_layer < len(model.stack.blocks):
        raise ValueError(f"there is no layer {from_layer}")
    return model
