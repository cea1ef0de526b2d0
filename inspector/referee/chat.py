"""A chat as the real tokenizer reads it: by its own template, its own names and its own pieces.

The template is rendered in the process of ``checkpoint/chat``, which can be killed: here it could
run for ever. What comes out is tokenized by the tokenizer's ``apply_chat_template``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inspector.checkpoint.chat.encoding import with_roles
from inspector.checkpoint.chat.rendering import render
from inspector.checkpoint.chat.template import Template, chosen
from inspector.records import Message, Text
from inspector.referee.text import encode


def encode_chat(
    messages: Sequence[Message], tokenizer: Any, config: Any, title: str, *, truncate: bool
) -> Text:
    """Put messages through the tokenizer's own chat template, and tokenize what comes out.

    Raises
    ------
    InputError
        When the template refuses the messages, or when they do not fit and ``truncate`` is off.
    ModelError
        When there is no template, or when it or the tokenizer fails.
    MachineError
        When no process can be started for the template, or when memory runs out.
    """
    template = Template(chosen(tokenizer.chat_template, title), tokenizer.special_tokens_map)
    rendered = render(template, messages, title)
    read = encode(
        rendered.text, None, tokenizer, config, truncate=truncate, what="chat", rendered=True
    )
    return with_roles(read, rendered, messages)
