"""What two sides answer, set beside each other place by place."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from inspector.analysis.answers import Asked, ask, log_softmax
from inspector.analysis.effects import end_of
from inspector.checkpoint.tokens import entry_of, read_as_text
from inspector.errors import InspectorError
from inspector.records import Checkpoint, Float64, Trace
from inspector.records.comparison import Alignment, AnswerBeside, AnswerEntry

#: So many entries of either side are named for a place.
_NAMED = 5


def answers_beside(
    checkpoints: tuple[Checkpoint, Checkpoint],
    traces: tuple[Trace, Trace],
    alignment: Alignment,
    *,
    one_vocabulary: bool,
) -> tuple[AnswerBeside, ...]:
    """Return what both sides say; nothing where one of them has no head for words.

    The entries of a place are the five likeliest of either side. Of a masked model's text without
    a mask they are the words that stand there, each as likely as the model holds it.

    Parameters
    ----------
    traces:
        Untouched passes of our own forward.
    alignment:
        Of the two texts.
    one_vocabulary:
        Whether ids mean the same on both sides; else entries are the same that read the same.
    """
    sides = [
        _Side.of(checkpoint, trace) for checkpoint, trace in zip(checkpoints, traces, strict=True)
    ]
    first, second = sides
    if first is None or second is None:
        return ()
    if first.asked.kind == second.asked.kind == "words":
        return (_words(first, second, alignment),)
    kind = first.asked.kind if first.asked.kind != "words" else second.asked.kind
    found = []
    for at, (one, two) in enumerate(zip_longest(first.places, second.places)):
        entries = _joined(first, second, at, one_vocabulary=one_vocabulary)
        # An embedding has no places, so that nothing is gone over.
        assert kind != "embedding"  # noqa: S101
        found.append(AnswerBeside(kind, one, two, entries))
    return tuple(found)


@dataclass(frozen=True)
class _Side:
    """What one side says at each of its places."""

    checkpoint: Checkpoint
    trace: Trace
    asked: Asked
    #: (R, V) probabilities.
    shares: Float64

    @classmethod
    def of(cls, checkpoint: Checkpoint, trace: Trace) -> _Side | None:
        asked = ask(checkpoint, trace)
        logits = end_of(checkpoint, trace, asked).logits
        if logits is None:
            return None
        return cls(checkpoint, trace, asked, np.exp(log_softmax(logits[0])))

    @property
    def places(self) -> list[int]:
        """Of which places it says what stands there; none of words that stand there already."""
        if self.asked.kind == "words":
            return []
        after = self.asked.kind in ("next", "decoder")
        return [row + after for row in self.asked.rows or ()]

    def likeliest(self, at: int) -> list[int]:
        if at >= len(self.places):
            return []
        best: list[int] = np.argsort(-self.shares[at], kind="stable")[:_NAMED].tolist()
        return best

    def share(self, at: int, entry: int | None) -> float | None:
        there = entry is not None and at < len(self.places) and entry < self.shares.shape[1]
        return float(self.shares[at, entry]) if there else None

    def of_token(self, place: int | None) -> float | None:
        """Return how likely it holds the token that stands at a place."""
        rows = self.asked.rows or ()
        if place is None or place not in rows:
            return None
        return float(self.shares[rows.index(place), self.trace.text.ids[place]])


def _joined(
    first: _Side, second: _Side, at: int, *, one_vocabulary: bool
) -> tuple[AnswerEntry, ...]:
    """Return the likeliest entries of either side at a place, the likeliest of all first."""
    found: dict[str, AnswerEntry] = {}
    for side, other in ((first, second), (second, first)):
        for entry in side.likeliest(at):
            name = read_as_text(side.checkpoint, entry)
            there = entry if one_vocabulary else _named(other.checkpoint, name)
            shares = side.share(at, entry), other.share(at, there)
            one, two = shares if side is first else shares[::-1]
            key = str(entry) if one_vocabulary else name
            found.setdefault(key, AnswerEntry(entry if one_vocabulary else None, name, one, two))
    return tuple(sorted(found.values(), key=lambda one: -max(one.first or 0, one.second or 0)))


def _named(checkpoint: Checkpoint, name: str) -> int | None:
    """Return the entry that reads so; None where it is not one."""
    try:
        return entry_of(checkpoint, name)
    except InspectorError:
        return None


def _words(first: _Side, second: _Side, alignment: Alignment) -> AnswerBeside:
    """Return how likely each side holds the words that stand in its text."""
    shown = first.trace.text.shown, second.trace.text.shown
    entries = []
    for place in alignment.places:
        one, two = first.of_token(place.first), second.of_token(place.second)
        if one is None and two is None:
            continue
        names = dict.fromkeys(
            names[at].strip()
            for names, at in zip(shown, (place.first, place.second), strict=True)
            if at is not None
        )
        entries.append(AnswerEntry(None, " → ".join(names), one, two))
    return AnswerBeside("words", None, None, tuple(entries))
