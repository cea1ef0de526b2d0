"""A file of sentences in the terminal: a bar while it runs, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text as Line

from inspector.plain import visible
from inspector.record import record
from inspector.report.html.index_page import IndexRow


def print_file_end(
    console: Console, source: str, rows: list[IndexRow], skipped: int, folder: Path | None
) -> None:
    """Print what became of a file of sentences; ``folder`` holds the index, unless it was said."""
    verdicts = Counter(row.verdict for row in rows)
    counted = ", ".join(
        f"{count} {verdict.replace('_', ' ')}" for verdict, count in verdicts.most_common()
    )
    console.print(
        Line.assemble(
            (visible(source), "bold"),
            f": {len(rows)} lines inspected: {counted}",
            f"; {skipped} skipped" if skipped else "",
        )
    )
    for row in rows:
        if row.verdict == "mismatch":
            console.print(Line(f"✗ line {row.line} disagrees with the model", "bold red"))
    if folder is not None:
        console.print(
            Line.assemble(("Index: ", "bold"), visible(str(folder / "index.html"))), soft_wrap=True
        )


@contextmanager
def progress_bar(stage: str, total: int) -> Iterator[LineBar]:
    """Show on standard error what is done with the lines, with how many, and for how long yet."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("lines"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield LineBar(progress, progress.add_task(stage, total=total))


@record(frozen=True, slots=True)
class LineBar:
    """A progress bar that counts lines."""

    progress: Progress
    task: TaskID

    def advance(self) -> None:
        """Count one more line."""
        self.progress.advance(self.task)
