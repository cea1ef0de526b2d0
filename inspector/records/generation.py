"""A text written on by a model, token by token, and what the real model says of it."""

from __future__ import annotations

from inspector.record import record
from inspector.records.predictions import Candidate
from inspector.records.shapes import Verdict
from inspector.records.text import Text


@record(frozen=True, slots=True)
class Writing:
    """How a text is to be written on."""

    #: The most tokens that are written.
    tokens: int
    #: What logits are divided by before one is drawn; None where the likeliest is taken.
    temperature: float | None = None
    #: Of how many of the likeliest one is drawn; None for all.
    top_k: int | None = None
    seed: int = 0

    @property
    def greedy(self) -> bool:
        """Whether the likeliest token is taken each time."""
        return self.temperature is None and self.top_k is None


@record(frozen=True, slots=True)
class WrittenToken:
    """One token that was written, and the likeliest of those that were not."""

    id: int
    #: By the model's own softmax, whatever the temperature.
    probability: float
    second: Candidate


@record(frozen=True, slots=True)
class Generation:
    """What was written behind a text, or behind the beginning of a target."""

    asked: Writing
    #: What the model read before it wrote: the text, and the beginning of what the decoder of an
    #: encoder–decoder writes; None for any other model.
    text: Text
    target: Text | None
    tokens: tuple[WrittenToken, ...]
    #: Whether the last of them is one with which the model ends a text.
    ended: bool
    #: Whether the real model writes the same; the place, counted from the first token that was
    #: written, where the two part, or None; and how far the probabilities of what was written lie
    #: apart, None where nobody has asked.
    verdict: Verdict = "unproved"
    parts_at: int | None = None
    probability_max_abs_error: float | None = None

    @property
    def begun(self) -> Text:
        """What it was written behind."""
        return self.text if self.target is None else self.target
