"""Which head carries the change from one text to another.

Activation patching (Vig et al. 2020; Meng et al. 2022; Heimersheim & Nanda 2024, "How to use and
interpret activation patching"): the first text is run again with one head giving what it gave in
the second, at every place, and the answer is read. With m for what is measured,

    share = (m(patched) − m(first)) / (m(second) − m(first))

0 where the answer stays, 1 where it becomes that of the second text. The shares of several heads do
not add up: what one head brings may have to pass through another.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from inspector.analysis.answers import Asked, ask, log_softmax
from inspector.analysis.comparison import same_length
from inspector.analysis.effects import end_of, pass_seconds
from inspector.forward.edits import given_by
from inspector.forward.pooling import pool
from inspector.forward.variants import Outcome, run_variants
from inspector.records import DEFAULT_POOLING, Checkpoint, Float64, PatchHead, Pooling, Trace
from inspector.records.comparison import HeadPatch, Patches, WayMeasure

#: What is measured of one of the passes that ended so, by its place among them.
Measured = Callable[[Outcome, int], float]
#: Answers that are nearer to each other than this are the same: float32 tells them no further.
_SAME = 1e-6


def patch_heads(
    checkpoint: Checkpoint, first: Trace, second: Trace, *, seconds: float | None = None
) -> Patches | str:
    """Patch each head alone from the second text's pass into the first's; or say why none was.

    Both are untouched passes of our own forward. ``seconds`` is about how long it may take.

    Raises
    ------
    InputError, ModelError
        As ``answers.ask``.
    """
    if not same_length(first, second):
        one, two = (len(trace.text) for trace in (first, second))
        return (
            f"a head can be patched between texts of as many tokens, and these have {one} and {two}"
        )
    here, there = (ask(checkpoint, trace) for trace in (first, second))
    # Checked before anything is run: a head of a layer in the middle leaves half as it is.
    heads = sum(len(layer.attention) for layer in first.layers)
    expected = pass_seconds(checkpoint, first, here) * heads / 2
    if seconds is not None and expected > seconds:
        return f"the {heads} heads would take about {round(expected)} seconds"
    ends = end_of(checkpoint, first, here), end_of(checkpoint, second, there)
    if here.kind != there.kind or ends[0].final.shape != ends[1].final.shape:
        return "the two texts are not answered in as many places"
    measure, measured = _way(checkpoint, here, *ends)
    begin, end = (measured(one, 0) for one in ends)
    if abs(end - begin) < _SAME:
        return "both texts have the same answer"
    edits = [
        PatchHead(layer.layer, head, given, layer.site)
        for layer, computed in zip(second.layers, second.computed, strict=True)
        for head, given in enumerate(given_by(computed))
    ]
    shares = np.empty(len(edits))
    for outcome in run_variants(checkpoint, first, [(one,) for one in edits], rows=here.rows):
        for place, which in enumerate(outcome.which):
            shares[which] = (measured(outcome, place) - begin) / (end - begin)
    return Patches(
        measure,
        begin,
        end,
        tuple(
            HeadPatch(one.site, one.layer, one.head, float(share))
            for one, share in zip(edits, shares, strict=True)
        ),
    )


def _way(
    checkpoint: Checkpoint, asked: Asked, first: Outcome, second: Outcome
) -> tuple[WayMeasure, Measured]:
    """Return what is measured on the way from one answer to another: its name, and how.

    It is measured of one of the passes that ended so, by its place among them.
    """
    if first.logits is None or second.logits is None or asked.kind == "embedding":
        pooling = Pooling((checkpoint.pooling or DEFAULT_POOLING).kind, normalised=True)
        target = pool(second.final[0], pooling).values
        return "cosine", lambda end, place: float(pool(end.final[place], pooling).values @ target)
    ours, theirs = first.logits[0].argmax(axis=1), second.logits[0].argmax(axis=1)
    differing = np.flatnonzero(ours != theirs)

    def lead(end: Outcome, place: int) -> float:
        exact = _logits(end, place)
        ahead = exact[differing, theirs[differing]] - exact[differing, ours[differing]]
        return float(ahead.mean())

    def likely(end: Outcome, place: int) -> float:
        shares = np.exp(log_softmax(_logits(end, place)))
        return float(shares[np.arange(len(theirs)), theirs].mean())

    return ("logit_difference", lead) if differing.size else ("probability", likely)


def _logits(end: Outcome, place: int) -> Float64:
    assert end.logits is not None  # noqa: S101  (those of the other passes are there)
    exact: Float64 = end.logits[place].astype(np.float64)
    return exact
