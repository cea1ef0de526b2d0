"""What a model says of the words: the softmax of its logits, read where it matters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from inspector.records import Array, Candidate, Float64, Guess, Predictions, Text

#: How many entries of the vocabulary are named for one place.
_NAMED = 5


def read_predictions(
    logits: Array,
    text: Text,
    kind: Literal["causal", "masked"],
    *,
    mask: int | None,
    read: Callable[[int], str],
) -> Predictions:
    """Read the predictions off the logits of a text, (T, vocabulary).

    ``mask`` is the entry that a masked model fills, ``read`` what an entry reads as. The softmax is
    taken in float64, a row at a time: all rows at once would be as large as the logits twice over.
    """
    ids = text.ids.tolist()
    probabilities = np.full(len(ids), np.nan)
    masks = [place for place, token in enumerate(ids) if token == mask]
    guessed = {len(ids) - 1} if kind == "causal" else set(masks)
    guesses = []
    for place, row in enumerate(logits):
        shares = _softmax(row)
        # A causal model's row says what comes after its place.
        judged = place + (kind == "causal")
        if judged < len(ids) and judged not in masks:
            probabilities[judged] = float(shares[ids[judged]])
        if place in guessed:
            guesses.append(Guess(judged, _likeliest(shares, read)))
    return Predictions(kind, probabilities, tuple(guesses))


def guess_at(row: Array, place: int, read: Callable[[int], str]) -> Guess:
    """Return what one row of logits, (vocabulary,), says stands at a place."""
    return Guess(place, _likeliest(_softmax(row), read))


def _likeliest(shares: Float64, read: Callable[[int], str]) -> tuple[Candidate, ...]:
    best = np.argsort(-shares, kind="stable")[:_NAMED].tolist()
    return tuple(Candidate(entry, read(entry), float(shares[entry])) for entry in best)


def _softmax(row: Array) -> Float64:
    powers: Float64 = np.exp(row.astype(np.float64) - row.max())
    powers /= powers.sum()
    return powers
