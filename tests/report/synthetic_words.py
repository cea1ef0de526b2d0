"""A made-up inspection of a text in which words have several tokens."""

from dataclasses import replace

import numpy as np
import synthetic

from inspector.records import Text

#: Tokens 2 and 3 are one word, and 5, 6 and 7 another.
GROUPS = [[0], [1], [2, 3], [4], [5, 6, 7], [8]]


def in_pieces(**how):
    """An inspection of “the knotty sat untidily”, of which two words have several pieces."""
    whole = synthetic.inspected("the knot ty sat un tidi ly", **how)
    spelt = "the knotty sat untidily"
    spans = [(0, 3), (4, 8), (8, 10), (11, 14), (15, 17), (17, 21), (21, 23)]
    numbers = [0, 1, 1, 2, 3, 3, 3]
    tokens = list(whole.trace.text.tokens)
    for at, (span, number) in enumerate(zip(spans, numbers, strict=True), start=1):
        tokens[at] = replace(tokens[at], text=spelt[slice(*span)], span=span, word=number)
    text = Text.of(tuple(tokens), spelt)
    return replace(whole, trace=replace(whole.trace, text=text))


def merged(A, groups=GROUPS):
    into = np.stack([A[:, group].sum(axis=1) for group in groups], axis=1)
    return np.stack([into[group].mean(axis=0) for group in groups])
