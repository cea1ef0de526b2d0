"""A text that was written on, beside what the real model writes behind the same beginning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

import numpy as np

from inspector.records import Array, Verdict
from inspector.records.generation import Generation
from inspector.verify.end_to_end import BOUND


def verify_written(generation: Generation, theirs: Sequence[int], logits: Array) -> Generation:
    """Return what was written with its verdict.

    Parameters
    ----------
    theirs:
        What the real model writes.
    logits:
        (S, V) the real model's, at the place before each of the S tokens that were written here,
        all of these before it.

    Up to where the two part, both have read the same; there the verdict is ``rounding`` if the
    real model gives both tokens the same probability within the bound of the second proof, or, of
    a text that was drawn, if all probabilities lie within it. A probability that does not is a
    ``mismatch`` in any case.
    """
    ours = [token.id for token in generation.tokens]
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    shares = powers / powers.sum(axis=1, keepdims=True)
    mine = np.array([token.probability for token in generation.tokens])
    error = float(np.abs(shares[np.arange(len(ours)), ours] - mine).max())
    parts = next(
        (at for at, (our, their) in enumerate(zip_longest(ours, theirs)) if our != their), None
    )
    verdict: Verdict = "verified"
    if not error <= BOUND:
        verdict = "mismatch"
    elif parts is not None:
        verdict = "rounding" if _tied(generation, theirs, shares, parts) else "mismatch"
    return replace(generation, verdict=verdict, parts_at=parts, probability_max_abs_error=error)


def _tied(generation: Generation, theirs: Sequence[int], shares: Array, at: int) -> bool:
    """Say whether rounding decides which of two tokens is taken."""
    if at >= min(len(generation.tokens), len(theirs)):
        return False
    if not generation.asked.greedy:
        return True
    apart = shares[at, theirs[at]] - shares[at, generation.tokens[at].id]
    return bool(abs(apart) <= 2 * BOUND)
