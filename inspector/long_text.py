"""A long text inspected: a pass of which no matrix is ever kept, read as its rows go by.

The chain beside ``session``'s, for texts whose attention would not fit into memory: what can be
said of them are readings, a map, and single rows.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inspector.alone import opened
from inspector.analysis.long_text.reading import Reading
from inspector.analysis.long_text.spans import cut_into_spans
from inspector.analysis.notices import notices, weights_notice
from inspector.checkpoint.readable import refuse_unreadable
from inspector.checkpoint.tokens import encode, mask_id, read_as_text
from inspector.forward.long_text import LongPass, forward_by_rows
from inspector.forward.pooling import pool
from inspector.forward.predictions import guess_at
from inspector.proof import Progress
from inspector.records import Checkpoint, Embedding, Predictions, Text, Verification
from inspector.records.long_text import LongFindings
from inspector.row_proof import prove_rows

if TYPE_CHECKING:
    from inspector.referee.loading import LoadedModel

#: How many query rows of every head are kept whole, and the seed by which they are drawn.
_ROWS, _SEED = 16, 0


@dataclass(frozen=True)
class LongInspection(LongFindings):
    """One long text seen through one model: readings of every head, and a map of the text."""

    def __repr__(self) -> str:
        """Say in one line what it is."""
        return (
            f"<LongInspection {len(self.text)} tokens, {self.model.layers} × {self.model.heads} "
            f"heads, {self.verification.verdict}>"
        )

    def prove(self, model: LoadedModel, progress: Progress = lambda _stage: None) -> LongInspection:
        """Ask the real model about the same tokens, and return the inspection that it proves.

        Proved are the rows that were kept, of every head, and the states of all tokens at the end.

        Raises
        ------
        MachineError
            When memory runs out.
        """
        return replace(self, verification=prove_rows(model, self, progress))


def inspect_long(
    text: str,
    *,
    model: str | Path | Checkpoint = "smollm2",
    truncate: bool = False,
    progress: Progress = lambda _stage: None,
) -> LongInspection:
    """Inspect a text of thousands of tokens by our own forward, without keeping any matrix."""
    refuse_unreadable(text)
    with opened(model, progress) as checkpoint:
        read = encode(checkpoint, text, None, truncate=truncate)
        return _inspect(checkpoint, read, progress)


def _inspect(checkpoint: Checkpoint, text: Text, progress: Progress) -> LongInspection:
    rows = sampled_rows(len(text))
    spans = cut_into_spans(text)
    count = 0 if checkpoint.model is None else len(checkpoint.model.stack.blocks)
    reading = Reading(text, spans, rows, _Clock(count, progress))
    places = _asked_places(checkpoint, text)
    passed = forward_by_rows(checkpoint, text, reading, rows=places)
    sinks = reading.sinks()
    return LongInspection(
        checkpoint=checkpoint,
        text=text,
        spans=spans,
        layers=tuple(reading.layers),
        heads=tuple(reading.heads),
        links=reading.links(sinks),
        sinks=sinks,
        predictions=_predictions(checkpoint, text, passed, places),
        embedding=_embedding(checkpoint, passed),
        verification=Verification("unproved", None, None, (), None, "weights"),
        rows=rows,
        final=passed.final,
        logits=passed.logits,
        notices=(*weights_notice(checkpoint), *notices(text)),
    )


class _Clock:
    """Says which layer is being read, and how long the others will take."""

    def __init__(self, layers: int, progress: Progress) -> None:
        self._layers, self._progress = layers, progress
        self._begun = time.monotonic()

    def __call__(self, layer: int) -> None:
        left = (time.monotonic() - self._begun) / max(1, layer) * (self._layers - layer)
        said = f", about {left:.0f} s left" if layer else ""
        self._progress(f"Running layer {layer} of {self._layers}{said}")


def sampled_rows(tokens: int) -> NDArray[np.intp]:
    """Return which query rows of every head are kept whole, in order; the last is among them."""
    others = np.random.default_rng(_SEED).choice(tokens - 1, min(_ROWS, tokens) - 1, replace=False)
    return np.sort(np.append(others, tokens - 1)).astype(np.intp)


def _asked_places(checkpoint: Checkpoint, text: Text) -> list[int]:
    """Return at which tokens the head for words is asked: the last, or every mask."""
    head = None if checkpoint.model is None else checkpoint.model.head
    if head is None:
        return []
    if head.kind == "causal":
        return [len(text) - 1]
    return np.flatnonzero(text.ids == mask_id(checkpoint)).tolist()


def _predictions(
    checkpoint: Checkpoint, text: Text, passed: LongPass, places: list[int]
) -> Predictions | None:
    model = checkpoint.model
    if model is None or model.head is None or passed.logits is None or model.head.kind == "seq2seq":
        return None
    after = int(model.head.kind == "causal")
    guesses = tuple(
        guess_at(row, place + after, lambda entry: read_as_text(checkpoint, entry))
        for row, place in zip(passed.logits, places, strict=True)
    )
    return Predictions(model.head.kind, np.full(len(text), np.nan), guesses)


def _embedding(checkpoint: Checkpoint, passed: LongPass) -> Embedding | None:
    model = checkpoint.model
    if model is None or model.head is not None or checkpoint.pooling is None:
        return None
    return pool(passed.final, checkpoint.pooling)
