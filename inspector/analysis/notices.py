"""What a reader should know of a model and a text before anything is read off them."""

from __future__ import annotations

from inspector.records import Checkpoint, Text


def weights_notice(checkpoint: Checkpoint) -> tuple[str, ...]:
    """Return a sentence on weights that stand for others only roughly; none for any others."""
    if (said := checkpoint.dequantised) is None:
        return ()
    return (
        f"{said[:1].upper()}{said[1:]}: everything here, the proof too, is of the model with "
        "these weights, not of the one that they were made from.",
    )


def notices(text: Text) -> tuple[str, ...]:
    """Return a sentence for each thing that was probably not meant."""
    if len(text) > 1 and text.special[:2].all() and text.ids[0] == text.ids[1]:
        first = text.pieces[0]
        why = (
            "the tokenizer puts it before a text that has it already"
            if text.spans[0, 0] < 0
            else "the text has it twice"
        )
        return (f"The model reads {first} twice at the beginning: {why}.",)
    return ()
