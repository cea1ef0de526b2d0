"""The article's classroom: who likes what, who therefore meets whom, who becomes what.

Letters: ``n`` students, ``m`` traits, Q (n, m) the table. The article's text fixes R = Q·Qᵀ by its
shapes, and says that scores are dot products. It leaves open how R revises the traits: T = R·Q is
our inference, and so is the form with a softmax, softmax(Q·Qᵀ/√m)·Q, which is Vaswani et al. 2017,
"Attention Is All You Need", equation 1, with K = V = Q.

The article's tables were pictures of random values, so ``classroom.csv`` holds values of our own,
chosen so that its story holds and so that the softmax neither saturates nor stays flat.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Literal

import numpy as np

from inspector.analogy.class_table import MIN_STUDENTS, parse_table, quoted, read_table
from inspector.errors import InputError
from inspector.forward.core import softmax
from inspector.record import record
from inspector.records import Float64

Closeness = Literal["close friend", "formal acquaintance", "hardly any interaction"]

#: A classmate is close from this many times an even share, 1/(n−1), of one's interactions …
CLOSE = 1.5
#: … and an acquaintance from this many times.
FORMAL = 0.5
#: The three levels, the closest first.
LEVELS: tuple[Closeness, ...] = ("close friend", "formal acquaintance", "hardly any interaction")

#: A part of a profile that changed by less did not change: it is rounding.
UNCHANGED = 1e-9


@record(frozen=True, slots=True)
class Classroom:
    """The article's class: tables 1, 2 and 3, and the same class with a softmax."""

    #: n names and m traits.
    students: tuple[str, ...]
    traits: tuple[str, ...]
    #: (n, m) Q, table 1: who has how much of which trait.
    table: Float64
    #: (n, n) R = Q·Qᵀ, table 2: who interacts with whom.
    interactions: Float64
    #: (n, m) T = R·Q, table 3: the traits after living together.
    revised: Float64
    #: (n, n) max(R, 0) without the diagonal, divided by its row's sum: the share of a student's
    #: interactions with others that goes to each of them.
    shares: Float64
    #: n × n, None on the diagonal.
    closeness: tuple[tuple[Closeness | None, ...], ...]
    #: (n, n) A = softmax(Q·Qᵀ/√m) and (n, m) A·Q.
    softmax_attention: Float64
    softmax_revised: Float64


def article_class() -> Classroom:
    """Return the article's six students with seven traits: Q is (6, 7), its values our own."""
    data = resources.files("inspector.analogy").joinpath("classroom.csv").read_bytes()
    table = parse_table(data, "classroom.csv")
    return _study(table.students, table.traits, table.table, table.places)


def read_class(path: Path) -> Classroom:
    """Read a class from a CSV file, ``student,trait,trait,…`` and a line a student, and study it.

    Raises
    ------
    InputError
        The file cannot be read, is no such table, or holds a class that cannot be studied. The
        message names the file, and the line and the column where there is one.
    """
    table = read_table(path)
    return _study(table.students, table.traits, table.table, table.places)


def study(students: Sequence[str], traits: Sequence[str], table: Float64) -> Classroom:
    """Derive the whole classroom from Q = ``table``, (n, m): who has how much of which trait.

    R = Q·Qᵀ, (n, n), and T = R·Q, (n, m). Shares, (n, n), are max(R, 0) without the diagonal,
    divided by the row's sum. A = softmax(Q·Qᵀ/√m), (n, n), and A·Q, (n, m).

    Raises
    ------
    InputError
        Fewer than two students, no trait, a table of another shape, a value that is not finite or
        grows past float64, or a student who interacts with nobody: the share of each classmate
        would be 0/0.
    """
    Q = np.array(table, dtype=np.float64)
    if Q.shape != (len(students), len(traits)) or len(students) < MIN_STUDENTS or not traits:
        raise InputError(
            f"A table of shape {Q.shape} does not fit {len(students)} students and "
            f"{len(traits)} traits.",
            "A class has at least two students and one trait, and a row for each student.",
        )
    return _study(students, traits, Q, [f"row {i}" for i in range(len(students))])


def strongest_trait(classroom: Classroom, i: int, j: int) -> int | None:
    """Return the trait k with the largest product Q_ik·Q_jk; None where none is above zero."""
    products = classroom.table[i] * classroom.table[j]
    best = int(products.argmax())
    return best if products[best] > 0 else None


def classmates(classroom: Classroom, i: int) -> list[int]:
    """Return everybody but student ``i``, the strongest interaction with ``i`` first."""
    row = classroom.interactions[i]
    return sorted((j for j in range(len(row)) if j != i), key=lambda j: -row[j])


def circle(classroom: Classroom, i: int, level: Closeness) -> list[int]:
    """Return student ``i``'s classmates of one level, the strongest interaction first."""
    return [j for j in classmates(classroom, i) if classroom.closeness[i][j] == level]


def profiles(table: Float64) -> Float64:
    """Return each row as parts of a whole, (n, m) → (n, m): the scale that Q, T and A·Q share.

    A row is divided by its sum. Where it holds negative values that is the sum of their sizes,
    which cannot cancel to zero. A row of zeros has no profile and becomes NaN.
    """
    sizes = np.abs(table)
    largest = sizes.max(axis=1, keepdims=True)
    # By the largest first: the sum of a row may overflow where no value does.
    unit = np.where(largest > 0, largest, np.nan)
    parts: Float64 = table / unit / (sizes / unit).sum(axis=1, keepdims=True)
    return parts


def movers(before: Float64, after: Float64) -> list[tuple[int | None, int | None]]:
    """Return, for each of the n rows of two (n, m) profiles, what rose most and what fell most.

    None where nothing rose, or fell, or where the row has no profile.
    """
    change = after - before
    return [
        (
            int(row.argmax()) if row.max() > UNCHANGED else None,
            int(row.argmin()) if row.min() < -UNCHANGED else None,
        )
        for row in change
    ]


def distance(profile: Float64) -> float:
    """Return how far apart two students of (n, m) profiles lie on average.

    The measure is total variation, ½·Σ_k|p_ik − p_jk|, averaged over pairs: 0 where all are alike,
    1 where no two share a trait. Rows without a profile are left out; NaN where fewer than two
    are left.
    """
    known = profile[~np.isnan(profile).any(axis=1)]
    pairs = len(known) * (len(known) - 1) // 2
    # Row by row: all pairs at once would hold n²·m numbers.
    total = sum(float(np.abs(known[i + 1 :] - row).sum()) / 2 for i, row in enumerate(known))
    return total / pairs if pairs else math.nan


def _study(
    students: Sequence[str], traits: Sequence[str], Q: Float64, places: Sequence[str]
) -> Classroom:
    """``study`` with the place of each student, such as ``class.csv, line 3``, for messages."""
    # What overflows is found below and named; a warning would only say it twice.
    with np.errstate(all="ignore"):
        R = Q @ Q.T
        T = R @ Q
        others = np.maximum(R, 0.0)
        np.fill_diagonal(others, 0.0)
        totals = others.sum(axis=1, keepdims=True)
        finite = np.isfinite(np.hstack([R, T, totals])).all(axis=1)
        if not finite.all():
            i = int(finite.argmin())
            raise InputError(
                f"{places[i]}: {quoted(students[i])} has interactions too large for a float64.",
                "Use smaller numbers: dividing a whole table by one number changes no share.",
            )
        if not totals.all():
            i = int(totals.argmin())
            raise InputError(
                f"{places[i]}: {quoted(students[i])} has no interaction above zero with anybody, "
                "so the share of each classmate is undefined.",
                f"Leave {quoted(students[i])} out, or add a trait that somebody else has too.",
            )
        A = R / math.sqrt(len(traits))
        softmax(A)
        shares = others / totals
        return Classroom(
            students=tuple(students),
            traits=tuple(traits),
            table=Q,
            interactions=R,
            revised=T,
            shares=shares,
            closeness=_closeness(shares),
            softmax_attention=A,
            softmax_revised=A @ Q,
        )


def _closeness(shares: Float64) -> tuple[tuple[Closeness | None, ...], ...]:
    """Name each of the (n, n) shares by how it compares with an even one."""
    close, formal = CLOSE / (len(shares) - 1), FORMAL / (len(shares) - 1)

    def level(share: float) -> Closeness:
        return LEVELS[0] if share >= close else LEVELS[1] if share >= formal else LEVELS[2]

    return tuple(
        tuple(None if i == j else level(share) for j, share in enumerate(row))
        for i, row in enumerate(shares.tolist())
    )
