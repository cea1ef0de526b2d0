"""A text's states at the end of a model as one vector, and how alike two such vectors are.

Reimers & Gurevych 2019, "Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks", section
3: a mean over the tokens, the first token, or each dimension's maximum; ``mean_sqrt_len``, the sum
divided by the square root of the number of tokens, is what sentence-transformers adds to these. It
brings a vector to length 1 where it says so, and compares two by the cosine of their angle. All in
float64: what the states were calculated in is all that is lost.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from inspector.forward.model import forward
from inspector.records import (
    Array,
    Checkpoint,
    Embedding,
    Float64,
    Mask,
    Pooling,
    Similarity,
    Text,
    Trace,
)

#: A vector shorter than this is divided by it, and not by its length.
_SHORTEST = 1e-12


def pool(states: Array, pooling: Pooling, present: Mask | None = None) -> Embedding:
    """Make one vector, (D,), of a text's states, (T, D); ``present`` (T,) is False at padding."""
    rows = (states if present is None else states[present]).astype(np.float64)
    match pooling.kind:
        case "mean":
            values = rows.mean(axis=0)
        case "mean_sqrt_len":
            values = rows.sum(axis=0) / np.sqrt(len(rows))
        case "max":
            values = rows.max(axis=0)
        case "cls":
            values = rows[0]
    return Embedding(pooling, _unit(values) if pooling.normalised else values)


def compare(first: Embedding, second: Embedding) -> Similarity:
    """Return the cosine of the angle between two texts' vectors, with both of them."""
    cosine = np.clip(_unit(first.values) @ _unit(second.values), -1.0, 1.0)
    return Similarity(float(cosine), (first, second))


def with_embedding(
    checkpoint: Checkpoint, trace: Trace, alone: tuple[Text, Text] | None = None
) -> Trace:
    """Add to our own pass of a text its embedding; of a pair, how alike its two texts are.

    The pass stays as it is where the model answers in words, where it is an encoder–decoder, and
    where its files pool in a way that is not known here.

    Parameters
    ----------
    alone:
        Both texts of a pair, each as the model reads it by itself: it then does.
    """
    model, pooling, final = checkpoint.model, checkpoint.pooling, trace.final
    if model is None or model.head is not None or model.decoder is not None:
        return trace
    if pooling is None or final is None:
        return trace
    similarity = None
    if alone is not None:
        first, second = (
            forward(checkpoint, text, keep=(), dtype=final.dtype.type).final for text in alone
        )
        if first is not None and second is not None:
            similarity = compare(pool(first, pooling), pool(second, pooling))
    embedding = pool(final, pooling, trace.present)
    return replace(trace, embedding=embedding, similarity=similarity)


def _unit(values: Float64) -> Float64:
    unit: Float64 = values / max(float(np.linalg.norm(values)), _SHORTEST)
    return unit
