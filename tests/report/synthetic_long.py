"""A long text without a model: a small random one, read as if it were long."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from forward_models import Made

from inspector.analysis.long_text.spans import cut_into_spans
from inspector.long_text import LongInspection, read_long
from inspector.records import Candidate, Checkpoint, Guess, Predictions, Text, Token

WORDS = ("harbour", "it", "</script><b>", "zero\u200bwidth", "\u202eturned", "😀", "and", "grey")


def long_text(
    variant: str = "llama", tokens: int = 40, *, predicts: bool = False
) -> LongInspection:
    """Random entries spelt as words, hostile ones among them, in lines of seven."""
    checkpoint, text = model_and_text(variant, tokens)
    found = read_long(checkpoint, text)
    if predicts:
        guess = Guess(tokens, (Candidate(5, " it", 0.5), Candidate(6, "</script>", 0.25)))
        found = replace(found, predictions=Predictions("causal", np.full(tokens, np.nan), (guess,)))
    return found


def model_and_text(variant: str, tokens: int) -> tuple[Checkpoint, Text]:
    made = Made(variant)
    ids = np.random.default_rng(4).integers(5, 32, tokens)
    parts, said, at = [], "", 0
    for place, id_ in enumerate(ids.tolist()):
        word = WORDS[id_ % len(WORDS)]
        before = "" if not place else "\n" if place % 7 == 0 else " "
        at = len(said) + len(before)
        said += before + word
        parts.append(Token(id_, word, place, False, 0, (at, at + len(word))))
    text = Text.of(tuple(parts), said)
    assert len(cut_into_spans(text)) > 1
    model = made.checkpoint.model
    assert model is not None
    # Without a tokenizer nobody can say what its head for words says.
    headless = replace(model, head=None)
    return replace(made.checkpoint, title="a random model", model=headless), text
