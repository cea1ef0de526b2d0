"""What if a head were silent, or a word not heard: one text run again with something changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import index
from typing import Any, SupportsIndex

import numpy as np

from inspector.alone import run_alone
from inspector.analysis.effects import measure_edits, measure_effects, read_answer
from inspector.errors import InputError
from inspector.forward.core import repeat_heads
from inspector.forward.model import Keep, forward
from inspector.records import (
    Answer,
    BlockEdge,
    BlockToken,
    Edit,
    Effects,
    Inspected,
    Knockout,
    PatchHead,
    Rebuild,
    SilenceHead,
    SiteName,
    Trace,
    Verification,
    WhatIf,
)

#: A head: its layer and its number, behind its site where a model has several.
HeadPlace = tuple[int, int] | tuple[SiteName, int, int]


def effects_of(
    found: Inspected,
    *,
    knockout: Knockout = "zero",
    answer: str | None = None,
    against: str | None = None,
    seconds: float | None = None,
) -> Effects:
    """Measure what every head and every word of an inspection does to the answer.

    Raises
    ------
    InputError
        When our own forward cannot run the model, or the answer is no single token.
    """
    checkpoint, trace = found.checkpoint, _own(found)
    return measure_effects(
        checkpoint, trace, knockout=knockout, answer=answer, against=against, seconds=seconds
    )


def answer_of(found: Inspected) -> Answer:
    """Return what the model says, untouched.

    Raises
    ------
    InputError
        When our own forward cannot run it.
    """
    return read_answer(found.checkpoint, _own(found))


def has_engine(found: Inspected) -> bool:
    """Say whether our own forward can run what was inspected."""
    return found.checkpoint.model is not None and found.checkpoint.tokenizer is not None


def run_changed(
    found: Inspected, edits: tuple[Edit, ...]
) -> tuple[Trace, Rebuild, Verification, WhatIf]:
    """Run an inspection's text again with edits, and say what became of the answer.

    Raises
    ------
    InputError
        When our own forward cannot run the model, or an edit names what is not there.
    """
    checkpoint, trace = found.checkpoint, _own(found)
    try:
        before, after, effect = measure_edits(checkpoint, trace, edits)
    except ValueError as error:
        raise InputError(
            f"The change cannot be made: {error}.", "Layers, heads and tokens count from 0."
        ) from error
    ran = run_alone(checkpoint, trace.text, trace.target, edits=edits)
    return *ran, WhatIf(edits, before.answer, after.answer, effect)


def edits_of(
    found: Inspected,
    *,
    silence: Iterable[HeadPlace] = (),
    block: Iterable[int] = (),
    edges: Iterable[tuple[int, int, int, int]] = (),
    patch: Mapping[HeadPlace, Inspected] | None = None,
    knockout: Knockout = "zero",
) -> tuple[Edit, ...]:
    """Return what is asked for as edits.

    Raises
    ------
    InputError
        When a head is to be patched from a text with another number of tokens, or of a model that
        it is none of.
    """
    own: SiteName = found.trace.sites[0]
    edits: list[Edit] = [
        SilenceHead(layer, head, site, knockout)
        for site, layer, head in (_placed(place, own) for place in silence)
    ]
    edits += [BlockToken(token) for token in block]
    edits += [BlockEdge(*edge, site=own) for edge in edges]
    for place, other in (patch or {}).items():
        site, layer, head = _placed(place, own)
        edits.append(PatchHead(layer, head, _given(found, other, site, layer, head), site))
    if not edits:
        raise InputError("Nothing is to be changed.", "Name heads to silence, or tokens to block.")
    return tuple(edits)


def _placed(place: HeadPlace, own: SiteName) -> tuple[SiteName, int, int]:
    match place:
        case (SupportsIndex() as layer, SupportsIndex() as head):
            return own, index(layer), index(head)
        case (str(site), SupportsIndex() as layer, SupportsIndex() as head):
            return site, index(layer), index(head)
    raise InputError(f"{place!r} names no head.", "Give (layer, head), or (site, layer, head).")


def _given(found: Inspected, other: Inspected, site: SiteName, layer: int, head: int) -> Any:
    """Return what a head gave in another inspection, (T, d)."""
    here, there = (len(one.trace.texts(site)[0]) for one in (found, other))
    if here != there:
        raise InputError(
            f"A head can be patched from a text with as many tokens: here are {here}, there "
            f"{there}.",
            "Put the two texts so that they have as many, such as by exchanging one word.",
        )
    trace = _own(other)
    at = next((at for at in trace.indices(site) if trace.layers[at].layer == layer), None)
    if at is None or not 0 <= head < len(trace.layers[at].attention):
        raise InputError(
            f"There is no head {head} in layer {layer} of {site} to be patched.",
            "Layers and heads count from 0.",
        )
    computed = trace.computed[at]
    values = repeat_heads(computed.value, len(computed.attention))
    return np.asarray(computed.attention[head] @ values[head])


def _own(found: Inspected) -> Trace:
    """Return our own forward's pass of an inspection's text, untouched.

    Raises
    ------
    InputError
        When it cannot run the model.
    """
    if not has_engine(found):
        raise InputError(
            f"Nothing can be changed in {found.model.title}: our own forward does not run it.",
            "Use a family that inspect models lists as rebuilt whole.",
        )
    if found.trace.computed and found.change is None:
        return found.trace
    keep: tuple[Keep, ...] = ("layers", "logits")
    return forward(found.checkpoint, found.trace.text, found.trace.target, keep=keep)
