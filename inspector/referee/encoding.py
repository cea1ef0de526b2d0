"""Many sentences through the tokenizer at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

import numpy as np

from inspector.checkpoint.pieces import place_pieces
from inspector.checkpoint.words import Span
from inspector.errors import ModelError
from inspector.records import Text
from inspector.records.text import Int64
from inspector.referee.tokenizing import run_tokenizer
from inspector.referee.vocabulary import special_ids


def encode_many(
    tokenizer: Any,
    texts: Sequence[str] | Sequence[list[str]],
    *,
    limit: int | None,
    truncate: bool,
) -> list[Text]:
    """Tokenize texts, or texts that are words already.

    A text longer than ``limit`` is cut where ``truncate`` says so and else comes back whole.

    Raises
    ------
    ModelError
        When the texts are words and the tokenizer cannot say which pieces belong to which.
    """
    if not texts:
        return []
    split = not isinstance(texts[0], str)
    if split and not tokenizer.is_fast:
        raise ModelError(
            "The model's tokenizer cannot say which pieces belong to which word.",
            "Use a model with a fast tokenizer, or give plain text.",
        )
    found = _encode(tokenizer, texts)
    if not truncate or limit is None:
        return found
    # The tokenizer itself cuts, so that what it puts at the end stays at the end.
    long = [at for at, one in enumerate(found) if len(one) > limit]
    for at in long:
        (cut,) = _encode(tokenizer, texts[at : at + 1], truncation=True, max_length=limit)
        found[at] = replace(cut, truncated_from=len(found[at]))
    return found


def _encode(
    tokenizer: Any, texts: Sequence[str] | Sequence[list[str]], **cutting: Any
) -> list[Text]:
    # Words that are given are read as the text that they make: a tokenizer that is told of words
    # puts before each what it puts before a text.
    given = [one if isinstance(one, str) else " ".join(one) for one in texts]
    encoded = run_tokenizer(
        tokenizer,
        given,
        return_special_tokens_mask=True,
        return_attention_mask=False,
        return_token_type_ids=False,
        return_offsets_mapping=tokenizer.is_fast,
        **cutting,
    )
    named = np.array(sorted(special_ids(tokenizer)), dtype=np.int64)
    return [
        _text(tokenizer, encoded, at, text, None if isinstance(one, str) else _spans(one), named)
        for at, (text, one) in enumerate(zip(given, texts, strict=True))
    ]


def _text(
    tokenizer: Any, encoded: Any, at: int, text: str, words: list[Span] | None, named: Int64
) -> Text:
    ids = np.array(encoded["input_ids"][at], dtype=np.int64)
    special = np.array(encoded["special_tokens_mask"][at], dtype=np.bool_) | np.isin(ids, named)
    pieces = tuple(tokenizer.convert_ids_to_tokens(ids.tolist()))
    fast = tokenizer.is_fast
    placed = place_pieces(
        [text],
        pieces,
        encoded.sequence_ids(at) if fast else [None if flag else 0 for flag in special],
        special.tolist(),
        encoded["offset_mapping"][at] if fast else None,
        words=words,
    )
    typed = "token_type_ids" in tokenizer.model_input_names
    return Text(
        text=text,
        ids=ids,
        pieces=pieces,
        words=placed.words,
        spans=placed.spans,
        segments=np.zeros_like(ids),
        special=special,
        token_types=np.zeros_like(ids) if typed else None,
    )


def _spans(words: Sequence[str]) -> list[Span]:
    """Return where words stand in the text that they make with a space between."""
    ends = accumulate((len(word) + 1 for word in words), initial=0)
    return [(start, start + len(word)) for start, word in zip(ends, words, strict=False)]
