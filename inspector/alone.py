"""Our own forward asked alone: a checkpoint opened from its files, and run without a proof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.checkpoint.encoded import each_alone
from inspector.checkpoint.opening import open_checkpoint
from inspector.checkpoint.sources import locate, weights_checked
from inspector.checkpoint.tokens import encode, mask_id, read_as_text
from inspector.errors import NeedsRealModel
from inspector.forward.model import Keep, forward
from inspector.forward.pooling import with_embedding
from inspector.forward.predictions import read_predictions
from inspector.proof import Progress
from inspector.records import Checkpoint, Edit, Rebuild, Text, Trace, Verification
from inspector.verify.verification import nothing_compared

if TYPE_CHECKING:
    from inspector.referee.loading import LoadedModel


@contextmanager
def opened(
    model: str | Path | Checkpoint | LoadedModel, progress: Progress
) -> Iterator[Checkpoint]:
    """Open a checkpoint, if it is not open yet, for our own forward.

    Beside what is done with it its weights are held against their hash, as in ``weights_checked``.
    """
    if isinstance(model, str | Path):
        source = locate(str(model), progress=progress)
        with weights_checked(source):
            yield _runnable(open_checkpoint(source))
    else:
        yield _runnable(model if isinstance(model, Checkpoint) else model.checkpoint)


def _runnable(checkpoint: Checkpoint) -> Checkpoint:
    """Return a checkpoint that our own forward can run, or say why it cannot."""
    if (reason := checkpoint.cannot_run) is not None:
        raise NeedsRealModel(
            f"{checkpoint.title} can only be run by the real model: {reason}.",
            "Leave --no-proof out, or prove=False in Python.",
        )
    return checkpoint


def run_alone(
    checkpoint: Checkpoint, text: Text, target: Text | None, *, edits: Sequence[Edit] = ()
) -> tuple[Trace, Rebuild, Verification]:
    """Run our own forward: what it computed is trace and rebuild in one, and still unproved."""
    head = None if checkpoint.model is None else checkpoint.model.head
    kind = None if head is None or head.kind == "seq2seq" else head.kind
    keep: tuple[Keep, ...] = ("layers",) if kind is None else ("layers", "logits")
    trace = forward(checkpoint, text, target, edits=edits, keep=keep)
    if kind is not None and trace.logits is not None:
        said = read_predictions(
            trace.logits,
            text,
            kind,
            mask=mask_id(checkpoint),
            read=lambda entry: read_as_text(checkpoint, entry),
        )
        trace = replace(trace, predictions=said)
    trace = with_embedding(checkpoint, trace, each_alone(text, partial(encode, checkpoint)))
    rebuilt = Rebuild("weights", trace.computed, trace.computed, None)
    return trace, rebuilt, nothing_compared("unproved", rebuilt)
