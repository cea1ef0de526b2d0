"""What a reader should know of a text and a model before anything is read off them."""

from __future__ import annotations

from inspector.records import Checkpoint, Text


def notices(checkpoint: Checkpoint, text: Text) -> tuple[str, ...]:
    """Return a sentence for what the weights are, and for each thing that was not meant."""
    said = checkpoint.dequantised
    if said is None:
        return _of_text(text)
    weights = (
        f"{said[:1].upper()}{said[1:]}: everything here, the proof too, is of the model with "
        "these weights, not of the one that they were made from."
    )
    return (weights, *_of_text(text))


def _of_text(text: Text) -> tuple[str, ...]:
    if len(text) > 1 and text.special[:2].all() and text.ids[0] == text.ids[1]:
        first = text.pieces[0]
        why = (
            "the tokenizer puts it before a text that has it already"
            if text.spans[0, 0] < 0
            else "the text has it twice"
        )
        return (f"The model reads {first} twice at the beginning: {why}.",)
    return ()
