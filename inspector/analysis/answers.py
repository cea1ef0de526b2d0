"""What a model says, in numbers that can be compared: before a change and after it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inspector.checkpoint.tokens import entry_of, mask_id, read_as_text
from inspector.errors import InputError
from inspector.forward.pooling import pool
from inspector.record import record
from inspector.records import DEFAULT_POOLING, Array, Checkpoint, Float64, Pooling, Trace
from inspector.records.effects import Answer, AnsweredPlace, AnswerKind, Effect, Measure

Whole = NDArray[np.intp]


@record(frozen=True, slots=True)
class Asked:
    """Where the answer is read, and which entries of the vocabulary it is about."""

    kind: AnswerKind
    #: The rows of the states behind the last block where it is read; None for all.
    rows: tuple[int, ...] | None
    #: An entry for all places, and one beside it; None for the likeliest of each, and for none.
    entry: int | None = None
    against: int | None = None

    @property
    def measure(self) -> Measure:
        """What the effect of a change is measured in."""
        return "shift" if self.kind == "embedding" else "kl_bits"


def ask(
    checkpoint: Checkpoint, trace: Trace, answer: str | None = None, against: str | None = None
) -> Asked:
    """Return what is asked of a model about a text.

    ``answer`` names the entry of the vocabulary that it is about, ``against`` one beside it.

    Raises
    ------
    InputError
        When either is no single entry of the vocabulary, when there is ``against`` alone, or when
        the model has no head for words.
    ModelError
        When the tokenizer fails.
    """
    head = None if checkpoint.model is None else checkpoint.model.head
    if against is not None and answer is None:
        raise InputError(
            "An answer is set against another, and there is none.",
            "Name both, such as ' Mary' against ' John'.",
        )
    if head is None:
        if answer is not None:
            known_entry(checkpoint, answer)
        pooling = checkpoint.pooling or DEFAULT_POOLING
        return Asked("embedding", (0,) if pooling.kind == "cls" else None)
    entry, beside = (
        None if one is None else known_entry(checkpoint, one) for one in (answer, against)
    )
    if head.kind == "seq2seq":
        last = len(trace.target or trace.text) - 1
        return Asked("decoder", (last,), entry, beside)
    if head.kind == "causal":
        return Asked("next", (len(trace.text) - 1,), entry, beside)
    masks = np.flatnonzero(trace.text.ids == mask_id(checkpoint)).tolist()
    # A text of nothing but special tokens is asked about these.
    words = np.flatnonzero(~trace.text.special).tolist() or range(len(trace.text))
    return Asked("masked" if masks else "words", tuple(masks or words), entry, beside)


def known_entry(checkpoint: Checkpoint, named: str) -> int:
    """Return the entry of the vocabulary that an answer is named by.

    Raises
    ------
    InputError
        When it is no single entry, or one that the model has no logit for, or when the model has
        no head for words.
    ModelError
        When the tokenizer fails.
    """
    head = None if checkpoint.model is None else checkpoint.model.head
    if head is None:
        raise InputError(
            f"{checkpoint.title} has no words to answer with.",
            "Name no answer: it has no head for words, and its answer is one vector.",
        )
    try:
        named.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"The answer is not valid Unicode at character {error.start}.", "Give it as UTF-8."
        ) from error
    entry = entry_of(checkpoint, named)
    if entry >= len(head.words):
        raise InputError(
            f"The model has no logit for {named!r}: its vocabulary ends before it.",
            "Name another token.",
        )
    return entry


class Reading:
    """An untouched pass's answer, and how far a changed one's is from it."""

    def __init__(
        self, checkpoint: Checkpoint, asked: Asked, final: Array, logits: Array | None
    ) -> None:
        """Read what a pass ends with at the rows of ``asked``: (R, D) states, (R, V) logits."""
        self._asked = asked
        self._pooling = checkpoint.pooling or DEFAULT_POOLING
        self._vector = self._embedded(final)
        self._shares: Float64 | None = None
        self.answer = Answer(asked.kind, ())
        if logits is None:
            return
        self._logs = log_softmax(logits)
        self._shares = np.exp(self._logs)
        if asked.entry is None:
            self._entries = self._shares.argmax(axis=1)
        else:
            self._entries = np.full(len(logits), asked.entry)
        self._logits = _at(logits, self._entries)
        self._beside = None if asked.against is None else self._difference(logits)
        after = asked.kind in ("next", "decoder")
        self.answer = Answer(
            asked.kind,
            tuple(
                AnsweredPlace(
                    position=row + after,
                    id=int(entry),
                    token=read_as_text(checkpoint, int(entry)),
                    probability=float(share),
                    logit=float(logit),
                )
                for row, entry, share, logit in zip(
                    asked.rows or range(len(logits)),
                    self._entries,
                    _at(self._shares, self._entries),
                    self._logits,
                    strict=True,
                )
            ),
        )

    @property
    def unmoved(self) -> Effect:
        """The effect of what cannot reach the answer."""
        if self._shares is None:
            return Effect(0.0, None, None)
        return Effect(0.0, 0.0, None if self._beside is None else 0.0)

    def moved(self, final: Array, logits: Array | None) -> Effect:
        """Return how far a changed pass's answer is from it.

        ``kl_bits`` is Σ p·log2(p/p′), p before and p′ after, a mean over the places; ``shift``
        1 − cos(e, e′) of the embeddings. Both 0 for an answer that did not move.
        """
        if logits is None or self._shares is None:
            return Effect(max(0.0, 1 - float(self._vector @ self._embedded(final))), None, None)
        changed = log_softmax(logits)
        bits = (self._shares * (self._logs - changed)).sum(axis=1) / np.log(2)
        drop = _at(self._shares, self._entries) - np.exp(_at(changed, self._entries))
        fell = None
        if self._beside is not None:
            fell = float((self._beside - self._difference(logits)).mean())
        return Effect(max(0.0, float(bits.mean())), float(drop.mean()), fell)

    def _difference(self, logits: Array) -> Float64:
        """Return by how much the entry's logit is above the one beside it, (R,)."""
        beside = np.full(len(logits), self._asked.against)
        return _at(logits, self._entries) - _at(logits, beside)

    def _embedded(self, final: Array) -> Float64:
        if self._asked.kind != "embedding":
            return np.empty(0)
        return pool(final, Pooling(self._pooling.kind, normalised=True)).values


def log_softmax(logits: Array) -> Float64:
    """Return the logarithms of the probabilities, (R, V), in float64."""
    exact = logits.astype(np.float64)
    exact -= exact.max(axis=1, keepdims=True)
    exact -= np.log(np.exp(exact).sum(axis=1, keepdims=True))
    return exact


def _at(values: Array | Float64, entries: Whole) -> Float64:
    """Return one entry of each row, (R,), in float64."""
    taken: Float64 = np.take_along_axis(values, entries[:, None], axis=1)[:, 0].astype(np.float64)
    return taken
