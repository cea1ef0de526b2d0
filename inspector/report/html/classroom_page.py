"""The classroom as one self-contained page: its tables, who is close to whom, and what changes."""

from __future__ import annotations

import numpy as np

from inspector.analogy.classroom import (
    Classroom,
    circle,
    classmates,
    profiles,
    strongest_trait,
)
from inspector.report.html.page import render_template

#: How many steps the heat classes of a static table have (h0 … h9).
HEAT_STEPS = 10


def render_classroom(classroom: Classroom, *, own_table: bool) -> str:
    """Return the classroom as one HTML file; ``own_table`` when the user brought the table."""
    return render_template(
        "classroom/classroom.html.jinja",
        classroom=classroom,
        own_table=own_table,
        bonds=_strongest_bonds(classroom),
        circle=circle,
        profiles=profiles,
        off_diagonal=_off_diagonal(classroom),
        change=float(np.abs(classroom.softmax_revised - classroom.table).max()),
        heat=_heat,
        ratio=_ratio,
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
