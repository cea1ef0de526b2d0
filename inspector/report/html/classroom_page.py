"""The classroom as one self-contained page: its tables, who is close to whom, and what changes.

All of it is written here, for whoever has no scripts; with one the marks can be changed, and the
page works out the rest as ``analogy/classroom.py`` does.
"""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from inspector.analogy.classroom import (
    Classroom,
    circle,
    classmates,
    distance,
    profiles,
    strongest_trait,
)
from inspector.analogy.three_words import ThreeWords
from inspector.forward.core import softmax
from inspector.record import record
from inspector.records import Array, Float64
from inspector.report.html.blobs import Blob
from inspector.report.html.page import render_template, shown
from inspector.report.html.payload.build import VERSION, Payload
from inspector.version import __version__

#: How many steps the heat classes of a static table have (h0 … h9).
HEAT_STEPS = 10


@record(frozen=True, slots=True)
class WordStep:
    """One rung of the ladder on three words: what it is called, and its (3, 3) weights."""

    title: str
    weights: Array


def render_classroom(
    classroom: Classroom, *, own_table: bool, words: ThreeWords | None = None
) -> str:
    """Return the classroom as one HTML file; ``own_table`` when the user brought the table.

    With ``words`` the page ends with three words of a real sentence, as a class of three.
    """
    payload = _payload(classroom, words)
    return render_template(
        "classroom/classroom.html.jinja",
        classroom=classroom,
        own_table=own_table,
        bonds=_strongest_bonds(classroom),
        circle=circle,
        profiles=profiles,
        alike=_alike,
        off_diagonal=_off_diagonal(classroom),
        change=float(np.abs(classroom.softmax_revised - classroom.table).max()),
        heat=_heat,
        ratio=_ratio,
        words=words,
        steps=[] if words is None else _steps(words),
        # Safe as it stands: script_json leaves no <, > or & in it.
        header=Markup(payload.json),  # noqa: S704
        blobs=payload.blobs,
    )


def _payload(classroom: Classroom, words: ThreeWords | None) -> Payload:
    """Return what the page's script starts from."""
    blobs = (
        ()
        if words is None
        else tuple(
            Blob.pack(name, array.astype(np.float32))
            for name, array in (
                ("states", words.states),
                ("query", words.query),
                ("key", words.key),
            )
        )
    )
    header = {
        "payload": VERSION,
        "inspector": __version__,
        "students": list(classroom.students),
        "traits": list(classroom.traits),
        "table": classroom.table.tolist(),
        "words": None if words is None else list(words.words),
        "blobs": {blob.name: blob.entry for blob in blobs},
    }
    return Payload(header, blobs)


def _steps(words: ThreeWords) -> list[WordStep]:
    """Return the rungs that the words climb, as the page shows them without a script."""
    X, Q, K = (each.astype(np.float64) for each in (words.states, words.query, words.key))
    scores = {
        "softmax(X·Xᵀ)": X @ X.T,
        f"softmax(X·Xᵀ/√{X.shape[1]})": X @ X.T / X.shape[1] ** 0.5,
        f"softmax(q·kᵀ/√{Q.shape[1]})": Q @ K.T / Q.shape[1] ** 0.5,
    }
    return [WordStep(title, softmax(each)) for title, each in scores.items()]


def _alike(before: Float64, after: Float64) -> str:
    """Say whether the class grew more alike; ``classroom/write.js`` says the same."""
    was, now = (distance(profiles(table)) for table in (before, after))
    if np.isnan(was) or np.isnan(now):
        return "Fewer than two rows have a profile, so there is nothing to compare."
    old, new = (f"{shown(100 * value, 0)} %" for value in (was, now))
    said = f"Two profiles differ by {old} on average before and by {new} after"
    return (
        f"{said}."
        if old == new
        else (f"{said}: the class grew {'more' if now < was else 'less'} alike.")
    )


def _strongest_bonds(classroom: Classroom) -> list[tuple[int, int]]:
    """Return the first student's two strongest classmates, each with the trait it rests on."""
    bonds = [(j, strongest_trait(classroom, 0, j)) for j in classmates(classroom, 0)[:2]]
    return [(j, trait) for j, trait in bonds if trait is not None]


def _off_diagonal(classroom: Classroom) -> dict[str, float]:
    """Return the range of interactions with others; those with oneself would drown them."""
    R = classroom.interactions
    others = R[~np.eye(len(R), dtype=np.bool_)] if len(R) > 1 else R.reshape(-1)
    return {"min": float(others.min()), "max": float(others.max())}


def _heat(value: float, low: float, high: float) -> str:
    """Name the heat class of a table cell: style attributes are what the policy forbids."""
    return f"h{min(HEAT_STEPS - 1, int(_ratio(value, low, high) * HEAT_STEPS))}"


def _ratio(value: float, low: float, high: float) -> float:
    """Where ``value`` lies between ``low`` and ``high``, from 0 to 1."""
    return min(1.0, max(0.0, float((value - low) / (high - low)))) if high > low else 0.0
