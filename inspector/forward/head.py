"""The head for words: a number for every entry of the vocabulary, at every token."""

from __future__ import annotations

from inspector.forward.activations import activate
from inspector.forward.casting import cast
from inspector.forward.core import cap
from inspector.forward.norms import apply_norm
from inspector.forward.products import project
from inspector.parallel import Workers
from inspector.records import Array, Head, Projection


def word_logits(states: Array, head: Head, workers: Workers) -> Array:
    """Return the logits, (T, V), of the states that the model ends with, (T, D)."""
    head = cast(head, states.dtype.type)
    if head.scale is not None:
        states = states * states.dtype.type(head.scale)
    if head.transform is not None:
        states = project(states, head.transform, workers)
        activate(head.activation, states)
    if head.norm is not None:
        states = apply_norm(states, head.norm)
    logits = project(states, Projection(head.words, head.bias), workers)
    if head.softcap is not None:
        cap(logits, head.softcap)
    return logits
