"""The second proof: our own forward from the ids alone, beside what the real model computed.

The first proof rebuilds each layer from the real model's own input to it; here nothing of the real
model goes in. Every attention weight, the states at the end, and the model's answer, the
probabilities of its head for words or the text's embedding, are compared in float32 first. What
lies outside the bounds is decided in float64, where rounding all but vanishes: inside those bounds
it was ``rounding``, outside it is a ``mismatch``, and the first layer at which the two part is
named.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from inspector.records import Array, Embedding, EndToEnd, Trace, Verdict

#: Float32: the largest |Δ| of a weight, of a state or an embedding in units of max(1, max|h|), of a
#: probability and of a cosine.
BOUND = 1e-4
#: The same in float64, and where the family fixes norms, softmax or places to float32.
EXACT_BOUND = 1e-9
FLOAT32_PARTS_BOUND = 1e-5

#: Runs the real model and our own forward once more in float64.
Exact = Callable[[], tuple[Trace, Trace]]


def verify_end_to_end(theirs: Trace, ours: Trace, exact: Exact, *, float32_parts: bool) -> EndToEnd:
    """Compare two passes of the same ids; ``exact`` is called only where they do not agree.

    ``float32_parts`` where the model takes norms, its softmax or its places in float32 whatever it
    runs in.
    """
    found = _compare(theirs, ours)
    if found.first_layer is None and _largest(found) <= BOUND:
        return _concluded(found, "verified")
    again = _compare(*exact())
    bound = FLOAT32_PARTS_BOUND if float32_parts else EXACT_BOUND
    verdict: Verdict = "rounding" if _largest(again) <= bound else "mismatch"
    return _concluded(found, verdict)


def _compare(theirs: Trace, ours: Trace) -> EndToEnd:
    """Return the largest differences, and the first layer whose weights are outside the bound."""
    attention, first = 0.0, None
    for model, mine in zip(theirs.layers, ours.layers, strict=True):
        error = _difference(model.attention, mine.attention)
        if first is None and not error <= BOUND:
            first = (model.site, model.layer)
        attention = _larger(attention, error)
    states = None
    if theirs.final is not None and ours.final is not None:
        states = _relative(theirs.final, ours.final)
    probability = None
    if theirs.logits is not None and ours.logits is not None:
        probability = _difference(_softmax(theirs.logits), _softmax(ours.logits))
    embeddings = [
        _relative(model.values, mine.values)
        for model, mine in zip(_embeddings(theirs), _embeddings(ours), strict=False)
    ]
    similarity = None
    if theirs.similarity is not None and ours.similarity is not None:
        similarity = abs(ours.similarity.cosine - theirs.similarity.cosine)
    return EndToEnd(
        verdict="mismatch",
        attention_max_abs_error=attention,
        states_max_abs_error=states,
        probability_max_abs_error=probability,
        embedding_max_abs_error=float(np.max(embeddings)) if embeddings else None,
        similarity_abs_error=similarity,
        first_layer=first,
    )


def _embeddings(trace: Trace) -> list[Embedding]:
    """Return the text's embedding, and of a pair that of each text alone."""
    alone = () if trace.similarity is None else trace.similarity.embeddings
    return [] if trace.embedding is None else [trace.embedding, *alone]


def _concluded(found: EndToEnd, verdict: Verdict) -> EndToEnd:
    first = None if verdict == "verified" else found.first_layer
    return replace(found, verdict=verdict, first_layer=first)


def _largest(found: EndToEnd) -> float:
    errors = (
        found.attention_max_abs_error,
        found.states_max_abs_error,
        found.probability_max_abs_error,
        found.embedding_max_abs_error,
        found.similarity_abs_error,
    )
    return float(np.max([error for error in errors if error is not None]))  # NaN where one is


def _difference(theirs: Array, ours: Array) -> float:
    return float(np.abs(ours.astype(np.float64) - theirs).max())


def _relative(theirs: Array, ours: Array) -> float:
    """Return the largest difference in units of max(1, max|h|)."""
    return _difference(theirs, ours) / max(1.0, float(np.abs(theirs).max()))


def _larger(first: float, second: float) -> float:
    return float(np.maximum(first, second))


def _softmax(logits: Array) -> Array:
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    shares: Array = powers / powers.sum(axis=-1, keepdims=True)
    return shares
