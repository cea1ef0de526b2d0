"""What a reader should know of a text before anything is read off it."""

from __future__ import annotations

from inspector.records import Text


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
