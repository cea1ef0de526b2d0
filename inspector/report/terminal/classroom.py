"""The classroom in a terminal, or in a pipe: the same text, with or without colour.

Whatever colour says, a sign says too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.console import Console
from rich.text import Text

from inspector.analogy.classroom import (
    CLOSE,
    FORMAL,
    LEVELS,
    Classroom,
    Closeness,
    circle,
    classmates,
    distance,
    movers,
    profiles,
    strongest_trait,
)
from inspector.records import Float64
from inspector.report.terminal.tables import (
    MAX_ROWS,
    fitting,
    new_table,
    print_heading,
    print_left_out,
    print_matrix,
    print_note,
    print_table,
    rounded,
    short_name,
    written,
)

#: How many names a cell lists where the class has more than ``MAX_ROWS`` students.
MAX_CIRCLE = 3
BAR_WIDTH = 16

#: How each level looks in a table of interactions.
MARKS: dict[Closeness, tuple[str, str]] = {
    "close friend": ("●", "bold green"),
    "formal acquaintance": ("○", ""),
    "hardly any interaction": ("·", "dim"),
}
STRONGEST = ("★", "bold green")
RISE = ("▲", "bold green")
FALL = ("▼", "bold red")


def print_classroom(console: Console, classroom: Classroom, *, own_table: bool) -> None:
    """Print everything about a class; ``own_table`` when the user brought the table."""
    n, m = classroom.table.shape
    console.print(Text(f"The classroom: {n} students, {m} traits", "bold"))
    if own_table:
        print_note(console, "The values are those of your table.")
    else:
        print_note(
            console,
            "The values are our own: the article's tables were pictures of random values.",
        )
    print_note(
        console,
        "In a transformer students are tokens, traits the numbers of a hidden state, R the "
        "attention scores, and A the attention weights.",
    )
    print_note(
        console,
        "R = Q·Qᵀ follows from the article's shapes; T = R·Q and the softmax form are our "
        "inference.",
    )

    print_heading(console, "Table 1", "Q: who has how much of which trait")
    _print_traits(console, classroom, classroom.table)
    print_heading(console, "Table 2", "R = Q·Qᵀ: who interacts with whom")
    _print_interactions(console, classroom)
    _print_first_row(console, classroom)
    _print_circles(console, classroom)

    print_heading(console, "Table 3", "T = R·Q: the traits after a school term (our inference)")
    _print_traits(console, classroom, classroom.revised)
    _print_change(console, classroom, "T", classroom.revised)

    print_heading(
        console, "With a softmax", f"A = softmax(Q·Qᵀ/√{m}), in % of a row (our inference)"
    )
    _print_softmax(console, classroom)
    print_heading(console, "Revised by A", "A·Q: everybody an average of the class, weighted by A")
    _print_traits(console, classroom, classroom.softmax_revised)
    _print_change(console, classroom, "A·Q", classroom.softmax_revised)


# --- the tables -----------------------------------------------------------------------------


def _print_traits(console: Console, classroom: Classroom, table: Float64) -> None:
    cells = [
        [Text(cell, "" if float(cell) else "dim") for cell in row]
        for row in written(table[:MAX_ROWS])
    ]
    print_matrix(console, classroom.students, classroom.traits, cells, ("students", "traits"))


def _print_interactions(console: Console, classroom: Classroom) -> None:
    cells = [
        [_interaction(level, value) for level, value in zip(levels, values, strict=True)]
        for levels, values in zip(
            classroom.closeness, written(classroom.interactions[:MAX_ROWS]), strict=False
        )
    ]
    print_matrix(console, classroom.students, classroom.students, cells, ("students", "columns"))
    print_note(console, "  ".join(f"{mark} {level}" for level, (mark, _) in MARKS.items()))
    close, formal = (100 * level / (len(classroom.students) - 1) for level in (CLOSE, FORMAL))
    print_note(
        console,
        f"A classmate is close from {close:.3g}% of a row ({CLOSE} even shares) and an "
        f"acquaintance from {formal:.3g}% ({FORMAL}); neither the diagonal nor "
        "what is below zero counts.",
    )


def _interaction(level: Closeness | None, value: str) -> Text:
    if level is None:
        return Text(f"({value})", "dim")
    mark, style = MARKS[level]
    return Text(f"{mark} {value}", style)


def _print_first_row(console: Console, classroom: Classroom) -> None:
    mates = classmates(classroom, 0)
    shares = classroom.shares[0]
    values = written(classroom.interactions[:1])[0]
    print_heading(
        console, f"{short_name(classroom.students[0])}'s row", "closest first, ★ the two strongest"
    )
    table = new_table("classmate", "R", "share", "", "most through", right=range(1, 3))
    for rank, j in enumerate(mates[:MAX_ROWS]):
        strongest = rank < 2 and shares[j] > 0
        mark, style = STRONGEST if strongest else (" ", "")
        table.add_row(
            Text.assemble(f"{mark} ", short_name(classroom.students[j]), style=style),
            Text(values[j], style),
            Text(f"{shares[j]:.0%}", style),
            Text(
                "█" * round(BAR_WIDTH * shares[j] / shares.max()), "green" if strongest else "dim"
            ),
            _through(classroom, j),
        )
    print_table(console, table)
    print_left_out(console, (len(mates) - MAX_ROWS, "classmates"))


def _through(classroom: Classroom, j: int) -> Text:
    """Say what of the first student's interaction with ``j`` their strongest trait brings."""
    k = strongest_trait(classroom, 0, j)
    if k is None:
        return Text("no trait", "dim")
    mine, theirs = classroom.table[0, k], classroom.table[j, k]
    product = f"{mine:.4g} × {theirs:.4g} = {mine * theirs:.4g}"
    return Text.assemble(short_name(classroom.traits[k]), (f"  {product}", "dim"))


def _print_circles(console: Console, classroom: Classroom) -> None:
    print_heading(console, "Closeness", "everybody's classmates, the closest first")
    table = new_table("student", *(f"{MARKS[level][0]} {level}" for level in LEVELS))
    for i, student in enumerate(classroom.students[:MAX_ROWS]):
        table.add_row(
            short_name(student),
            *(_names(classroom, circle(classroom, i, level), MARKS[level][1]) for level in LEVELS),
        )
    print_table(console, table)
    print_left_out(console, (len(classroom.students) - MAX_ROWS, "students"))


def _names(classroom: Classroom, members: Sequence[int], style: str) -> Text:
    limit = len(members) if len(classroom.students) <= MAX_ROWS else MAX_CIRCLE
    names = [short_name(classroom.students[j]).plain for j in members[:limit]]
    if len(members) > limit:
        names.append(f"{len(members) - limit} more")
    return Text(", ".join(names) or "–", style, overflow="fold")


def _print_softmax(console: Console, classroom: Classroom) -> None:
    cells = [
        [Text(f"{100 * share:.1f}", "bold" if i == j else "") for j, share in enumerate(row)]
        for i, row in enumerate(classroom.softmax_attention[:MAX_ROWS])
    ]
    print_matrix(console, classroom.students, classroom.students, cells, ("students", "columns"))
    kept = classroom.softmax_attention.diagonal()
    print_note(
        console,
        "The diagonal is the attention that students keep for themselves: "
        f"{kept.min():.0%} to {kept.max():.0%}.",
    )


# --- what changed ---------------------------------------------------------------------------


def _print_change(console: Console, classroom: Classroom, name: str, table: Float64) -> None:
    """Print profiles before and after, or where they are too wide, what moved most in each."""
    before, after = profiles(classroom.table), profiles(table)
    moved = movers(before, after)
    print_heading(console, f"From Q to {name}", "each row in % of its sum, before → after")
    cells = _changes(before, after, moved)
    if len(fitting(console, classroom.students, classroom.traits, cells)) == len(classroom.traits):
        print_matrix(console, classroom.students, classroom.traits, cells, ("students", "traits"))
    else:
        _print_movers(console, classroom, before, after, moved)
    print_note(console, f"{RISE[0]} rose most in the row  {FALL[0]} fell most")
    if min(classroom.table.min(), table.min()) < 0:
        print_note(console, "Some values are negative: a row is divided by the sum of their sizes.")
    print_note(console, _alike(distance(before), distance(after)))


def _changes(
    before: Float64, after: Float64, moved: Sequence[tuple[int | None, int | None]]
) -> list[list[Text]]:
    old, new = _percentages(before, 0), _percentages(after, 0)
    left = [max(map(len, column)) for column in zip(*old, strict=True)]
    right = [max(map(len, column)) for column in zip(*new, strict=True)]
    return [
        [
            _moved(f"{old[i][k]:>{left[k]}}→{new[i][k]:<{right[k]}}", k, moved[i])
            for k in range(before.shape[1])
        ]
        for i in range(len(old))
    ]


def _moved(change: str, k: int, moved: tuple[int | None, int | None]) -> Text:
    mark, style = RISE if k == moved[0] else FALL if k == moved[1] else (" ", "")
    return Text(mark + change, style)


def _print_movers(
    console: Console,
    classroom: Classroom,
    before: Float64,
    after: Float64,
    moved: Sequence[tuple[int | None, int | None]],
) -> None:
    old, new = _percentages(before, 1), _percentages(after, 1)
    table = new_table("student", "rose most", "fell most")
    for i, student in enumerate(classroom.students[:MAX_ROWS]):
        cells = [
            Text("–", "dim")
            if k is None
            else Text.assemble(
                (f"{mark} ", style), short_name(classroom.traits[k]), f"  {old[i][k]} → {new[i][k]}"
            )
            for k, (mark, style) in zip(moved[i], (RISE, FALL), strict=True)
        ]
        table.add_row(short_name(student), *cells)
    print_table(console, table)
    print_left_out(
        console,
        (len(classroom.students) - MAX_ROWS, "students"),
        (len(classroom.traits) - 2, "traits a row"),
    )


def _percentages(profile: Float64, decimals: int) -> list[list[str]]:
    return [
        ["–" if np.isnan(part) else rounded(100 * part, decimals) for part in row]
        for row in profile[:MAX_ROWS].tolist()
    ]


def _alike(before: float, after: float) -> str:
    if np.isnan(before) or np.isnan(after):
        return "Fewer than two rows have a profile, so there is nothing to compare."
    said = f"Two profiles differ by {before:.0%} on average before and by {after:.0%} after"
    if f"{before:.0%}" == f"{after:.0%}":
        return f"{said}."
    return f"{said}: the class grew {'more' if after < before else 'less'} alike."
