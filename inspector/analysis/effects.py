"""Does it matter? Every head silenced and every word blocked in turn, and how the answer moves.

Attention says what a head reads; whether reading it mattered is another question (Jain & Wallace
2019, "Attention is not Explanation"; Wiegreffe & Pinter 2019, "Attention is not not Explanation").
Here it is answered for one text by doing: our own forward runs again with one thing changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from inspector.analysis.answers import Asked, Reading, ask
from inspector.analysis.contributions import contributions_of, no_contributions
from inspector.analysis.explanations import explain
from inspector.forward.head import word_logits
from inspector.forward.variants import Outcome, multiplications, run_variants
from inspector.parallel import Workers
from inspector.records import BlockToken, Checkpoint, Edit, Knockout, SilenceHead, Trace
from inspector.records.effects import Answer, Effect, Effects, Explanation, HeadEffect, TokenEffect

#: What many passes side by side do on two cores. Not measured anew each time: the same text shall
#: have the same effects on a machine that is busy.
_MULTIPLICATIONS_A_SECOND = 2e10


def measure_effects(
    checkpoint: Checkpoint,
    trace: Trace,
    *,
    knockout: Knockout = "zero",
    answer: str | None = None,
    against: str | None = None,
    seconds: float | None = None,
) -> Effects:
    """Measure the effect of every head and of every token on what the model says.

    Parameters
    ----------
    trace:
        The untouched pass of our own forward, with its layers.
    knockout:
        What a silenced head gives: nothing, or its mean over the text.
    answer, against:
        The entry of the vocabulary that the answer is about, and one that it is set against.
    seconds:
        About how long it may take, by an estimate that is the same on every machine: tokens, and
        then heads, are left out where they would take longer, and the result says so. None for as
        long as it takes.

    Raises
    ------
    InputError, ModelError
        As ``answers.ask``.
    ValueError
        As ``run_variants``.
    """
    asked = ask(checkpoint, trace, answer, against)
    reading = _read(checkpoint, asked, end_of(checkpoint, trace, asked))
    budget = _Budget(seconds, pass_seconds(checkpoint, trace, asked))
    run = partial(_measure, checkpoint, trace, asked, reading)
    blocked, heads = _blocked(trace), _silenced(trace, knockout)
    tokens = None
    if budget.allows(f"{len(blocked)} tokens", len(blocked)):
        shown = [name for side in trace.sides for name in side.shown]
        special = [bool(flag) for side in trace.sides for flag in side.special]
        tokens = tuple(
            TokenEffect(edit.of, edit.token, name, added, effect)
            for edit, name, added, effect in zip(blocked, shown, special, run(blocked), strict=True)
        )
    silenced = None
    # A head of a layer in the middle leaves half of the layers as they are.
    if budget.allows(f"{len(heads)} heads", len(heads) / 2):
        silenced = tuple(
            HeadEffect(edit.site, edit.layer, edit.head, effect)
            for edit, effect in zip(heads, run(heads), strict=True)
        )
    contributions = contributions_of(checkpoint, trace, reading.answer)
    explanations: tuple[Explanation, ...] = ()
    if tokens is not None:
        sizes = [one.effect.size for one in tokens]
        explanations = explain(checkpoint, trace, asked.rows, sizes, contributions)
    return Effects(
        measure=asked.measure,
        knockout=knockout,
        answer=reading.answer,
        heads=silenced,
        tokens=tokens,
        left_out=budget.left_out,
        explanations=explanations,
        contributions=contributions,
        no_contributions=no_contributions(checkpoint) if contributions is None else None,
    )


def pass_seconds(checkpoint: Checkpoint, trace: Trace, asked: Asked) -> float:
    """Return about how long one changed pass takes among many, the same on every machine."""
    return multiplications(checkpoint, trace, asked.rows) / _MULTIPLICATIONS_A_SECOND


def _blocked(trace: Trace) -> list[BlockToken]:
    return [
        BlockToken(index, "text" if side is trace.text else "target")
        for side in trace.sides
        for index in range(len(side))
    ]


def _silenced(trace: Trace, knockout: Knockout) -> list[SilenceHead]:
    return [
        SilenceHead(layer.layer, head, layer.site, knockout)
        for layer in trace.layers
        for head in range(len(layer.attention))
    ]


class _Budget:
    """How many seconds are left, and what there was no time for."""

    def __init__(self, seconds: float | None, pass_seconds: float) -> None:
        self._left = seconds
        self._pass = pass_seconds
        self._left_out: list[str] = []

    def allows(self, what: str, passes: float) -> bool:
        """Say whether there is time for as many passes, and take it."""
        if self._left is None:
            return True
        expected = self._pass * passes
        if expected > self._left:
            self._left_out.append(f"{what} (about {max(1, round(expected))} seconds)")
            return False
        self._left -= expected
        return True

    @property
    def left_out(self) -> str | None:
        """What was left out, as a sentence; None for nothing."""
        return f"Not measured: {' and '.join(self._left_out)}." if self._left_out else None


def read_answer(checkpoint: Checkpoint, trace: Trace) -> Answer:
    """Return what the model says of an untouched pass."""
    asked = ask(checkpoint, trace)
    return _read(checkpoint, asked, end_of(checkpoint, trace, asked)).answer


def compare_passes(
    checkpoint: Checkpoint, untouched: Trace, changed: Trace
) -> tuple[Answer, Answer, Effect]:
    """Return the answer of an untouched pass, of a changed one, and how far it moved."""
    asked = ask(checkpoint, untouched)
    ends = [end_of(checkpoint, trace, asked) for trace in (untouched, changed)]
    before, after = (_read(checkpoint, asked, end) for end in ends)
    return before.answer, after.answer, _moved(before, ends[1], 0)


def end_of(checkpoint: Checkpoint, trace: Trace, asked: Asked) -> Outcome:
    """Return what a whole pass ends with, its logits taken as those of many passes are."""
    if trace.final is None:
        (again,) = run_variants(checkpoint, trace, [()], rows=asked.rows)
        return again
    final = trace.final[slice(None) if asked.rows is None else list(asked.rows)]
    head = None if checkpoint.model is None else checkpoint.model.head
    with Workers(len(final)) as workers:
        logits = None if head is None else word_logits(final, head, workers)[None]
    return Outcome((0,), final[None], logits)


def _measure(
    checkpoint: Checkpoint,
    trace: Trace,
    asked: Asked,
    reading: Reading,
    edits: Sequence[Edit],
) -> list[Effect]:
    """Return the effect of each edit alone; what cannot reach the answer is not run."""
    reaching = [at for at, edit in enumerate(edits) if _reaches(trace, edit)]
    effects = [reading.unmoved] * len(edits)
    variants = [(edits[at],) for at in reaching]
    for outcome in run_variants(checkpoint, trace, variants, rows=asked.rows):
        for place, which in enumerate(outcome.which):
            effects[reaching[which]] = _moved(reading, outcome, place)
    return effects


def _reaches(trace: Trace, edit: Edit) -> bool:
    """Say whether an edit can reach the answer at all: a causal model's last word reaches none."""
    if not isinstance(edit, BlockToken):
        return True
    of_target = edit.of == "target" and trace.target is not None
    side = trace.target if of_target and trace.target else trace.text
    if trace.target is not None and not of_target:
        return True
    # Of the last word of a causal text only the word itself hears.
    layer = trace.computed[trace.indices("decoder" if of_target else "self")[0]]
    both_ways = bool(layer.visible[0, 1:].any())
    return len(side) > 1 and (edit.token < len(side) - 1 or both_ways)


def _read(checkpoint: Checkpoint, asked: Asked, outcome: Outcome) -> Reading:
    logits = None if outcome.logits is None else outcome.logits[0]
    return Reading(checkpoint, asked, outcome.final[0], logits)


def _moved(reading: Reading, outcome: Outcome, place: int) -> Effect:
    logits = None if outcome.logits is None else outcome.logits[place]
    return reading.moved(outcome.final[place], logits)
