"""What if a head were silent, or a word not heard: one text run again with something changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import index
from typing import Any, Literal, SupportsIndex

from inspector.alone import run_alone
from inspector.analysis.effects import compare_passes, measure_effects, read_answer
from inspector.errors import InputError
from inspector.forward.edits import change_at, given_by
from inspector.forward.model import forward
from inspector.records import (
    BlockEdge,
    BlockToken,
    Checkpoint,
    Edit,
    Inspected,
    Knockout,
    PatchHead,
    Rebuild,
    SilenceHead,
    SiteName,
    Trace,
    Verification,
)
from inspector.records.effects import Answer, Effects, WhatIf

#: A head: its layer and its number, behind its site where a model has several.
HeadPlace = tuple[int, int] | tuple[SiteName, int, int]
#: A token: its index, of an encoder–decoder's target behind the word ``target``.
TokenPlace = int | tuple[Literal["text", "target"], int]


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
    checkpoint, trace = found.checkpoint, own_pass(found)
    return measure_effects(
        checkpoint,
        trace,
        knockout=known_knockout(knockout),
        answer=answer,
        against=against,
        seconds=seconds,
    )


def answer_of(found: Inspected) -> Answer:
    """Return what the model says, untouched.

    Raises
    ------
    InputError
        When our own forward cannot run it.
    """
    return read_answer(found.checkpoint, own_pass(found))


def own_pass(found: Inspected) -> Trace:
    """Return our own forward's pass of an inspection's text, untouched.

    Raises
    ------
    InputError
        When it cannot run the model.
    """
    refuse_engineless(found.checkpoint)
    if found.trace.computed and found.change is None:
        return found.trace
    return forward(found.checkpoint, found.trace.text, found.trace.target)


def refuse_engineless(checkpoint: Checkpoint) -> None:
    """Refuse a model that our own forward cannot run.

    Raises
    ------
    InputError
        Saying why.
    """
    if (reason := checkpoint.cannot_run) is not None:
        raise InputError(
            f"Nothing can be changed in {checkpoint.title}, which only the real model can run: "
            f"{reason}.",
            "Use a model that inspect models lists as rebuilt whole.",
        )


def run_changed(
    found: Inspected, edits: tuple[Edit, ...]
) -> tuple[Trace, Rebuild, Verification, WhatIf]:
    """Run an inspection's text again with edits, and say what became of the answer.

    What was changed in the inspection stays changed; the answer before is the untouched one.

    Raises
    ------
    InputError
        When our own forward cannot run the model, or an edit names what is not there.
    """
    checkpoint, trace = found.checkpoint, own_pass(found)
    if found.change is not None:
        edits = (*found.change.edits, *edits)
    try:
        ran = run_alone(checkpoint, trace.text, trace.target, edits=edits)
    except ValueError as error:
        raise InputError(
            f"The change cannot be made: {error}.", "Layers, heads and tokens count from 0."
        ) from error
    return *ran, WhatIf(edits, *compare_passes(checkpoint, trace, ran[0]))


def edits_of(
    found: Inspected,
    *,
    silence: Iterable[HeadPlace] = (),
    block: Iterable[TokenPlace] = (),
    edges: Iterable[Sequence[int]] = (),
    patch: Mapping[HeadPlace, Inspected] | None = None,
    knockout: Knockout = "zero",
) -> tuple[Edit, ...]:
    """Return what is asked for as edits.

    Raises
    ------
    InputError
        When nothing is, when something names no head, token or edge, when there is no such
        knock-out, or when a head is to be patched from a text with another number of tokens.
    """
    own: SiteName = found.trace.sites[0]
    edits: list[Edit] = [
        SilenceHead(layer, head, site, known_knockout(knockout))
        for site, layer, head in (_placed(place, own) for place in silence)
    ]
    edits += [_token(token) for token in block]
    edits += [_edge(edge, own) for edge in edges]
    for place, other in (patch or {}).items():
        site, layer, head = _placed(place, own)
        edits.append(PatchHead(layer, head, _given(found, other, site, layer, head), site))
    if not edits:
        raise InputError("Nothing is to be changed.", "Name heads to silence, or tokens to block.")
    return tuple(edits)


def known_knockout(knockout: str) -> Knockout:
    """Return how a head is silenced.

    Raises
    ------
    InputError
        When there is no such way.
    """
    match knockout:
        case "zero" | "mean":
            return knockout
    raise InputError(f"There is no knock-out {knockout!r}.", "Use zero or mean.")


def _placed(place: HeadPlace, own: SiteName) -> tuple[SiteName, int, int]:
    match place:
        case (SupportsIndex() as layer, SupportsIndex() as head):
            return own, index(layer), index(head)
        case (str(site), SupportsIndex() as layer, SupportsIndex() as head):
            return site, index(layer), index(head)
    raise InputError(f"{place!r} names no head.", "Give (layer, head), or (site, layer, head).")


def _token(place: TokenPlace) -> BlockToken:
    match place:
        case SupportsIndex() as token:
            return BlockToken(index(token))
        case ("text" | "target" as of, SupportsIndex() as token):
            return BlockToken(index(token), of)
    raise InputError(
        f"{place!r} names no token.", 'Give its index, or of a target ("target", index).'
    )


def _edge(edge: Sequence[int], own: SiteName) -> BlockEdge:
    match edge:
        case (
            SupportsIndex() as query,
            SupportsIndex() as key,
            SupportsIndex() as first,
            SupportsIndex() as last,
        ):
            return BlockEdge(index(query), index(key), index(first), index(last), own)
    raise InputError(f"{edge!r} names no edge.", "Give (query, key, first layer, last layer).")


def _given(found: Inspected, other: Inspected, site: SiteName, layer: int, head: int) -> Any:
    """Return what a head gave in another inspection, changed as that one is: (T, d)."""
    here, there = (len(one.trace.texts(site)[0]) for one in (found, other))
    if here != there:
        raise InputError(
            f"A head can be patched from a text with as many tokens: here are {here}, there "
            f"{there}.",
            "Put the two texts so that they have as many, such as by exchanging one word.",
        )
    trace = other.trace if other.trace.computed else own_pass(other)
    at = next((at for at in trace.indices(site) if trace.layers[at].layer == layer), None)
    if at is None or not 0 <= head < len(trace.layers[at].attention):
        raise InputError(
            f"There is no head {head} in layer {layer} of {site} to be patched.",
            "Layers and heads count from 0.",
        )
    computed = trace.computed[at]
    mixed = given_by(computed)
    if other.change is not None:
        change_at(other.change.edits, site, layer, *computed.attention.shape[1:]).apply(mixed)
    return mixed[head]
