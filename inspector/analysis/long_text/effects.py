"""Does a stretch of a long text matter? Nobody hears it, and the answer moves or does not.

The same question as ``effects.py`` puts to every token of a short text, by the same measure, put to
stretches first and then to the tokens of the one that matters most: a pass for each, which for
thousands of tokens takes as long as the first reading.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from inspector.analysis.answers import Asked, Reading, ask
from inspector.forward.by_rows.model import LongPass, forward_by_rows
from inspector.records import Checkpoint, Text, Trace
from inspector.records.effects import Effect
from inspector.records.long_text import LongEffects, Span


def measure_long_effects(
    checkpoint: Checkpoint,
    text: Text,
    spans: Sequence[Span],
    *,
    answer: str | None = None,
    against: str | None = None,
    begun: Callable[[str, int, int], None] = lambda _what, _number, _of: None,
) -> LongEffects:
    """Block every stretch in turn, and then every token of the one that moves the answer most.

    A blocked token is heard by nobody but itself. Ctrl-C ends it, and what was measured until then
    is returned.

    Parameters
    ----------
    answer, against:
        The entry of the vocabulary that the answer is about, and one that it is set against.
    begun:
        Called before each pass: what is blocked, the number of it, and how many there are.

    Raises
    ------
    InputError, ModelError
        As ``answers.ask``.
    """
    asked = ask(checkpoint, Trace(text=text, layers=()), answer, against)
    rows = list(range(len(text))) if asked.rows is None else list(asked.rows)

    def run(blocked: slice | None) -> LongPass:
        mask = np.zeros(len(text), dtype=np.bool_)
        if blocked is not None:
            mask[blocked] = True
        return forward_by_rows(checkpoint, text, rows=rows, blocked=mask)

    stretches: list[Effect] = []
    tokens: list[Effect] = []
    strongest: int | None = None
    untouched = run(None)
    reading = Reading(checkpoint, asked, *_end(untouched, asked))
    try:
        for number, span in enumerate(spans):
            begun("stretch", number, len(spans))
            stretches.append(reading.moved(*_end(run(slice(span.start, span.end)), asked)))
        strongest = int(np.argmax([one.size for one in stretches]))
        span = spans[strongest]
        for token in range(span.start, span.end):
            begun("token", token - span.start, span.end - span.start)
            tokens.append(reading.moved(*_end(run(slice(token, token + 1)), asked)))
    except KeyboardInterrupt:
        if not stretches:
            raise
    return LongEffects(
        measure=asked.measure,
        answer=reading.answer,
        stretches=tuple(stretches),
        strongest=strongest,
        tokens=tuple(tokens),
    )


def _end(passed: LongPass, asked: Asked) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the states and the logits at the rows where the answer is read."""
    final = passed.final if asked.rows is None else passed.final[list(asked.rows)]
    return final, passed.logits
