"""Texts of an exact number of tokens, cut from a passage that was written for this project."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def bundled_tokenizer() -> Any:
    """Return the bundled model's tokenizer, of the ``tokenizers`` package, without torch."""
    from inspector.checkpoint.opening import open_checkpoint
    from inspector.checkpoint.sources import locate

    return open_checkpoint(locate("bundled")).tokenizer


def text_of(tokens: int, tokenizer: Any) -> str:
    """Return the beginning of the passage that the tokenizer reads as ``tokens`` tokens.

    Raises
    ------
    ValueError
        When the passage is too short, or when the cut falls inside a word and changes its pieces.
    """
    passage = (Path(__file__).parent / "data" / "passage.txt").read_text(encoding="utf-8")
    encoded = tokenizer.encode(passage, add_special_tokens=False)
    wanted = tokens - tokenizer.num_special_tokens_to_add(is_pair=False)
    if wanted > len(encoded.ids):
        raise ValueError(f"the passage has only {len(encoded.ids)} tokens")
    text = passage[: encoded.offsets[wanted - 1][1]]
    if len(tokenizer.encode(text).ids) != tokens:
        raise ValueError(f"the passage cannot be cut at {tokens} tokens")
    return text
