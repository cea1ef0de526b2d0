"""A long text cut into the stretches that a map of it is made of: lines and sentences, not tokens.

A map of every token by every token is neither computed nor read. Stretches are of about one size,
so that none hides in another, and they end where a reader would pause: at an empty line rather
than at the end of a line, there rather than at the end of a sentence, there rather than between
two words.
"""

from __future__ import annotations

import re

from inspector.records import Text
from inspector.records.long_text import Span

#: About how many stretches a map has.
_STRETCHES = 80
#: How much shorter or longer than usual a stretch may be for the sake of where it ends.
_SHORTEST, _LONGEST = 0.5, 1.5
_SENTENCE_END = re.compile(r"[.!?…。!?]['\"”’»)\]]*\s*$")


def cut_into_spans(text: Text) -> tuple[Span, ...]:
    """Return the stretches of a text, in its order; together they are all of its tokens."""
    tokens = len(text)
    usual = max(1, -(-tokens // _STRETCHES))
    ends = _pauses(text)
    spans, start = [], 0
    while start < tokens:
        end = _end(ends, start, usual, tokens)
        spans.append(Span(start, end, _letters(text, start, end)))
        start = end
    return tuple(spans)


def _end(pauses: list[int], start: int, usual: int, tokens: int) -> int:
    """Return where a stretch ends that begins at ``start``."""
    if tokens - start <= usual * _LONGEST:
        return tokens
    first = start + max(1, int(usual * _SHORTEST))
    last = min(tokens, start + max(1, int(usual * _LONGEST)))
    return max(range(first, last + 1), key=lambda end: (pauses[end], -abs(end - start - usual)))


def _pauses(text: Text) -> list[int]:
    """Return how good a place it is to end a stretch before each token, and behind the last."""
    pauses = [0] * (len(text) + 1)
    pauses[-1] = 4
    for place in range(1, len(text)):
        begins, before = int(text.spans[place, 0]), int(text.spans[place - 1, 1])
        if begins < 0 or before < 0:
            continue
        # A tokenizer may put the white space into either of the two.
        ahead = text.text[before : int(text.spans[place, 1])]
        between = text.text[int(text.spans[place - 1, 0]) : before] + ahead[: _leading(ahead)]
        trailing = between[len(between.rstrip()) :]
        if trailing.count("\n") > 1:
            pauses[place] = 4
        elif "\n" in trailing:
            pauses[place] = 3
        elif trailing and _SENTENCE_END.search(between):
            pauses[place] = 2
        elif text.words[place] != text.words[place - 1]:
            pauses[place] = 1
    return pauses


def _leading(letters: str) -> int:
    return len(letters) - len(letters.lstrip())


def _letters(text: Text, start: int, end: int) -> str:
    placed = text.spans[start:end][text.spans[start:end, 0] >= 0]
    if not len(placed):
        return "".join(text.pieces[start:end])
    return text.text[int(placed[0, 0]) : int(placed[-1, 1])].strip()
