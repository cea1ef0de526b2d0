"""Which pieces are which words: from where they stand in the text, whatever the tokenizer.

A tokenizer's own idea of a word is of no use here: one says that a sentence is one word, another
that an accent is. So words are those of Unicode's annex 29 ("Unicode Text Segmentation"): letters,
digits and what joins them (``can't``, ``3.14``) are a word, every other sign is one by itself,
white space is none. Scripts that are written without spaces are parted where the annex parts them:
Han, Hiragana and Thai by character. A mark stays with its letter. The rules are those of the
package ``regex``: it comes with transformers anyway, is released with every version of Unicode and
needs no library of the system, as bindings of ICU do, or 44 MB of dictionaries.

A piece that reaches over several words (``▁of▁the``, ``."``, 喜欢) makes them one: its attention
cannot be divided among them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

import regex

#: Half-open, in characters.
Span = tuple[int, int]

_BOUNDARY = regex.compile(r"\b", regex.WORD)
_CHARACTER = regex.compile(r"\X")


def find_words(text: str, cuts: Sequence[int] = ()) -> list[Span]:
    """Return where the words of a text stand, one after another; white space is in none.

    ``cuts`` are places where a word ends in any case, such as those of special tokens.
    """
    found = {match.start() for match in _BOUNDARY.finditer(text)}
    if not text.isascii():
        # The annex parts some vowels of Thai and Lao from the letter that they are written on.
        found &= {match.start() for match in _CHARACTER.finditer(text)}
    places = sorted({0, len(text), *found, *cuts})
    return [(start, end) for start, end in pairwise(places) if not text[start:end].isspace()]


def number_pieces(text: str, spans: Sequence[Span], cuts: Sequence[int] = ()) -> list[int]:
    """Return the number of the word that each piece is part of, from 0; −1 for white space.

    ``spans`` are where the pieces stand, in the order of the text. Words of which there is no piece
    are not counted.
    """
    words = find_words(text, cuts)
    number = last = -1
    numbers = []
    for span in spans:
        touched = _touched(text, span, words)
        if not touched:
            numbers.append(-1)
            continue
        # One that shares a word with those before it is of theirs, however far it reaches.
        number += touched[0] > last
        numbers.append(number)
        last = max(last, touched[-1])
    return numbers


def number_given(text: str, spans: Sequence[Span], words: Sequence[Span]) -> list[int]:
    """Return which of the given words each piece begins in; −1 for white space.

    The words are somebody else's, as a treebank's are, and are never made one: what a piece that
    reaches over several says, it says of the first.
    """
    return [next(iter(_touched(text, span, words)), -1) for span in spans]


def trimmed(text: str, span: Span) -> Span:
    """Return a span without the white space at its ends; of nothing but that, nothing is left."""
    start, end = span
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


def _touched(text: str, span: Span, words: Sequence[Span]) -> range:
    """Return the words that a piece has a character of."""
    start, end = trimmed(text, span)
    if start == end or not words:
        return range(0)
    first = bisect_right(words, start, key=lambda word: word[0]) - 1
    last = bisect_right(words, end - 1, key=lambda word: word[0]) - 1
    return range(max(first, 0), last + 1)
