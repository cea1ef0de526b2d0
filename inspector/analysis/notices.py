"""What a reader should know of a model and a text before anything is read off them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspector.plain import layer_name
from inspector.records import BlockEdge, BlockToken, Checkpoint, Edit, SilenceHead, Text, Trace

if TYPE_CHECKING:
    from inspector.records.effects import WhatIf


def weights_notice(checkpoint: Checkpoint) -> tuple[str, ...]:
    """Return a sentence on weights that are not read as they were published; else none."""
    if checkpoint.origin is None:
        return ()
    said = checkpoint.origin.said
    return (
        f"{said[:1].upper()}{said[1:]}: everything here, the proof too, is of the model with "
        "these weights, not of the one that they were made from.",
    )


def notices(text: Text) -> tuple[str, ...]:
    """Return a sentence for each thing that was probably not meant."""
    return (*_twice(text), *_chat(text))


def _chat(text: Text) -> tuple[str, ...]:
    """Say where a message has ends of turns of its own, and where a template leaves one out."""
    if text.chat is None:
        return ()
    said = []
    for message in text.chat.messages:
        role, its = message.role, [of == message.role for of in text.chat.roles]
        if not any(its):
            said.append(
                f"No token is of the {role}'s message: the chat template leaves it out or "
                "rewrites it."
            )
        typed = dict.fromkeys(
            piece
            for piece, of, special in zip(text.pieces, its, text.special, strict=True)
            if of and special
        )
        if typed:
            said.append(
                f"The {role}'s message holds {', '.join(typed)}, which the model reads as its own "
                "special token: to the model, what follows may be somebody else's."
            )
    return tuple(said)


def _twice(text: Text) -> tuple[str, ...]:
    if len(text) > 1 and text.special[:2].all() and text.ids[0] == text.ids[1]:
        first = text.pieces[0]
        why = (
            "the tokenizer puts it before a text that has it already"
            if text.spans[0, 0] < 0
            else "the text has it twice"
        )
        return (f"The model reads {first} twice at the beginning: {why}.",)
    return ()


def change_notice(change: WhatIf, trace: Trace) -> str:
    """Say what was changed in the pass that is shown."""
    said = "; ".join(_changed(edit, trace) for edit in change.edits)
    return f"This is not the model as it is, but with a change: {said}."


def _changed(edit: Edit, trace: Trace) -> str:
    if isinstance(edit, BlockToken):
        side = trace.text if edit.of == "text" or trace.target is None else trace.target
        return f"nobody else attends to token {edit.token}, {side.shown[edit.token]}"
    if isinstance(edit, BlockEdge):
        return (
            f"token {edit.query} does not attend to token {edit.key} in layers {edit.first} to "
            f"{edit.last}"
        )
    place = f"{layer_name(edit.site, edit.layer)} head {edit.head}"
    if isinstance(edit, SilenceHead):
        return f"{place} gives {'nothing' if edit.to == 'zero' else 'its mean over the text'}"
    return f"{place} gives what it gave in another text"
