"""How far a corpus has come, on standard error: sentences, rate and time left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class _Rate(ProgressColumn):
    """Sentences a second, over the last half minute or so."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


@dataclass(slots=True)
class CorpusBar:
    """One bar, which begins anew with every stage."""

    progress: Progress
    task: TaskID

    def stage(self, name: str, total: int) -> None:
        """Begin a stage of so many sentences."""
        self.progress.reset(self.task, description=name, total=total)

    def advance(self, done: int) -> None:
        """Count so many more sentences."""
        self.progress.advance(self.task, done)


@contextmanager
def corpus_bar() -> Iterator[CorpusBar]:
    """Show a bar until the work is done."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("sentences"),
        _Rate(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield CorpusBar(progress, progress.add_task("Loading the model", total=None))
