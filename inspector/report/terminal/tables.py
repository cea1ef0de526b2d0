"""Tables as a terminal can hold them, and as a pipe can.

Cells, heads and names are ``Text``, never markup, because they are somebody's file; what does not
print is made visible. A table is cut to the rows and columns that a screen can hold, and says what
it left out. Nothing here knows what a table is about.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from inspector.plain import visible
from inspector.records import Float64

#: Rows of a table; its columns are as many as fit the console.
MAX_ROWS = 12
NAME_WIDTH = 14
INDENT = 2
GAP = 2


def written(matrix: Float64) -> list[list[str]]:
    """Write a matrix with as many decimals as its values have, three at most, else with two."""
    largest = np.abs(matrix).max()
    if not 0.01 <= largest < 1e6:
        return [[f"{value + 0.0:.3g}" for value in row] for row in matrix.tolist()]
    exact = (d for d in range(4) if np.allclose(matrix, np.round(matrix, d), rtol=0, atol=1e-9))
    decimals = next(exact, 2)
    return [[rounded(value, decimals) for value in row] for row in matrix.tolist()]


def rounded(value: float, decimals: int) -> str:
    """Write a number with so many decimals."""
    # Rounding may leave a negative zero, which + 0.0 makes a plain one.
    return f"{round(value, decimals) + 0.0:.{decimals}f}"


def short_name(name: str) -> Text:
    """Return a name as a table shows it: visible, and cut to a width of cells."""
    text = Text(visible(name))
    text.truncate(NAME_WIDTH, overflow="ellipsis")
    return text


def print_heading(console: Console, title: str, subtitle: str) -> None:
    """Print a blank line and the heading of a table."""
    console.print()
    console.print(Text.assemble((title, "bold cyan"), f"  {subtitle}"))


def print_note(console: Console, note: str) -> None:
    """Print a remark on a table, wrapped and indented like it."""
    # Wrapped here: rich's own indent would fill every line with spaces to its end.
    for line in Text(note, "dim").wrap(console, max(1, console.width - INDENT)):
        console.print(Text(" " * INDENT).append_text(line))


def new_table(*heads: str | Text, right: range = range(0)) -> Table:
    """Return an empty table; the columns in ``right`` are flush right."""
    table = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        # The box adds one more column between two cells.
        padding=(0, GAP - 1, 0, 0),
        header_style="dim",
    )
    for k, head in enumerate(heads):
        table.add_column(head, justify="right" if k in right else "left")
    return table


def print_table(console: Console, table: Table) -> None:
    """Print a table, indented under its heading."""
    console.print(Padding(table, (0, 0, 0, INDENT), expand=False))


def print_matrix(
    console: Console,
    names: Sequence[str],
    heads: Sequence[str],
    cells: Sequence[Sequence[Text]],
    kinds: tuple[str, str],
) -> None:
    """Print a row for each name, and the columns that fit.

    ``cells`` holds the first ``MAX_ROWS`` rows. ``kinds`` is what rows and columns are called
    where some are left out.
    """
    columns = fitting(console, names, heads, cells)
    table = new_table(
        "", *(short_name(heads[k]) for k in columns), right=range(1, len(columns) + 1)
    )
    for name, row in zip(names[:MAX_ROWS], cells, strict=True):
        table.add_row(short_name(name), *(row[k] for k in columns))
    print_table(console, table)
    print_left_out(
        console, (len(names) - MAX_ROWS, kinds[0]), (len(heads) - len(columns), kinds[1])
    )


def fitting(
    console: Console,
    names: Sequence[str],
    heads: Sequence[str],
    cells: Sequence[Sequence[Text]],
) -> range:
    """Return the leading columns that fit beside the names, at least one."""
    used = INDENT + max(short_name(name).cell_len for name in names[:MAX_ROWS])
    for k, head in enumerate(heads):
        used += GAP + max(short_name(head).cell_len, *(row[k].cell_len for row in cells))
        if used > console.width:
            return range(max(k, 1))
    return range(len(heads))


def print_left_out(console: Console, *counts: tuple[int, str]) -> None:
    """Say how much a table does not show."""
    missing = [f"{count} more {kind}" for count, kind in counts if count > 0]
    if missing:
        print_note(console, f"… and {', '.join(missing)}; --json has all.")
