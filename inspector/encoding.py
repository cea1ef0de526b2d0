"""Texts read for a model: by the checkpoint's own tokenizer file, or by the real tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from inspector.checkpoint.readable import refuse_unreadable
from inspector.checkpoint.tokens import encode as encode_by_file
from inspector.checkpoint.tokens import encode_target
from inspector.errors import InputError, NeedsRealModel
from inspector.records import Checkpoint, Message, Text

if TYPE_CHECKING:
    from inspector.records.generation import Generation, Writing
    from inspector.referee.loading import LoadedModel


def encode_alone(
    checkpoint: Checkpoint,
    text: str,
    pair: str | None,
    target: str | None,
    *,
    truncate: bool,
    writes: Writing | Generation | None,
    messages: Sequence[Message] | None = None,
) -> tuple[Text, Text | None]:
    """Tokenize a text, or a source and its target, by the checkpoint's own tokenizer.json.

    Where there are ``messages``, the text is what the chat template makes of them.

    Raises
    ------
    InputError
        When the model does not read such a text, lacks one that it needs, or it does not fit.
    NeedsRealModel
        When nobody but the real model knows how its decoder begins.
    """
    takes_target = checkpoint.takes_target
    if writes is not None:
        from inspector.writing.write import refuse_cannot_write

        refuse_cannot_write(checkpoint)
    _refuse_texts(
        checkpoint.title, pair, target, takes_target=takes_target, writes=writes is not None
    )
    if messages is None:
        source = encode_by_file(checkpoint, text, pair, truncate=truncate)
    else:
        source = _chat_by_file(checkpoint, messages, truncate=truncate)
    if not takes_target:
        return source, None
    read: Text | None
    if target is None:
        from inspector.writing.edges import beginning
        from inspector.writing.letters import FileVocabulary

        read = beginning(checkpoint, FileVocabulary(checkpoint))
    else:
        read = encode_target(checkpoint, target, truncate=truncate)
    if read is None:
        raise NeedsRealModel(
            f"Only the real model knows how the decoder of {checkpoint.title} begins.",
            "Leave --no-proof out, or prove=False in Python.",
        )
    return replace(source, token_types=None), read


def encode(
    model: LoadedModel,
    text: str,
    pair: str | None,
    target: str | None,
    *,
    truncate: bool,
    writes: Writing | Generation | None,
    messages: Sequence[Message] | None = None,
) -> tuple[Text, Text | None]:
    """Tokenize by the real model's own tokenizer, as ``encode_alone`` does by its file."""
    from inspector.referee.chat import encode_chat
    from inspector.referee.text import encode as encode_one
    from inspector.referee.text import encode_both
    from inspector.referee.vocabulary import RefereeVocabulary

    if writes is not None:
        from inspector.writing.write import refuse_cannot_write

        refuse_cannot_write(model.checkpoint)
    _refuse_texts(
        model.title, pair, target, takes_target=model.takes_target, writes=writes is not None
    )
    if target is None:
        tokenizer, config = model.tokenizer, model.model.config
        if messages is None:
            source = encode_one(text, pair, tokenizer, config, truncate=truncate)
        else:
            source = encode_chat(messages, tokenizer, config, model.title, truncate=truncate)
        if not model.takes_target:
            return source, None
        from inspector.writing.edges import beginning

        begun = beginning(model.checkpoint, RefereeVocabulary(model.tokenizer))
        return replace(source, token_types=None), begun
    return encode_both(text, target, model.tokenizer, model.model, truncate=truncate)


def read_alike(checkpoint: Checkpoint, text: Text, target: Text | None) -> tuple[str, ...]:
    """Say it where the checkpoint's own tokenizer.json reads the text as other tokens."""
    if checkpoint.tokenizer is None or target is not None:
        return ()
    truncate = text.truncated_from is not None
    if text.chat is None:
        alone = encode_by_file(checkpoint, text.text, text.pair, truncate=truncate)
    else:
        alone = _chat_by_file(checkpoint, text.chat.messages, truncate=truncate)
    if alone.ids.tolist() == text.ids.tolist():
        return ()
    return (
        f"tokenizer.json alone reads this text as {len(alone.tokens)} tokens, which are not the "
        f"{len(text.tokens)} of the model's own tokenizer: --no-proof would answer for those.",
    )


def _chat_by_file(checkpoint: Checkpoint, messages: Sequence[Message], *, truncate: bool) -> Text:
    # Late: a plain text needs no process beside this one, and nothing of what starts one.
    from inspector.checkpoint.chat.encoding import encode_chat

    return encode_chat(checkpoint, messages, truncate=truncate)


def refuse_no_chat(pair: str | None, target: str | None, system: str | None, *, chat: bool) -> None:
    """Refuse a system's message where nobody chats, or an empty one, and a chat's second text.

    Raises
    ------
    InputError
        With the option's name.
    """
    if system is not None and not chat:
        raise InputError(
            "--system is what the system says in a chat, and this is none.",
            "Give --chat too, or leave it out.",
        )
    if system is not None:
        if not system.strip():
            raise InputError("The system's message is empty.", "Leave --system out.")
        refuse_unreadable(system, "system's message")
    if chat and not (pair is None and target is None):
        raise InputError(
            "--chat takes one text, which is what the user says: no --pair and no --target.",
            "Leave the second text out.",
        )


def _refuse_texts(
    title: str, pair: str | None, target: str | None, *, takes_target: bool, writes: bool
) -> None:
    """Refuse texts that a model does not read, and the lack of one that it needs."""
    if not takes_target:
        if target is not None:
            raise InputError(
                f"{title} takes no target: it is not an encoder–decoder.", "Leave the target out."
            )
        return
    if pair is not None:
        raise InputError(
            f"{title} is an encoder–decoder and reads no pairs.",
            "Give the second text as its target.",
        )
    if target is None and not writes:
        raise InputError(
            f"{title} is an encoder–decoder: its decoder reads a target, and there is none.",
            'Give one, such as a translation: --target "…", or in a file after a tab.',
        )
