"""What a tokenizer's vocabulary says of its entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inspector.checkpoint.pieces import read_entry
from inspector.referee.tokenizing import decode


def special_ids(tokenizer: Any) -> frozenset[int]:
    """Return the ids of the entries that are special wherever they stand in a text.

    An unknown word and a mask stand for a word of the text and are not among them, unless the
    same entry also begins, ends or fills up texts.
    """
    named = {at for at, added in tokenizer.added_tokens_decoder.items() if added.special}
    ends = {
        tokenizer.bos_token_id,
        tokenizer.eos_token_id,
        tokenizer.cls_token_id,
        tokenizer.sep_token_id,
        tokenizer.pad_token_id,
    }
    stand_ins = {tokenizer.unk_token_id, tokenizer.mask_token_id} - ends
    return frozenset((named | set(tokenizer.all_special_ids)) - stand_ins)


class RefereeVocabulary:
    """The vocabulary of the tokenizer that transformers made."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self.special = special_ids(tokenizer)

    def piece(self, entry: int) -> str | None:
        """Return what an entry is called, or None where there is none of that number."""
        piece: str | None
        (piece,) = self._tokenizer.convert_ids_to_tokens([entry])
        return piece

    def read(self, entry: int) -> str:
        """Return an entry as a reader would write it."""
        return read_entry(self.piece(entry) or "", decode(self._tokenizer, [entry]))

    def letters(self, entries: Sequence[int]) -> str:
        """Return entries as a text, the special ones left out."""
        kept = [entry for entry in entries if entry not in self.special]
        return decode(self._tokenizer, kept)
