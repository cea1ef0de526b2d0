"""From text to the tokens that the model reads.

The decoder of an encoder–decoder reads its target as in training: one place to the right, behind
the token with which the family begins. What is shown are the tokens that it really reads.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from transformers import MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING, EncoderDecoderConfig

from inspector.checkpoint.encoded import (
    build_tokens,
    places_of,
    refuse_nothing,
    refuse_unparted,
    smallest_limit,
    too_long,
)
from inspector.errors import ModelError
from inspector.families.pairs import HALVES
from inspector.families.registry import positions_behind_padding
from inspector.records import Text, Token
from inspector.referee.tokenizing import run_tokenizer, tokenize_chat
from inspector.referee.vocabulary import special_ids


def halves_of(config: Any) -> list[Any]:
    """Return the configs of the two models that one is put together of; none of any other."""
    return (
        [getattr(config, half) for half in HALVES]
        if isinstance(config, EncoderDecoderConfig)
        else []
    )


def window(tokenizer: Any, config: Any) -> int | None:
    """Return how many tokens fit into the model, or None where it sets no limit."""
    parts = halves_of(config) or [config]
    return smallest_limit(getattr(tokenizer, "model_max_length", None), *map(_places, parts))


def _places(config: Any) -> int | None:
    """Return for how many tokens a model has places."""
    positions = places_of(config)
    padding = getattr(config, "pad_token_id", None)
    if (
        positions is not None
        and padding is not None
        and positions_behind_padding(config.model_type)
    ):
        # The first token has the position behind the padding's id.
        positions = max(1, positions - padding - 1)
    return positions


def encode(
    text: str,
    pair: str | None,
    tokenizer: Any,
    config: Any,
    *,
    truncate: bool,
    what: str = "text",
    rendered: bool = False,
) -> Text:
    """Tokenize a text, or a pair of texts; a ``rendered`` one as what a chat template made.

    Raises
    ------
    InputError
        When there is nothing to read, when the text does not fit and ``truncate`` is off, or
        when there is a pair and the tokenizer builds none.
    ModelError
        When the tokenizer fails.
    """
    texts = {"rendered": text} if rendered else {"text": text, "text_pair": pair}
    encoded, truncated_from = _fitted(tokenizer, config, what, truncate=truncate, **texts)
    if pair is not None:
        alone, both = (
            int(tokenizer.num_special_tokens_to_add(pair=paired)) for paired in (False, True)
        )
        sides = encoded.sequence_ids(0) if tokenizer.is_fast else []
        refuse_unparted(config.model_type, sides, added=alone, added_to_pair=both)
    tokens = _tokens(tokenizer, encoded, text, pair)
    refuse_nothing(tokens, what)
    told = "token_type_ids" in tokenizer.model_input_names and "token_type_ids" in encoded
    token_types = encoded["token_type_ids"][0].numpy() if told else None
    known = getattr(config, "type_vocab_size", None) or 0
    if token_types is not None and token_types.size and 0 < known <= int(token_types.max()):
        # The separators alone tell the two texts apart: the model has no segments.
        token_types = np.zeros_like(token_types)
    return Text.of(tokens, text, pair, token_types=token_types, truncated_from=truncated_from)


def encode_both(
    text: str, target: str, tokenizer: Any, model: Any, *, truncate: bool
) -> tuple[Text, Text]:
    """Tokenize a source and a target for an encoder–decoder, the target as in training.

    Raises
    ------
    InputError
        When there is nothing to read in one of them, or when one does not fit and ``truncate`` is
        off.
    ModelError
        When it is not known how the model begins what its decoder reads.
    """
    source = encode(text, None, tokenizer, model.config, truncate=truncate)
    encoded, truncated_from = _fitted(
        tokenizer, model.config, "target", truncate=truncate, text_target=target
    )
    read = _shifted(model, encoded["input_ids"])
    shifted = _tokens(tokenizer, encoded, target)
    # mBART begins with the language, which stands last in its labels; others with a token that is
    # not among them.
    begins = int(read[0, 0])
    (piece,) = tokenizer.convert_ids_to_tokens([begins])
    start = Token(begins, piece, word=None, special=True, segment=0, span=None)
    tokens = (start, *shifted[:-1])
    refuse_nothing(tokens, "target")
    # A tokenizer that is another family's may tell of segments, of which these know nothing.
    return replace(source, token_types=None), Text.of(tokens, target, truncated_from=truncated_from)


def _shifted(model: Any, labels: torch.Tensor) -> torch.Tensor:
    """Return what the decoder reads while it learns to write ``labels``, (1, T)."""
    # The class with the language-model head knows, and asks nothing but the config for it.
    family = MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING.get(type(model.config), None)
    shift = getattr(family, "prepare_decoder_input_ids_from_labels", None)
    # Some have only a function beside them that does it where they are given labels.
    beside = getattr(sys.modules.get(getattr(family, "__module__", "")), "shift_tokens_right", None)
    config = model.config
    try:
        read: torch.Tensor | None = None
        if shift is not None:
            read = shift(model, labels)
        elif beside is not None:
            read = beside(labels, config.pad_token_id, config.decoder_start_token_id)
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"The config of this {model.config.model_type} does not say with which token its "
            "decoder begins.",
            "Use a checkpoint whose config.json has decoder_start_token_id and pad_token_id.",
        ) from error
    if read is None or not torch.equal(read[:, 1:], labels[:, :-1]):
        raise ModelError(
            f"It is not known how {model.config.model_type} begins what its decoder reads.",
            "Choose another encoder–decoder; `inspect models` lists those that are rebuilt.",
        )
    return read


def _fitted(
    tokenizer: Any, config: Any, what: str, *, truncate: bool, **texts: str | None
) -> tuple[Any, int | None]:
    """Tokenize, and return how many tokens there were before they were cut, if they were."""
    fits = window(tokenizer, config)
    encoded = _tokenize(tokenizer, **texts)
    count = len(encoded["input_ids"][0])
    if fits is None or count <= fits:
        return encoded, None
    if not truncate:
        raise too_long(what, count, fits)
    return _tokenize(tokenizer, **texts, truncation=True, max_length=fits), count


def _tokenize(tokenizer: Any, *, rendered: str | None = None, **options: Any) -> Any:
    told = {"return_special_tokens_mask": True, "return_offsets_mapping": tokenizer.is_fast}
    if rendered is not None:
        return tokenize_chat(tokenizer, rendered, options=told, **options)
    return run_tokenizer(tokenizer, return_tensors="pt", **told, **options)


def _tokens(tokenizer: Any, encoded: Any, text: str, pair: str | None = None) -> tuple[Token, ...]:
    ids = [int(token) for token in encoded["input_ids"][0]]
    named = special_ids(tokenizer)
    special = [
        bool(flag) or token in named
        for token, flag in zip(ids, encoded["special_tokens_mask"][0], strict=True)
    ]
    pieces = tokenizer.convert_ids_to_tokens(ids)
    spans = None
    if tokenizer.is_fast:
        spans = [(int(start), int(end)) for start, end in encoded["offset_mapping"][0]]
        sides = encoded.sequence_ids(0)
    else:
        sides = _sides(special, 1 if pair is None else 2)
    texts = [text] if pair is None else [text, pair]
    return build_tokens(texts, ids, pieces, sides, special, spans)


def _sides(special: list[bool], texts: int) -> list[int | None]:
    """Tell which text each piece is of where the tokenizer does not: special ones stand between."""
    side = -1
    sides: list[int | None] = []
    for at, flag in enumerate(special):
        if not flag and (at == 0 or special[at - 1]):
            side = min(side + 1, texts - 1)
        sides.append(None if flag else side)
    return sides
