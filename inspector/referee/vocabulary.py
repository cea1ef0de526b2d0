"""What a tokenizer's vocabulary says of its entries."""

from __future__ import annotations

from typing import Any


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
