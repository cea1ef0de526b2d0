"""A text and its tokens, as the model reads them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inspector.records.shapes import Mask


@dataclass(frozen=True, slots=True)
class Token:
    """One token as the model reads it."""

    id: int
    #: The tokenizer's own piece, such as ``cat`` or ``##ing``.
    text: str
    #: Which word of the text the piece belongs to, counted over both segments; None for a
    #: special token or where the tokenizer cannot say.
    word: int | None
    #: True for tokens that the tokenizer added, such as ``[CLS]``.
    special: bool
    #: 0 for the first text, 1 for the second of a pair.
    segment: int
    #: Half-open character span in the token's own text; None for a special token.
    span: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Text:
    """A text, or a pair of texts, and the tokens the model's tokenizer made of it."""

    text: str
    pair: str | None
    tokens: tuple[Token, ...]
    #: How many tokens there were before ``--truncate`` cut them; None when nothing was cut.
    truncated_from: int | None

    @property
    def special(self) -> Mask:
        """(T,) True where the token is special."""
        return np.array([token.special for token in self.tokens], dtype=np.bool_)
