"""What any tokenizer's encoding becomes: tokens, or the sentence that says why it cannot be read.

The checkpoint's own tokenizer and the referee's tell the same things in different words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import accumulate
from typing import Any

from inspector.checkpoint.pieces import place_pieces
from inspector.checkpoint.words import Span
from inspector.errors import InputError, ModelError
from inspector.records import Text, Token

SEE = "Run it again with --debug to see what the library says."

#: Tokenizers without a limit say so with a number near 1e30.
_NO_LIMIT = 10**9


def places_of(config: Any) -> int | None:
    """Return for how many places a model has something, or None where its config names no number.

    MPT's makes as many numbers before it runs, and calls them otherwise.
    """
    said = getattr(config, "max_position_embeddings", None)
    found: int | None = getattr(config, "max_seq_len", None) if said is None else said
    return found


def smallest_limit(*limits: int | float | None) -> int | None:
    """Return the smallest that is a limit on the number of tokens, or None where none is."""
    real = [int(limit) for limit in limits if limit is not None and 0 < limit < _NO_LIMIT]
    return min(real) if real else None


def build_tokens(
    texts: Sequence[str],
    ids: Sequence[int],
    pieces: Sequence[str],
    sides: Sequence[int | None],
    special: Sequence[bool],
    spans: Sequence[Span] | None,
) -> tuple[Token, ...]:
    """Return the T tokens of a text or of both of a pair; arguments as of ``place_pieces``."""
    placed = place_pieces(texts, pieces, sides, special, spans)
    # A special token closes the text before it; the first one opens the first text.
    segments = accumulate((0 if side is None else side for side in sides), max)
    return tuple(
        Token(
            id=token,
            text=piece,
            word=None if word < 0 else word,
            special=flag,
            segment=segment,
            span=None if start < 0 else (start, end),
        )
        for token, piece, word, flag, segment, (start, end) in zip(
            ids,
            pieces,
            placed.words.tolist(),
            special,
            segments,
            placed.spans.tolist(),
            strict=True,
        )
    )


def refuse_unparted(
    family: str, sides: Sequence[int | None], *, added: int, added_to_pair: int
) -> None:
    """Refuse a pair between whose texts the tokenizer puts nothing of its own.

    ``added`` counts the special tokens that it adds to a text, ``added_to_pair`` to a pair.

    Raises
    ------
    InputError
        When there is nothing between the two.
    """
    if 0 in sides and 1 in sides:
        last_of_first = max(at for at, side in enumerate(sides) if side == 0)
        parted = sides.index(1) > last_of_first + 1
    else:
        # It does not say whose a token is, or of one text nothing is left: what the tokenizer adds
        # to a pair stands there all the same.
        parted = added_to_pair > added
    if not parted:
        raise InputError(
            f"This model ({family}) reads no pairs: its tokenizer puts nothing between the two "
            "texts.",
            "Leave the second text out, or choose a BERT.",
        )


def refuse_nothing(tokens: Sequence[Token], what: str) -> None:
    """Refuse a text, or a target, of which no token is left.

    Raises
    ------
    InputError
        When all tokens are special.
    """
    if all(token.special for token in tokens):
        raise InputError(
            f"The model's tokenizer finds nothing to read in the {what}.",
            "Give a text with at least one visible character.",
        )


def each_alone(text: Text, read: Callable[..., Text]) -> tuple[Text, Text] | None:
    """Return both texts of a pair, each read by itself: ``read(part, truncate=…)``.

    They are cut where the pair was. None where there is no pair, and where one of the two has
    nothing to read without the other.
    """
    if text.pair is None:
        return None
    truncate = text.truncated_from is not None
    with suppress(InputError):
        return read(text.text, truncate=truncate), read(text.pair, truncate=truncate)
    return None


def failed(described: str | None) -> ModelError:
    """Return what is said of a tokenizer that fails on a text.

    ``described`` is its tokenizer.json, None where it has none.
    """
    if described is not None and (unknown := _missing_unknown(described)) is not None:
        return ModelError(
            f"The model's tokenizer has no entry {unknown}, which stands for what it does not "
            "know, and the text holds something of that kind.",
            "Use a complete tokenizer.",
        )
    return ModelError("The model's tokenizer fails on this text.", SEE)


def _missing_unknown(described: str) -> str | None:
    """Return the piece for what a tokenizer does not know, where its vocabulary lacks it.

    The whole vocabulary would name it all the same: special tokens are added to that.
    """
    model = json.loads(described)["model"]
    unknown, vocabulary = model.get("unk_token"), model.get("vocab")
    missing = isinstance(unknown, str) and isinstance(vocabulary, dict)
    return unknown if missing and unknown not in vocabulary else None


def too_long(what: str, count: int, fits: int) -> InputError:
    """Return what is said of a text, or a target, that does not fit into the model."""
    return InputError(
        f"The {what} has {count} tokens and {fits} fit into the model.",
        "Shorten it, or cut it at the end with --truncate.",
    )
