"""Ask the real model, and prove our own computing twice: layer by layer, and from the ids alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from inspector.forward.model import Keep, forward
from inspector.forward.rebuild import rebuild
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

    The second proof is left out where our own forward cannot run the checkpoint.
    """
    from inspector.referee.capture import capture

    progress("Running the model")
    trace = capture(model, text, target)
    progress("Rebuilding every head from the weights")
    rebuilt = rebuild(model.checkpoint, trace)
    found = verify(trace, rebuilt, _exact(model, text, target))
    known = model.checkpoint.model
    if known is None or rebuilt.tier != "weights":
        return trace, rebuilt, found
    progress("Computing it once more from the ids alone")
    keep: tuple[Keep, ...] = ("layers",) if trace.logits is None else ("layers", "logits")
    ours = forward(model.checkpoint, text, target, keep=keep)

    def exact() -> tuple[Trace, Trace]:
        from inspector.referee.capture import capture_float64

        theirs = capture_float64(model, text, target)
        return theirs, forward(model.checkpoint, text, target, keep=keep, dtype=np.float64)

    whole = verify_end_to_end(trace, ours, exact, float32_parts=known.float32_parts)
    return (
        trace,
        rebuilt,
        replace(found, end_to_end=whole, verdict=worst((found.verdict, whole.verdict))),
    )


def check_family(model_type: str) -> Verification:
    """Prove a small random model of a family, made on the spot, layer by layer and end to end.

    Raises
    ------
    ModelError
        When the family has no small config.
    """
    from inspector.referee.small_models import small_model

    return prove_text(*small_model(model_type))[2]


def _exact(
    model: LoadedModel, text: Text, target: Text | None
) -> Callable[[], tuple[Trace, Rebuild]]:
    """Return what runs model and rebuild once more, in float64."""

    def run() -> tuple[Trace, Rebuild]:
        from inspector.referee.capture import capture_float64

        trace = capture_float64(model, text, target)
        return trace, rebuild(model.checkpoint, trace, np.float64)

    return run
