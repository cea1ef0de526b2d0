"""Many sentences through the tokenizer at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from inspector.errors import ModelError
from inspector.records import Text
from inspector.referee.tokenizing import run_tokenizer


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
    # Byte-level tokenizers tell a word within a sentence by the space before it; to others it is
    # the same with and without.
    given = [one if isinstance(one, str) else _spaced(one) for one in texts]
    found = _encode(tokenizer, given)
    if not truncate or limit is None:
        return found
    # The tokenizer itself cuts, so that what it puts at the end stays at the end.
    long = [at for at, one in enumerate(found) if len(one) > limit]
    for at in long:
        (cut,) = _encode(tokenizer, [given[at]], truncation=True, max_length=limit)
        found[at] = replace(cut, truncated_from=len(found[at]))
    return found


def _encode(tokenizer: Any, texts: list[str | list[str]], **cutting: Any) -> list[Text]:
    split = not isinstance(texts[0], str)
    encoded = run_tokenizer(
        tokenizer,
        texts,
        is_split_into_words=split,
        return_special_tokens_mask=True,
        return_attention_mask=False,
        return_token_type_ids=False,
        # Of a text that is words already they would count within each word.
        return_offsets_mapping=tokenizer.is_fast and not split,
        **cutting,
    )
    return [_text(tokenizer, encoded, at, one) for at, one in enumerate(texts)]


def _text(tokenizer: Any, encoded: Any, at: int, given: str | list[str]) -> Text:
    ids = np.array(encoded["input_ids"][at], dtype=np.int64)
    special = np.array(encoded["special_tokens_mask"][at], dtype=np.bool_)
    numbers = encoded.word_ids(at) if tokenizer.is_fast else [None] * len(ids)
    spans = np.full((len(ids), 2), -1, dtype=np.int64)
    if "offset_mapping" in encoded:
        spans[~special] = np.array(encoded["offset_mapping"][at], dtype=np.int64)[~special]
    typed = "token_type_ids" in tokenizer.model_input_names
    return Text(
        text=given if isinstance(given, str) else "".join(given),
        ids=ids,
        pieces=tuple(tokenizer.convert_ids_to_tokens(ids.tolist())),
        words=np.array([-1 if number is None else number for number in numbers], dtype=np.int64),
        spans=spans,
        segments=np.zeros_like(ids),
        special=special,
        token_types=np.zeros_like(ids) if typed else None,
    )


def _spaced(words: list[str]) -> list[str]:
    return [*words[:1], *(f" {word}" for word in words[1:])]
