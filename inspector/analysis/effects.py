"""Does it matter? Every head silenced and every word blocked in turn, and how the answer moves.

Attention says what a head reads; whether reading it mattered is another question (Jain & Wallace
2019, "Attention is not Explanation"; Wiegreffe & Pinter 2019, "Attention is not not Explanation").
Here it is answered for one text by doing: our own forward runs again with one thing changed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from inspector.analysis.answers import Asked, Reading, ask
from inspector.analysis.contributions import contributions_of, no_contributions
from inspector.analysis.explanations import explain
from inspector.forward.variants import Outcome, run_variants
from inspector.records import (
    Answer,
    BlockToken,
    Checkpoint,
    Edit,
    Effect,
    Effects,
    HeadEffect,
    Knockout,
    SilenceHead,
    TokenEffect,
    Trace,
)

#: What several passes side by side take beside as many one by one, measured.
_SIDE_BY_SIDE = 0.5


@dataclass(frozen=True, slots=True)
class _Plan:
    """The edits of one kind, and about how many whole passes they cost."""

    what: str
    edits: Sequence[Edit]
    passes: float


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
        The untouched pass of our own forward, with its layers and, of a model with a head for
        words, its logits.
    knockout:
        What a silenced head gives: nothing, or its mean over the text.
    answer, against:
        The entry of the vocabulary that the answer is about, and one that it is set against.
    seconds:
        About how long it may take: heads, and then tokens, are left out where they would take
        longer, and the result says so. None for as long as it takes.

    Raises
    ------
    InputError
        As ``answers.ask``.
    ValueError
        As ``run_variants``.
    """
    asked = ask(checkpoint, trace, answer, against)
    (untouched,) = run_variants(checkpoint, trace, [()], rows=asked.rows)
    reading = _read(checkpoint, asked, untouched)
    heads = [
        SilenceHead(layer.layer, head, layer.site, knockout)
        for layer in trace.layers
        for head in range(len(layer.attention))
    ]
    tokens = [
        BlockToken(index, "text" if side is trace.text else "target")
        for side in trace.sides
        for index in range(len(side))
    ]
    plans = [_Plan("token", tokens, len(tokens)), _Plan("head", heads, len(heads) / 2)]
    measured, left_out = {}, []
    for plan in plans:
        took = _seconds_of_a_pass(checkpoint, trace, asked) if seconds is not None else 0.0
        expected = took * plan.passes * _SIDE_BY_SIDE
        if seconds is not None and expected > seconds:
            left_out.append(
                f"{len(plan.edits)} {plan.what}s (about {max(1, round(expected))} seconds)"
            )
            continue
        if seconds is not None:
            seconds -= expected
        measured[plan.what] = _measure(checkpoint, trace, asked, reading, plan.edits)
    blocked = None
    if "token" in measured:
        sides = [(side, index) for side in trace.sides for index in range(len(side))]
        blocked = tuple(
            TokenEffect(edit.of, index, side.shown[index], bool(side.special[index]), effect)
            for edit, (side, index), effect in zip(tokens, sides, measured["token"], strict=True)
        )
    contributions = contributions_of(checkpoint, trace, reading.answer)
    return Effects(
        measure=asked.measure,
        knockout=knockout,
        answer=reading.answer,
        heads=tuple(
            HeadEffect(edit.site, edit.layer, edit.head, effect)
            for edit, effect in zip(heads, measured["head"], strict=True)
        )
        if "head" in measured
        else None,
        tokens=blocked,
        left_out=f"Not measured: {' and '.join(left_out)}." if left_out else None,
        explanations=()
        if blocked is None
        else explain(
            checkpoint, trace, asked.rows, [one.effect.size for one in blocked], contributions
        ),
        contributions=contributions,
        no_contributions=no_contributions(checkpoint) if contributions is None else None,
    )


def read_answer(checkpoint: Checkpoint, trace: Trace) -> Answer:
    """Return what the model says of an untouched pass."""
    asked = ask(checkpoint, trace)
    (untouched,) = run_variants(checkpoint, trace, [()], rows=asked.rows)
    return _read(checkpoint, asked, untouched).answer


def measure_edits(
    checkpoint: Checkpoint, trace: Trace, edits: Sequence[Edit]
) -> tuple[Reading, Reading, Effect]:
    """Return a text's answer untouched, after all the edits at once, and how far it moved."""
    asked = ask(checkpoint, trace)
    (untouched,) = run_variants(checkpoint, trace, [()], rows=asked.rows)
    (changed,) = run_variants(checkpoint, trace, [edits], rows=asked.rows)
    before, after = (_read(checkpoint, asked, of) for of in (untouched, changed))
    return before, after, _moved(before, changed, 0)


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


def _seconds_of_a_pass(checkpoint: Checkpoint, trace: Trace, asked: Asked) -> float:
    """Run the text once from the first layer on, and return how long that took."""
    begun = time.perf_counter()
    for _ in run_variants(checkpoint, trace, [()], rows=asked.rows):
        pass
    return time.perf_counter() - begun
