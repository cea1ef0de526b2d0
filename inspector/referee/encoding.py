"""Many sentences through the tokenizer at once, as ids only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from inspector.errors import ModelError
from inspector.records import Text, Token
from inspector.records.batch import Encoded
from inspector.referee.text import EncodedText
from inspector.referee.tokenizing import run_tokenizer


def encode_many(
    tokenizer: Any,
    texts: Sequence[str] | Sequence[list[str]],
    *,
    limit: int | None,
    truncate: bool,
) -> list[Encoded]:
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
    # Byte-level tokenizers tell a word within a sentence by the space before it; to others it is
    # the same with and without.
    given = [one if isinstance(one, str) else _spaced(one) for one in texts]
    encoded = run_tokenizer(
        tokenizer,
        given,
        is_split_into_words=split,
        return_special_tokens_mask=True,
        return_attention_mask=False,
        return_token_type_ids=False,
    )
    found = [
        Encoded(
            ids=np.array(ids, dtype=np.int64),
            special=np.array(special, dtype=np.bool_),
            words=_words(encoded.word_ids(at)) if tokenizer.is_fast else None,
        )
        for at, (ids, special) in enumerate(
            zip(encoded["input_ids"], encoded["special_tokens_mask"], strict=True)
        )
    ]
    if not truncate or limit is None:
        return found
    # The tokenizer itself cuts, so that what it puts at the end stays at the end.
    long = [at for at, one in enumerate(found) if len(one.ids) > limit]
    for at in long:
        (cut,) = _cut(tokenizer, given[at], limit, split=split)
        found[at] = Encoded(cut.ids, cut.special, cut.words, truncated_from=len(found[at].ids))
    return found


def as_text(tokenizer: Any, encoded: Encoded) -> EncodedText:
    """Return a sentence as a single one goes through the model: its ids, without its characters."""
    inputs = {
        "input_ids": torch.from_numpy(encoded.ids)[None],
        "attention_mask": torch.ones((1, len(encoded.ids)), dtype=torch.int64),
    }
    if "token_type_ids" in tokenizer.model_input_names:
        inputs["token_type_ids"] = torch.zeros_like(inputs["input_ids"])
    tokens = tuple(
        Token(id=int(number), text="", word=None, special=bool(special), segment=0, span=None)
        for number, special in zip(encoded.ids, encoded.special, strict=True)
    )
    return EncodedText(inputs, Text("", None, tokens, encoded.truncated_from))


def _cut(tokenizer: Any, text: str | list[str], limit: int, *, split: bool) -> list[Encoded]:
    encoded = run_tokenizer(
        tokenizer,
        [text],
        is_split_into_words=split,
        return_special_tokens_mask=True,
        truncation=True,
        max_length=limit,
    )
    return [
        Encoded(
            ids=np.array(encoded["input_ids"][0], dtype=np.int64),
            special=np.array(encoded["special_tokens_mask"][0], dtype=np.bool_),
            words=_words(encoded.word_ids(0)) if tokenizer.is_fast else None,
        )
    ]


def _spaced(words: list[str]) -> list[str]:
    return [*words[:1], *(f" {word}" for word in words[1:])]


def _words(numbers: list[int | None]) -> np.ndarray:
    return np.array([-1 if number is None else number for number in numbers], dtype=np.int64)
