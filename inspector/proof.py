"""Ask the real model, and prove our own computing twice: layer by layer, and from the ids alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from inspector.checkpoint.encoded import each_alone
from inspector.forward.model import Keep, forward
from inspector.forward.pooling import compare, with_embedding
from inspector.forward.rebuilding.rebuild import rebuild
from inspector.records import Rebuild, Text, Trace, Verification
from inspector.verify.compare import worst
from inspector.verify.end_to_end import verify_end_to_end
from inspector.verify.verification import verify

if TYPE_CHECKING:
    from inspector.referee.loading import LoadedModel

#: Called with a few words whenever a stage begins.
Progress = Callable[[str], None]


def prove_text(
    model: LoadedModel,
    text: Text,
    target: Text | None,
    *,
    progress: Progress = lambda _stage: None,
) -> tuple[Trace, Rebuild, Verification]:
    """Run the real model once, rebuild every layer from its own input, and the whole from the ids.

    The second proof is left out where our own forward cannot run the checkpoint. Where it holds,
    the answer in the returned pass, predictions or embedding, is our own forward's, and else the
    real model's as all the rest.
    """
    from inspector.referee.capture import capture, capture_float64

    progress("Running the model")
    alone = _each_alone(model, text)
    trace = _with_similarity(capture(model, text, target), alone, partial(capture, model))
    progress("Rebuilding every head from the weights")
    rebuilt = rebuild(model.checkpoint, trace)

    @cache
    def in_float64() -> Trace:
        # Asked for by whichever proof needs it first, and run once for both.
        return capture_float64(model, text, target)

    def rebuilt_in_float64() -> tuple[Trace, Rebuild]:
        return in_float64(), rebuild(model.checkpoint, in_float64(), np.float64)

    found = verify(trace, rebuilt, rebuilt_in_float64)
    known = model.checkpoint.model
    if known is None or rebuilt.tier != "weights":
        return trace, rebuilt, found
    progress("Computing it once more from the ids alone")
    keep: tuple[Keep, ...] = ("layers",) if trace.logits is None else ("layers", "logits")

    def run(dtype: type[np.floating[Any]]) -> Trace:
        passed = forward(model.checkpoint, text, target, keep=keep, dtype=dtype)
        return with_embedding(model.checkpoint, passed, alone)

    def exact() -> tuple[Trace, Trace]:
        theirs = _with_similarity(in_float64(), alone, partial(capture_float64, model))
        return theirs, run(np.float64)

    ours = run(np.float32)
    whole = verify_end_to_end(trace, ours, exact, float32_parts=known.float32_parts)
    return (
        trace if whole.verdict == "mismatch" else _with_own_answer(model, trace, ours),
        rebuilt,
        replace(found, end_to_end=whole, verdict=worst((found.verdict, whole.verdict))),
    )


def _each_alone(model: LoadedModel, text: Text) -> tuple[Text, Text] | None:
    """Return both texts of a pair by themselves, where the model answers with an embedding."""
    from inspector.referee.text import encode

    if model.head is not None or model.takes_target or model.checkpoint.pooling is None:
        return None
    known = {"pair": None, "tokenizer": model.tokenizer, "config": model.model.config}
    return each_alone(text, partial(encode, **known))


def _with_similarity(
    trace: Trace, alone: tuple[Text, Text] | None, run: Callable[[Text], Trace]
) -> Trace:
    """Add how alike the two texts of a pair are, by the real model's passes of each alone."""
    if alone is None:
        return trace
    first, second = (run(text).embedding for text in alone)
    if first is None or second is None:
        return trace
    return replace(trace, similarity=compare(first, second))


def _with_own_answer(model: LoadedModel, trace: Trace, ours: Trace) -> Trace:
    """Put the answer of our own forward in the place of the real model's."""
    from inspector.referee.answers.predict import predict

    if model.head is not None and ours.logits is not None and trace.predictions is not None:
        said = predict(ours.logits, trace.text, model.tokenizer, model.head)
        return replace(trace, predictions=said)
    if trace.embedding is not None and ours.embedding is not None:
        return replace(trace, embedding=ours.embedding, similarity=ours.similarity)
    return trace


def check_family(model_type: str) -> Verification:
    """Prove a small random model of a family, made on the spot, layer by layer and end to end.

    Raises
    ------
    ModelError
        When the family has no small config.
    """
    from inspector.referee.small_models import small_model

    return prove_text(*small_model(model_type))[2]
