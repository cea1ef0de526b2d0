"""From text to tokens by the checkpoint's own tokenizer.json, through the ``tokenizers`` package.

A checkpoint that has only a vocabulary or a SentencePiece model has no such file: then there is no
tokenizer here, and the referee's is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from inspector.checkpoint.encoded import (
    SEE,
    build_tokens,
    failed,
    places_of,
    refuse_nothing,
    refuse_unparted,
    smallest_limit,
    too_long,
)
from inspector.checkpoint.json_file import read_object
from inspector.checkpoint.pieces import read_entry
from inspector.errors import InputError, ModelError
from inspector.families.pairs import PAIR
from inspector.families.spec import Family
from inspector.panics import hushed, is_fault
from inspector.records import Checkpoint, Text, Token

TOKENIZER = "tokenizer.json"
_SAID = "tokenizer_config.json"
_SEGMENTS_OF_A_PAIR = 2
#: What vocabularies call the token that a masked model fills.
_MASKS = ("[MASK]", "<mask>")
#: Whose decoders read, in training, what they write, one place later and behind a token of theirs.
_SHIFTED = (
    "t5", "mt5", "umt5", "t5gemma", "bart", "pegasus", "blenderbot", "blenderbot-small", PAIR,
)  # fmt: skip


def read_tokenizer(folder: Path, title: str) -> Any:
    """Return the tokenizer of the model ``title``, or None where it has no tokenizer.json.

    Raises
    ------
    ModelError
        When the file cannot be read.
    """
    path = folder / TOKENIZER
    if not path.exists():
        return None
    from tokenizers import Tokenizer

    with _told(lambda: ModelError(f"The tokenizer of {title} cannot be read from its files.", SEE)):
        tokenizer = Tokenizer.from_file(str(path))
    # A file may say how its texts were padded and cut in training; here they are neither.
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


@contextmanager
def _told(why: Callable[[], ModelError]) -> Iterator[None]:
    """Say ``why`` in place of what the package raises: a plain Exception, or a panic of Rust's."""
    try:
        with hushed():
            yield
    except BaseException as error:
        if is_fault(error):
            raise why() from error
        raise


def limit(folder: Path, config: Any, family: Family) -> int | None:
    """Return how many tokens fit into the model, or None where it sets no limit."""
    path = folder / _SAID
    said = read_object(path).get("model_max_length") if path.exists() else None
    return smallest_limit(said, *(_places(row, row.own(config)) for row in family.sites))


def _places(family: Family, config: Any) -> int | None:
    """Return for how many tokens a stack has places, by its own config."""
    places = places_of(config)
    embed = None if family.body is None else family.body.embeddings
    if places is not None and embed is not None and family.positions_behind_padding:
        # The first token has the place behind the padding's.
        padding = config.pad_token_id if embed.padding is None else embed.padding
        places = max(1, places - padding - 1)
    return places


def encode(
    checkpoint: Checkpoint,
    text: str,
    pair: str | None = None,
    *,
    truncate: bool,
    what: str = "text",
    bare: bool = False,
) -> Text:
    """Tokenize a text, or a pair of texts, as the checkpoint's own file says.

    A ``bare`` text has its beginning and its end already: nothing is put around it.

    Raises
    ------
    InputError
        When there is nothing to read, when the text does not fit and ``truncate`` is off, or
        when there is a pair and the tokenizer puts nothing between its texts.
    ModelError
        When the tokenizer fails.
    """
    encoded, truncated_from = _fitted(checkpoint, what, text, pair, truncate=truncate, bare=bare)
    if pair is not None:
        alone, both = (
            checkpoint.tokenizer.num_special_tokens_to_add(is_pair=paired)
            for paired in (False, True)
        )
        refuse_unparted(checkpoint.family, encoded.sequence_ids, added=alone, added_to_pair=both)
    tokens = _tokens(checkpoint.tokenizer, encoded, text, pair)
    refuse_nothing(tokens, what)
    # Else the separators alone tell the two texts apart: the model has no segments.
    told = (getattr(checkpoint.config, "type_vocab_size", None) or 0) >= _SEGMENTS_OF_A_PAIR
    return Text.of(
        tokens,
        text,
        pair,
        token_types=np.array(encoded.type_ids, dtype=np.int64) if told else None,
        truncated_from=truncated_from,
    )


def encode_target(checkpoint: Checkpoint, target: str, *, truncate: bool) -> Text | None:
    """Tokenize what an encoder–decoder's decoder reads, as in training: one place to the right.

    None for a family whose decoder begins in a way that is not known here: the referee knows.

    Raises
    ------
    InputError
        When there is nothing to read, or when the text does not fit and ``truncate`` is off.
    ModelError
        When the tokenizer fails.
    """
    begins = getattr(checkpoint.config, "decoder_start_token_id", None)
    if checkpoint.family not in _SHIFTED or begins is None:
        return None
    written = encode(checkpoint, target, truncate=truncate, what="target")
    piece = checkpoint.tokenizer.id_to_token(int(begins))
    if piece is None:
        return None
    start = Token(int(begins), piece, word=None, special=True, segment=0, span=None)
    tokens = (start, *written.tokens[:-1])
    return replace(Text.of(tokens, target), truncated_from=written.truncated_from)


def _fitted(
    checkpoint: Checkpoint, what: str, text: str, pair: str | None, *, truncate: bool, bare: bool
) -> tuple[Any, int | None]:
    """Tokenize, and return how many tokens there were before they were cut, if they were."""
    tokenizer, fits = checkpoint.tokenizer, checkpoint.window
    encoded = _encoded(tokenizer, text, pair, bare=bare)
    count = len(encoded.ids)
    if fits is None or count <= fits:
        return encoded, None
    if not truncate:
        raise too_long(what, count, fits)
    # The tokenizer itself cuts, so that what it puts at the end stays at the end.
    tokenizer.enable_truncation(fits)
    try:
        return _encoded(tokenizer, text, pair, bare=bare), count
    finally:
        tokenizer.no_truncation()


def _encoded(tokenizer: Any, text: str, pair: str | None, *, bare: bool) -> Any:
    with _told(lambda: failed(tokenizer.to_str())):
        return tokenizer.encode(text, pair, add_special_tokens=not bare)


def _tokens(tokenizer: Any, encoded: Any, text: str, pair: str | None) -> tuple[Token, ...]:
    named = special_ids(tokenizer)
    special = [
        bool(flag) or token in named
        for token, flag in zip(encoded.ids, encoded.special_tokens_mask, strict=True)
    ]
    texts = [text] if pair is None else [text, pair]
    return build_tokens(
        texts, encoded.ids, encoded.tokens, encoded.sequence_ids, special, encoded.offsets
    )


def mask_id(checkpoint: Checkpoint) -> int | None:
    """Return the entry that a masked model fills, or None where the vocabulary has none."""
    found = (checkpoint.tokenizer.token_to_id(name) for name in _MASKS)
    return next((entry for entry in found if entry is not None), None)


def entry_of(checkpoint: Checkpoint, word: str) -> int:
    """Return the entry of the vocabulary that a word is, as it stands, with its space if any.

    Raises
    ------
    InputError
        When the tokenizer parts it, or makes nothing of it.
    ModelError
        When the tokenizer fails.
    """
    with _told(lambda: failed(checkpoint.tokenizer.to_str())):
        entries = checkpoint.tokenizer.encode(word, add_special_tokens=False).ids
    if len(entries) == 1:
        return int(entries[0])
    parts = ", ".join(repr(read_as_text(checkpoint, entry)) for entry in entries)
    raise InputError(
        f"The answer {word!r} is {len(entries)} tokens of this model"
        + (f": {parts}." if entries else "."),
        "Name one that is a single token; within a sentence most begin with a space, as ' Paris'.",
    )


def read_as_text(checkpoint: Checkpoint, entry: int) -> str:
    """Return an entry of the vocabulary as a reader would write it."""
    piece = checkpoint.tokenizer.id_to_token(entry)
    return read_entry(piece or "", decode(checkpoint, [entry]))


def decode(checkpoint: Checkpoint, entries: Sequence[int]) -> str:
    """Return entries of the vocabulary as the tokenizer writes them together.

    Raises
    ------
    ModelError
        When the tokenizer fails.
    """
    with _told(lambda: failed(checkpoint.tokenizer.to_str())):
        return str(checkpoint.tokenizer.decode([*entries], skip_special_tokens=False))


def special_ids(tokenizer: Any) -> set[int]:
    """Return the entries that are special wherever they stand, as ``referee/vocabulary.py`` does.

    An unknown word and a mask stand for a word of the text.
    """
    stand_ins = {getattr(tokenizer.model, "unk_token", None), *_MASKS}
    return {
        at
        for at, added in tokenizer.get_added_tokens_decoder().items()
        if added.special and added.content not in stand_ins
    }
