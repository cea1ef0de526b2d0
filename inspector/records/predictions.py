"""What a model with a head for words says of the words of a text."""

from __future__ import annotations

from typing import Literal

from inspector.record import record
from inspector.records.shapes import Float64


@record(frozen=True, slots=True)
class Candidate:
    """One entry of the vocabulary, and how likely the model takes it to be."""

    id: int
    #: As a reader would write it, with the space before it where the vocabulary has one; of an
    #: entry that is part of a character its bytes, ``0xE6 0x88``; empty for one that is nothing.
    text: str
    probability: float


@record(frozen=True, slots=True)
class Guess:
    """The likeliest entries for one place in the text."""

    #: The place: of a mask, or of the token after the last one.
    token: int
    #: The likeliest first.
    candidates: tuple[Candidate, ...]


@record(frozen=True, slots=True)
class Predictions:
    """The softmax of the model's logits, read at the words that stand there.

    The logits are our own forward's where it can run the checkpoint, and the real model has to give
    the same probabilities; else they are the real model's, and nothing of them is rebuilt. So they
    are where the two do not agree.
    """

    #: ``causal``: a word is judged from what precedes it, and one more is guessed. ``masked``: a
    #: word is judged where it stands, itself and everything around it in sight.
    kind: Literal["causal", "masked"]
    #: (T,) the probability of every token; NaN for a mask, and for the first of a causal model,
    #: which nothing precedes.
    probabilities: Float64
    #: Causal: one, for the token after the last. Masked: one for each mask token in the text.
    guesses: tuple[Guess, ...]
