"""Writes the table of families in ``families.md``, from the registry."""

from __future__ import annotations

from pathlib import Path

from inspector.families.described import covers, kind, specials
from inspector.families.registry import FAMILIES

PAGE = Path(__file__).with_name("families.md")
BEGIN, END = "<!-- The table: docs/make_families.py -->\n", "\n<!-- The end of the table -->"


def table() -> str:
    """Return a row for each family: its kind, what sets its attention apart, what is covered."""
    lines = [
        "| family | kind | what is special about its attention | covered where |",
        "|---|---|---|---|",
    ]
    for name, family in FAMILIES.items():
        covered = ", ".join(f"`{key}` is {value}" for key, value in covers(family).items())
        apart = ", ".join(specials(family)) or "as in the paper"
        lines.append(f"| `{name}` | {kind(family)} | {apart} | {covered} |")
    return "\n".join(lines)


def with_table(page: str) -> str:
    """Return the page with the table as it is now."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}{table()}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
