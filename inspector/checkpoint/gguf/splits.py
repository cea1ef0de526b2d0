"""How byte-level vocabularies part a text before they merge, by llama.cpp's name for each way.

A GGUF file names the way and does not say what it is. The patterns are those of the models' own
tokenizers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspector.record import record

_LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
#: As Llama 3's, but a number is its digits.
_QWEN2 = _LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
_BLOOM = r" ?[^(\s|[.,!?…。，、।۔،])]+"


@record(frozen=True, slots=True)
class Split:
    """A way to part a text, as the ``tokenizers`` package writes its steps down."""

    steps: tuple[Mapping[str, Any], ...]
    #: Whether the text is first brought to Unicode's composed form.
    composed: bool = False
    #: Whether a part that is an entry of the vocabulary is taken whole, whatever the merges say.
    whole: bool = False
    #: Whether a text begins with the first token where a file does not say.
    begins: bool = False


def _pattern(regex: str) -> Mapping[str, Any]:
    return {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False}


def _bytes(*, parted: bool) -> Mapping[str, Any]:
    """Return the step that writes bytes as letters; ``parted`` by GPT-2's own pattern."""
    return {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": False,
        "use_regex": parted,
    }


def _digits(*, alone: bool) -> Mapping[str, Any]:
    return {"type": "Digits", "individual_digits": alone}


_GPT2 = Split((_bytes(parted=True),))

#: By ``tokenizer.ggml.pre``.
SPLITS: Mapping[str, Split] = {
    "gpt-2": _GPT2,
    "smollm": Split((_digits(alone=True), _bytes(parted=True))),
    "llama-bpe": Split((_pattern(_LLAMA3), _bytes(parted=False)), whole=True, begins=True),
    "qwen2": Split((_pattern(_QWEN2), _bytes(parted=False)), composed=True),
    "falcon": Split(
        (
            {"type": "Punctuation", "behavior": "Contiguous"},
            _bytes(parted=True),
            _digits(alone=False),
            _pattern("[0-9][0-9][0-9]"),
        )
    ),
    "bloom": Split((_pattern(_BLOOM), _bytes(parted=False))),
}
