"""A class as a CSV file: ``student,trait,trait,…``, then a line a student.

Nothing is guessed. What cannot be read is refused in one sentence that names the file, the line
and the column, and nothing that a file holds can move the cursor of the terminal that shows the
sentence.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
from pathlib import Path

import numpy as np

from inspector.errors import InputError
from inspector.files import MIB, read_limited
from inspector.plain import visible
from inspector.record import record
from inspector.records import Float64

FORMAT_HINT = (
    "The file is CSV in UTF-8: a header “student,trait,trait,…”, then a line a student with one "
    "number a trait."
)
#: Longer cells are cut where a message quotes them.
QUOTED = 40
#: What other programs put where a comma belongs.
SEPARATORS = ((";", "semicolons"), ("\t", "tabs"))
#: An interaction takes two.
MIN_STUDENTS = 2
_LIMIT = 16 * MIB


@record(frozen=True, slots=True)
class ClassTable:
    """What a file says: n names, m traits, (n, m) numbers."""

    students: tuple[str, ...]
    traits: tuple[str, ...]
    table: Float64
    #: Where each of the n students stands, such as ``class.csv, line 3``.
    places: tuple[str, ...]


def read_table(path: Path) -> ClassTable:
    """Read a file.

    Raises
    ------
    InputError
        The file cannot be had, is larger than 16 MiB, or is no such table.
    MachineError
        The machine does not let it be read.
    """
    source = visible(str(path))
    return parse_table(read_limited(path, _LIMIT), source)


def parse_table(data: bytes, source: str) -> ClassTable:
    """Read a file's bytes; ``source`` is what messages call the file. Raises InputError."""
    rows = _rows(_decode(data, source), source)
    if not rows:
        raise InputError(f"{source} is empty.", FORMAT_HINT)
    (header_line, header), *body = rows
    traits = _traits(header, source, header_line)
    if len(body) < MIN_STUDENTS:
        found = "one student" if body else "a header and no student"
        raise InputError(
            f"{source} holds {found}, and an interaction takes two.",
            "Add a line for each student under the header.",
        )
    places = [f"{source}, line {line}" for line, _ in body]
    students = [cells[0] for _, cells in body]
    table = np.empty((len(students), len(traits)))
    for i, (_, cells) in enumerate(body):
        if len(cells) != len(header):
            raise InputError(
                f"{places[i]} has {len(cells)} columns, and the header has {len(header)}.",
                "Give every student one number for every trait.",
            )
        for k, cell in enumerate(cells[1:]):
            table[i, k] = _number(cell, f"{places[i]}, column {k + 2} ({quoted(traits[k])})")
    _require_distinct(students, [f"line {line}, column 1" for line, _ in body], "student", source)
    return ClassTable(tuple(students), tuple(traits), table, tuple(places))


def quoted(text: str) -> str:
    """Return a name or a cell as messages show it: visible, in quotes and not too long."""
    return visible("“" + (text if len(text) <= QUOTED else text[: QUOTED - 1] + "…") + "”")


def _decode(data: bytes, source: str) -> str:
    """Return the file's text without its byte order mark."""
    if b"\0" in data:
        raise InputError(f"{source} is binary, not a CSV file.", FORMAT_HINT)
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = error.start - data.rfind(b"\n", 0, error.start)
        raise InputError(
            f"{source}, line {line}, byte {byte} of the line: the text is not UTF-8.",
            "Save the table as “CSV UTF-8”.",
        ) from None


def _rows(text: str, source: str) -> list[tuple[int, list[str]]]:
    """Return the rows that are not blank, stripped, each with the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    rows = []
    line = 1
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            # Spreadsheets write an empty row as commas alone.
            if any(stripped):
                rows.append((line, stripped))
            # A quoted cell may span lines: the next row begins after the last line read.
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"{source}, line {line}: the row is not CSV ({error}).",
            "Check the quotes: a quoted cell opens and closes with one, inner ones are doubled.",
        ) from None
    return rows


def _traits(header: list[str], source: str, line: int) -> list[str]:
    """Return the names in the header after the first."""
    traits = header[1:]
    if not traits:
        separator = next((name for sign, name in SEPARATORS if sign in header[0]), None)
        raise InputError(
            f"{source}, line {line}: the header has one column, so there are no traits.",
            f"Separate the columns with commas, not {separator}." if separator else FORMAT_HINT,
        )
    if header[0].casefold() != "student" and all(_is_number(trait) for trait in traits):
        raise InputError(
            f"{source}, line {line}: every trait of the header is a number, so the header seems to "
            "be missing.",
            FORMAT_HINT,
        )
    places = [f"line {line}, column {k + 2}" for k in range(len(traits))]
    _require_distinct(traits, places, "trait", source)
    return traits


def _require_distinct(names: list[str], places: list[str], kind: str, source: str) -> None:
    """Refuse a name that is empty or that stands twice."""
    first: dict[str, str] = {}
    for name, place in zip(names, places, strict=True):
        if not name:
            raise InputError(
                f"{source}, {place}: the {kind} has no name.", f"Give every {kind} a name."
            )
        if name in first:
            raise InputError(
                f"{source}, {place}: the {kind} {quoted(name)} is already in {first[name]}.",
                f"Give every {kind} a name of its own.",
            )
        first[name] = place


def _is_number(cell: str) -> bool:
    """Whether a cell reads as a number; Python's grouping, 1_0 for 10, is a slip in a table."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def _number(cell: str, where: str) -> float:
    """Return the finite value of one cell."""
    if not _is_number(cell):
        problem = f"{quoted(cell)} is not a number" if cell else "the cell is empty"
        raise InputError(f"{where}: {problem}.", "Write numbers with a decimal point, such as 1.5.")
    value = float(cell)
    if not math.isfinite(value):
        raise InputError(f"{where}: {quoted(cell)} is not a finite number.", "Use finite numbers.")
    return value
