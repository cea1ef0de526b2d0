"""From text to the tokens that the model reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from inspector.errors import InputError
from inspector.records import Text, Token

#: Tokenizers without a limit say so with a number near 1e30.
_NO_LIMIT = 10**9
_SEGMENTS_OF_A_PAIR = 2


@dataclass(frozen=True)
class EncodedText:
    """A text as the model takes it (tensors of shape (1, T)), and as everybody else reads it."""

    inputs: dict[str, torch.Tensor]
    text: Text


def window(tokenizer: Any, config: Any) -> int | None:
    """Return how many tokens fit into the model, or None where it sets no limit."""
    limits = [
        getattr(tokenizer, "model_max_length", None),
        getattr(config, "max_position_embeddings", None),
    ]
    real = [int(limit) for limit in limits if limit is not None and 0 < limit < _NO_LIMIT]
    return min(real) if real else None


def encode(
    text: str, pair: str | None, tokenizer: Any, config: Any, *, truncate: bool
) -> EncodedText:
    """Tokenize a text, or a pair of texts.

    Raises
    ------
    InputError
        When there is nothing to read, when the text does not fit and ``truncate`` is off, or
        when there is a pair and the model has no segments.
    """
    if pair is not None and getattr(config, "type_vocab_size", 0) < _SEGMENTS_OF_A_PAIR:
        raise InputError(
            f"This model ({config.model_type}) reads no pairs: it has no segments.",
            "Leave the second text out, or choose a BERT.",
        )
    fits = window(tokenizer, config)
    encoded = _tokenize(tokenizer, text, pair)
    count = len(encoded["input_ids"][0])
    truncated_from = None
    if fits is not None and count > fits:
        if not truncate:
            raise InputError(
                f"The text has {count} tokens and {fits} fit into the model.",
                "Shorten it, or cut it at the end with --truncate.",
            )
        truncated_from = count
        encoded = _tokenize(tokenizer, text, pair, truncation=True, max_length=fits)
    tokens = _tokens(tokenizer, encoded)
    if all(token.special for token in tokens):
        raise InputError(
            "The model's tokenizer finds nothing to read in the text.",
            "Give a text with at least one visible character.",
        )
    inputs = {name: encoded[name] for name in tokenizer.model_input_names if name in encoded}
    return EncodedText(inputs, Text(text, pair, tokens, truncated_from))


def _tokenize(tokenizer: Any, text: str, pair: str | None, **options: Any) -> Any:
    return tokenizer(
        text,
        pair,
        return_tensors="pt",
        return_special_tokens_mask=True,
        return_offsets_mapping=tokenizer.is_fast,
        # Too long a text is told to the user by `encode`, in our words.
        verbose=False,
        **options,
    )


def _tokens(tokenizer: Any, encoded: Any) -> tuple[Token, ...]:
    ids = [int(token) for token in encoded["input_ids"][0]]
    special = [bool(flag) for flag in encoded["special_tokens_mask"][0]]
    pieces = tokenizer.convert_ids_to_tokens(ids)
    if not tokenizer.is_fast:
        # Without offsets nobody can say where a piece stood or which word it belongs to.
        return tuple(
            Token(id=i, text=piece, word=None, special=flag, segment=0, span=None)
            for i, piece, flag in zip(ids, pieces, special, strict=True)
        )
    spans = [(int(start), int(end)) for start, end in encoded["offset_mapping"][0]]
    sequences = encoded.sequence_ids(0)
    words = encoded.word_ids(0)
    # The tokenizer counts the words of each text from 0; we count on.
    first = [
        word for word, at in zip(words, sequences, strict=True) if at == 0 and word is not None
    ]
    offset = max(first, default=-1) + 1
    return tuple(
        Token(
            id=ids[i],
            text=pieces[i],
            word=None if words[i] is None else words[i] + (offset if sequences[i] == 1 else 0),
            special=special[i],
            # A special token closes the text before it; the first one opens the first text.
            segment=max((at for at in sequences[: i + 1] if at is not None), default=0),
            span=None if special[i] else spans[i],
        )
        for i in range(len(ids))
    )
