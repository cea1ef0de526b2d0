"""Several sentences as the model reads them at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inspector.records.shapes import Mask

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Encoded:
    """One sentence as token ids: what stays of it until its batch runs."""

    #: (T,) token ids.
    ids: Int64
    #: (T,) True for tokens that the tokenizer added.
    special: Mask
    #: (T,) which word of the text a piece belongs to, −1 for none; None where the tokenizer
    #: cannot say.
    words: Int64 | None
    #: How many tokens there were before it was cut to fit; None when nothing was cut.
    truncated_from: int | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """B sentences padded on the right to the longest, T tokens."""

    #: (B, T)
    ids: Int64
    #: (B,) how many tokens each sentence has.
    lengths: Int64
    #: (B, T) True where a token is part of the text: neither special nor padding.
    content: Mask
    #: (B, T) the number of the token's word, −1 for none.
    words: Int64

    @property
    def queries(self) -> Int64:
        """(B,) how many content tokens each sentence has."""
        counts: Int64 = self.content.sum(axis=1)
        return counts

    @property
    def real(self) -> Mask:
        """(B, T) True where there is a token and no padding."""
        inside: Mask = np.arange(self.ids.shape[1]) < self.lengths[:, None]
        return inside


def pad(sentences: list[Encoded], padding: int) -> Batch:
    """Lay sentences side by side, filled up with the token ``padding``."""
    lengths = np.array([len(one.ids) for one in sentences])
    shape = (len(sentences), int(lengths.max()))
    ids = np.full(shape, padding, dtype=np.int64)
    words = np.full(shape, -1, dtype=np.int64)
    content = np.zeros(shape, dtype=np.bool_)
    for row, one in enumerate(sentences):
        size = len(one.ids)
        ids[row, :size] = one.ids
        content[row, :size] = ~one.special
        if one.words is not None:
            words[row, :size] = one.words
    return Batch(ids=ids, lengths=lengths, content=content, words=words)
