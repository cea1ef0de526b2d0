"""A chat as the tokens that a model reads, and whose each of them is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from inspector.checkpoint.chat.rendering import Rendered, render
from inspector.checkpoint.chat.template import read_template
from inspector.checkpoint.tokens import encode
from inspector.records import Chat, Checkpoint, Message, Role, Text

_ROLES: tuple[Role, ...] = ("template", "system", "user")


def encode_chat(checkpoint: Checkpoint, messages: Sequence[Message], *, truncate: bool) -> Text:
    """Put messages through the checkpoint's chat template, and tokenize what comes out.

    The template's own special tokens are read as such, and the tokenizer puts nothing around them:
    the template has written the beginning already.

    Raises
    ------
    InputError
        When the template refuses the messages, or when they do not fit and ``truncate`` is off.
    ModelError
        When there is no template, or when it or the tokenizer fails.
    MachineError
        When no process can be started for the template.
    """
    template = read_template(checkpoint.folder, checkpoint.title)
    rendered = render(template, messages, checkpoint.title)
    read = encode(checkpoint, rendered.text, truncate=truncate, what="chat", bare=True)
    return with_roles(read, rendered, messages)


def with_roles(text: Text, rendered: Rendered, messages: Sequence[Message]) -> Text:
    """Return a rendered chat's tokens with whose each is.

    One that holds a letter of a message is of that message, whatever else it holds; white space
    alone is of whom it touches first.
    """
    whose = np.zeros(len(rendered.text), dtype=np.int8)
    for role, start, end in rendered.spans:
        whose[start:end] = _ROLES.index(role)
    blank = np.array([letter.isspace() for letter in rendered.text], dtype=np.bool_)
    roles = []
    for start, end in text.spans.tolist():
        its, said = whose[max(start, 0) : max(end, 0)], ~blank[max(start, 0) : max(end, 0)]
        of = its[said & (its > 0)] if said.any() else its[its > 0]
        roles.append(_ROLES[int(of[0]) if of.size else 0])
    return replace(text, chat=Chat(tuple(messages), tuple(roles)))
