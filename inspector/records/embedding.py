"""What a model without a head for words answers: its text as one vector."""

from __future__ import annotations

from dataclasses import dataclass

from inspector.records.checkpoint import Pooling
from inspector.records.shapes import Float64


@dataclass(frozen=True, slots=True)
class Embedding:
    """The states of a text's tokens at the end of the model, as one vector."""

    pooling: Pooling
    #: (D,)
    values: Float64


@dataclass(frozen=True, slots=True)
class Similarity:
    """How alike the two texts of a pair are, each read by the model alone."""

    #: Of the angle between the two vectors: 1 for the same direction, 0 for a right angle.
    cosine: float
    #: What the model answers to the first text, and to the second.
    embeddings: tuple[Embedding, Embedding]
