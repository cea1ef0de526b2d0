"""A chat in the terminal: whose each part of the text is that the template made of it."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text as Line

from inspector.plain import visible
from inspector.records import Text

_SAID = ("system", "user", "assistant")


def print_chat(console: Console, text: Text) -> None:
    """Print the parts of a chat one after another, with how many tokens each has."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("whose", no_wrap=True)
    table.add_column("tokens", justify="right")
    table.add_column("text", overflow="fold")
    for part in text.parts:
        style = "bold" if part.role in _SAID else "dim"
        letters = visible(part.letters.strip(" "))
        table.add_row(Line(part.role, style), str(part.end - part.start), Line(letters, style))
    console.print(table)
