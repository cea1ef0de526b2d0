"""What a model answers to a long text: at its last token or at its masks, or as one vector."""

from __future__ import annotations

import numpy as np

from inspector.checkpoint.tokens import mask_id, read_as_text
from inspector.forward.by_rows.model import LongPass
from inspector.forward.pooling import pool
from inspector.forward.predictions import guess_at
from inspector.records import Checkpoint, Embedding, Predictions, Text


def asked_places(checkpoint: Checkpoint, text: Text) -> list[int]:
    """Return at which tokens the head for words is asked: the last, or every mask."""
    head = None if checkpoint.model is None else checkpoint.model.head
    if head is None:
        return []
    if head.kind == "causal":
        return [len(text) - 1]
    return np.flatnonzero(text.ids == mask_id(checkpoint)).tolist()


def predictions_of(
    checkpoint: Checkpoint, text: Text, passed: LongPass, places: list[int]
) -> Predictions | None:
    """Return what is guessed at these places; None where the model was not asked for a word."""
    model = checkpoint.model
    if model is None or model.head is None or passed.logits is None or model.head.kind == "seq2seq":
        return None
    after = int(model.head.kind == "causal")
    guesses = tuple(
        guess_at(row, place + after, lambda entry: read_as_text(checkpoint, entry))
        for row, place in zip(passed.logits, places, strict=True)
    )
    return Predictions(model.head.kind, np.full(len(text), np.nan), guesses)


def embedding_of(checkpoint: Checkpoint, passed: LongPass) -> Embedding | None:
    """Return the text as one vector; None where the model answers in words, or was stopped."""
    model = checkpoint.model
    if model is None or model.head is not None or checkpoint.pooling is None:
        return None
    if not len(passed.final):  # it was stopped
        return None
    return pool(passed.final, checkpoint.pooling)
