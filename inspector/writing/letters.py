"""What a model wrote as a text: its letters, and where in them each token stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Protocol

import numpy as np

from inspector.checkpoint.pieces import place_pieces
from inspector.checkpoint.tokens import decode, read_as_text, special_ids
from inspector.records import Checkpoint, Text, Token


class Vocabulary(Protocol):
    """What writing asks of a tokenizer, the checkpoint's own file or the referee's."""

    @property
    def special(self) -> frozenset[int]:
        """The entries that are special wherever they stand."""
        ...

    def piece(self, entry: int) -> str | None:
        """Return what an entry is called, or None where there is none of that number."""
        ...

    def read(self, entry: int) -> str:
        """Return an entry as a reader would write it."""
        ...

    def letters(self, entries: Sequence[int]) -> str:
        """Return entries as a text, the special ones left out."""
        ...


class FileVocabulary:
    """The vocabulary of a checkpoint's own tokenizer.json."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self.special = frozenset(special_ids(checkpoint.tokenizer))

    def piece(self, entry: int) -> str | None:
        """Return what an entry is called, or None where there is none of that number."""
        piece: str | None = self._checkpoint.tokenizer.id_to_token(entry)
        return piece

    def read(self, entry: int) -> str:
        """Return an entry as a reader would write it."""
        return read_as_text(self._checkpoint, entry)

    def letters(self, entries: Sequence[int]) -> str:
        """Return entries as a text, the special ones left out."""
        kept = [entry for entry in entries if entry not in self.special]
        return decode(self._checkpoint, kept)


def written_on(vocabulary: Vocabulary, text: Text, written: Sequence[int]) -> Text:
    """Return a text with entries of the vocabulary behind it.

    The tokens that are there stay as they are: nothing is cut anew. The letters of the new ones are
    what the tokenizer makes of all of them together, less what it makes of the text alone.
    """
    pieces = [vocabulary.piece(entry) or "" for entry in written]
    special = [entry in vocabulary.special for entry in written]
    letters, spans = _placed(vocabulary, text.ids.tolist(), list(written))
    whole, start = text.text + letters, len(text.text)
    placed = [
        (-1, -1) if flag else (start + first, start + last)
        for flag, (first, last) in zip(special, spans, strict=True)
    ]
    found = place_pieces(
        [whole],
        [*text.pieces, *pieces],
        [None if first < 0 else 0 for first, _ in [*text.spans.tolist(), *placed]],
        [*text.special.tolist(), *special],
        [*map(tuple, text.spans.tolist()), *placed],
    )
    behind = slice(len(text), None)
    new = Text.of(
        tuple(
            Token(entry, piece, None, flag, 0, None)
            for entry, piece, flag in zip(written, pieces, special, strict=True)
        ),
        whole,
    )
    types, chat = text.token_types, text.chat
    return replace(
        text,
        text=whole,
        ids=np.concatenate([text.ids, new.ids]),
        pieces=(*text.pieces, *new.pieces),
        # Words of a tokenizer that does not say where its pieces stand have been counted already.
        words=np.concatenate([text.words, found.words[behind]]),
        spans=np.concatenate([text.spans, found.spans[behind]]),
        segments=np.concatenate([text.segments, new.segments]),
        special=np.concatenate([text.special, new.special]),
        chat=chat and chat.answered(len(written)),
        token_types=None if types is None else np.pad(types, (0, len(written)), mode="edge"),
    )


def _placed(
    vocabulary: Vocabulary, before: list[int], written: list[int]
) -> tuple[str, list[tuple[int, int]]]:
    """Return the letters that were written, and where in them each token stands."""
    read = vocabulary.letters
    whole, behind = read(before + written), read(before)
    # A vocabulary may write the last letters otherwise once more follows; then without the text.
    if not whole.startswith(behind):
        before, whole, behind = [], read(written), ""
    letters = whole[len(behind) :]
    edges = [0]
    for count in range(1, len(written) + 1):
        so_far = read(before + written[:count])[len(behind) :]
        # The first bytes of a character read as another: the tokens that bring the rest share it.
        edges.append(max(edges[-1], _alike(so_far, letters)))
    return letters, [_shared(span, letters) for span in pairwise(edges)]


def _shared(span: tuple[int, int], letters: str) -> tuple[int, int]:
    start, end = span
    return (start, min(start + 1, len(letters))) if start == end else span


def _alike(one: str, other: str) -> int:
    """Return how many letters two strings begin with in common."""
    count = 0
    for mine, its in zip(one, other, strict=False):
        if mine != its:
            break
        count += 1
    return count
