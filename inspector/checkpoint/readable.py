"""What cannot be read by any model, said before seconds are spent on loading one."""

from __future__ import annotations

from inspector.errors import InputError


def refuse_unreadable(text: str, what: str = "sentence") -> None:
    """Refuse a text that is blank or that is no Unicode.

    Raises
    ------
    InputError
        When nothing but white space is left of the text, or when it holds half a character.
    """
    if not text.strip():
        raise InputError("The sentence is empty.", 'Give one: inspect "The cat sat on the mat."')
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"The {what} is not valid Unicode at character {error.start}.", "Give it as UTF-8."
        ) from error
