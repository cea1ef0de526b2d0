"""Verdicts on what was written: the same, parted by rounding, or something else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from inspector.records import Candidate, Text, Verdict
from inspector.records.generation import Generation, Writing, WrittenToken
from inspector.verify.written import verify_written

#: Three places, four entries; at the second place two entries are all but equally likely.
LOGITS = np.log(
    np.array([[0.1, 0.6, 0.2, 0.1], [0.40004, 0.4, 0.1, 0.09996], [0.1, 0.1, 0.1, 0.7]])
)


def written(*entries: int, temperature: float | None = None, off: float = 0.0) -> Generation:
    """What was written, with the probabilities of LOGITS, the last of them off by so much."""
    shares = [float(np.exp(LOGITS[at, entry])) for at, entry in enumerate(entries)]
    shares[-1] += off
    tokens = tuple(
        WrittenToken(entry, share, Candidate(0, "", 0.0))
        for entry, share in zip(entries, shares, strict=True)
    )
    return Generation(
        Writing(3, temperature), Text.of_ids(np.array([5])), None, tokens, ended=False
    )


@pytest.mark.parametrize(
    ("generation", "theirs", "verdict", "parts_at"),
    [
        (written(1, 0, 3), [1, 0, 3], "verified", None),
        (written(1, 0, 3, off=5e-5), [1, 0, 3], "verified", None),
        (written(1, 0, 3, off=2e-4), [1, 0, 3], "mismatch", None),
        (written(1, 1, 3), [1, 0, 3], "rounding", 1),
        (written(1, 1, 3, off=2e-4), [1, 0, 3], "mismatch", 1),
        (written(2, 0, 3), [1, 0, 3], "mismatch", 0),
        (written(1, 0, 2), [1, 0, 3], "mismatch", 2),
        (written(1, 0, 3), [1, 0], "mismatch", 2),
        (written(1, 0), [1, 0, 3], "mismatch", 2),
        # Drawn by the same seed, from probabilities that agree: an edge fell between the two.
        (written(1, 2, 3, temperature=1.0), [1, 0, 3], "rounding", 1),
        (written(1, 2, 3, temperature=1.0, off=float("nan")), [1, 0, 3], "mismatch", 1),
    ],
)
def test_verdicts(
    generation: Generation, theirs: list[int], verdict: Verdict, parts_at: int | None
) -> None:
    found = verify_written(generation, theirs, LOGITS[: len(generation.tokens)])
    assert (found.verdict, found.parts_at) == (verdict, parts_at)
    assert found.tokens is generation.tokens


def test_the_largest_difference_is_said() -> None:
    found: Any = verify_written(written(1, 0, 3, off=-3e-5), [1, 0, 3], LOGITS)
    assert found.probability_max_abs_error == pytest.approx(3e-5, rel=1e-6)
