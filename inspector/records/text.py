"""A text and its tokens, as the model reads them: one text, and several side by side."""

from __future__ import annotations

from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from inspector.record import record
from inspector.records.chat import Chat, Part
from inspector.records.pieces import read_pieces
from inspector.records.shapes import Mask

Int64 = NDArray[np.int64]


@record(frozen=True, slots=True)
class Token:
    """One token as the model reads it."""

    id: int
    #: The tokenizer's own piece, such as ``cat`` or ``##ing``.
    text: str
    #: Which word of the text the piece belongs to, counted over both segments; None for a
    #: special token, for white space, and where nobody can say.
    word: int | None
    #: True for what the vocabulary calls special, such as ``[CLS]``, put in or typed.
    special: bool
    #: 0 for the first text, 1 for the second of a pair.
    segment: int
    #: Half-open character span in the token's own text; None for what the tokenizer put in, and
    #: where nobody can say.
    span: tuple[int, int] | None


@record(frozen=True, slots=True, kw_only=True)
class Text:
    """A text, or a pair of texts, and the T tokens the model's tokenizer made of it."""

    text: str
    pair: str | None = None
    #: (T,) what the model reads.
    ids: Int64
    #: T pieces as the tokenizer has them.
    pieces: tuple[str, ...]
    #: (T,) the word that a piece belongs to, counted over both segments; −1 for none. Words are
    #: found in the text itself, the same way for every tokenizer (``checkpoint/words.py``).
    words: Int64
    #: (T, 2) half-open character spans in the token's own text; −1 where there is none.
    spans: Int64
    #: (T,) 0 for the first text, 1 for the second of a pair.
    segments: Int64
    #: (T,) True for what the vocabulary calls special, wherever it stands; an unknown word and a
    #: mask stand for words and are none.
    special: Mask
    #: (T,) the segment that the model itself is told of, where it is told of any.
    token_types: Int64 | None = None
    #: How many tokens there were before the text was cut to fit; None when nothing was cut.
    truncated_from: int | None = None
    #: What was said, where ``text`` is what a chat template made of it; None for a plain text.
    chat: Chat | None = None

    @classmethod
    def of(
        cls,
        tokens: tuple[Token, ...],
        text: str,
        pair: str | None = None,
        *,
        token_types: Int64 | None = None,
        truncated_from: int | None = None,
    ) -> Text:
        """Put a text together from its tokens, one after the other."""
        return cls(
            text=text,
            pair=pair,
            ids=np.array([token.id for token in tokens], dtype=np.int64),
            pieces=tuple(token.text for token in tokens),
            words=np.array([-1 if t.word is None else t.word for t in tokens], dtype=np.int64),
            spans=np.array([t.span or (-1, -1) for t in tokens], dtype=np.int64).reshape(-1, 2),
            segments=np.array([token.segment for token in tokens], dtype=np.int64),
            special=np.array([token.special for token in tokens], dtype=np.bool_),
            token_types=token_types,
            truncated_from=truncated_from,
        )

    @classmethod
    def of_ids(cls, ids: Int64) -> Text:
        """Make a text of tokens of which nothing but the ids is known, all of them content."""
        return cls.of(tuple(Token(int(id_), "", None, False, 0, None) for id_ in ids), "")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def separator(self) -> int:
        """Where the last special token stands that is not the first token; −1 for none."""
        return last_separator(self.special)

    @property
    def parted(self) -> bool:
        """Whether some word of the text is in several pieces."""
        return bool(((self.words[1:] == self.words[:-1]) & (self.words[1:] >= 0)).any())

    @property
    def shown(self) -> tuple[str, ...]:
        """T pieces as a reader sees them: as they stand in the text, part of a character as such.

        The second of the three pieces that a character is parted into is ``我 2/3``.
        """
        shown = list(self.pieces)
        for segment, text in enumerate((self.text, self.pair or "")):
            there = ~self.special & (self.segments == segment) & (self.spans[:, 0] >= 0)
            mine = np.flatnonzero(there).tolist()
            read = read_pieces(
                text, [self.pieces[at] for at in mine], [tuple(self.spans[at]) for at in mine]
            )
            for at, one in zip(mine, read, strict=True):
                shown[at] = one
        return tuple(shown)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts of a chat, one role after another; none of a plain text."""
        found, start = [], 0
        for role, same in groupby(() if self.chat is None else self.chat.roles):
            end = start + len(list(same))
            placed = self.spans[start:end][self.spans[start:end, 0] >= 0]
            letters = (
                self.text[placed[0, 0] : placed[-1, 1]]
                if len(placed)
                else "".join(self.pieces[start:end])
            )
            found.append(Part(role, start, end, letters))
            start = end
        return tuple(found)

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The tokens one by one."""
        return tuple(
            Token(
                id=int(self.ids[at]),
                text=self.pieces[at],
                word=None if self.words[at] < 0 else int(self.words[at]),
                special=bool(self.special[at]),
                segment=int(self.segments[at]),
                span=None if start < 0 else (int(start), int(end)),
            )
            for at, (start, end) in enumerate(self.spans)
        )


def last_separator(special: Mask) -> int:
    """Return where the last special token stands that is not the first token; −1 for none."""
    later = np.flatnonzero(special[1:])
    return int(later[-1]) + 1 if later.size else -1


@record(frozen=True, slots=True)
class Batch:
    """B texts padded on the right to the longest, T tokens."""

    #: (B, T)
    ids: Int64
    #: (B,) how many tokens each text has.
    lengths: Int64
    #: (B, T) True where a token is part of the text: neither special nor padding.
    content: Mask
    #: (B, T) the number of the token's word, −1 for none.
    words: Int64

    @property
    def queries(self) -> Int64:
        """(B,) how many content tokens each text has."""
        counts: Int64 = self.content.sum(axis=1)
        return counts

    @property
    def real(self) -> Mask:
        """(B, T) True where there is a token and no padding."""
        inside: Mask = np.arange(self.ids.shape[1]) < self.lengths[:, None]
        return inside


def pad(texts: list[Text], padding: int) -> Batch:
    """Lay texts side by side, filled up with the token ``padding``."""
    lengths = np.array([len(one) for one in texts])
    shape = (len(texts), int(lengths.max()))
    ids = np.full(shape, padding, dtype=np.int64)
    words = np.full(shape, -1, dtype=np.int64)
    content = np.zeros(shape, dtype=np.bool_)
    for row, one in enumerate(texts):
        size = len(one)
        ids[row, :size] = one.ids
        content[row, :size] = ~one.special
        words[row, :size] = one.words
    return Batch(ids=ids, lengths=lengths, content=content, words=words)
