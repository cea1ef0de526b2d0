"""What a model without a head for words answers: its text as one vector, and how it is pooled."""

from __future__ import annotations

from typing import Literal

from inspector.record import record
from inspector.records.shapes import Float64


@record(frozen=True, slots=True)
class Pooling:
    """How the states of a text become one vector, as sentence-transformers writes it down."""

    kind: Literal["mean", "cls", "max", "mean_sqrt_len"]
    #: Whether the vector is then brought to length 1.
    normalised: bool


#: How the states of a model become one vector whose files say nothing of it.
DEFAULT_POOLING = Pooling("mean", normalised=True)


@record(frozen=True, slots=True)
class Embedding:
    """The states of a text's tokens at the end of the model, as one vector."""

    pooling: Pooling
    #: (D,)
    values: Float64


@record(frozen=True, slots=True)
class Similarity:
    """How alike the two texts of a pair are, each read by the model alone."""

    #: Of the angle between the two vectors: 1 for the same direction, 0 for a right angle.
    cosine: float
    #: What the model answers to the first text, and to the second.
    embeddings: tuple[Embedding, Embedding]
