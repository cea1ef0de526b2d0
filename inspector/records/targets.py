"""What a head may attend to by rule: the one definition of the targets that can name it.

One sentence, a corpus and its examples all read these. The functions compare arrays of positions
entry by entry and know nothing of the library that the arrays are of: NumPy's and torch's serve.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

#: The targets of one sentence's heads, in the order in which files and pages have them.
HeadLabel = Literal["previous", "next", "self", "first", "separator"]
LABELS: tuple[HeadLabel, ...] = get_args(HeadLabel)
#: Over a corpus the other subwords of the word are a target too.
TARGETS = (*LABELS, "same_word")
#: Those that stand in a fixed place, counted from the query.
RELATIVE: tuple[HeadLabel, ...] = ("previous", "next", "self")
#: From which mean share of its attention on a head is named after a target.
LABEL_FROM = 0.4


def relative(query: Any, key: Any) -> dict[str, Any]:
    """Return which keys are a query's neighbours and itself, by position; both broadcast."""
    return {"previous": query - key == 1, "next": key - query == 1, "self": query == key}


def fixed(key: Any, separator: Any) -> dict[str, Any]:
    """Return which keys are the first and the last separator; ``separator`` is −1 for none."""
    return {"first": key == 0, "separator": key == separator}


def same_word(query: Any, key: Any, query_word: Any, key_word: Any) -> Any:
    """Return which keys are other subwords of the query's word; a word is −1 for none."""
    return (query_word == key_word) & (query_word >= 0) & (query != key)
