"""``inspect --file``: every line of a file through one model, into a folder of reports.

All answers come first, by our own forward; then torch is imported once, and each is proved.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

from inspector import signals
from inspector.commands import streams
from inspector.commands.asked import AskedModel, AskedText, Reading, status
from inspector.commands.browser import in_browser
from inspector.commands.garbage import collecting
from inspector.commands.options import command_line
from inspector.commands.sentence_file import Line, read_lines
from inspector.errors import InputError, MachineError
from inspector.files import OutputFolder, output_folder
from inspector.report.export.summary import summarise
from inspector.report.html.index_page import (
    IndexRow,
    SkippedLine,
    index_row,
    render_index,
    run_record,
)
from inspector.report.html.page import render_report
from inspector.writing.write import refuse_cannot_write, refuse_impossible

if TYPE_CHECKING:
    from inspector.records import Checkpoint
    from inspector.records.generation import Generation
    from inspector.referee.loading import LoadedModel
    from inspector.session import Inspection

_MISMATCH = 1
_SKIPPED = 2
_INDEX = "index.html"


class Bar(Protocol):
    """Shows how far the work has come."""

    def advance(self) -> None:
        """Say that one more line is done."""


def show_file(
    path: Path,
    model: AskedModel,
    *,
    folder: Path | None,
    open_index: bool,
    as_json: bool,
    reading: Reading,
) -> int:
    """Inspect a file line by line.

    A line that cannot be inspected is reported with its number and skipped. Finished reports stay
    whatever happens later; the index and, last of all, ``run.json`` say which they are.

    Returns 1 where a rebuild disagrees with the model, else 2 where a line was skipped, else 0.
    """
    work = _Work(path, model, reading, as_json=as_json)
    answered = False
    with ExitStack() as held:
        if folder is not None:
            work.take(held.enter_context(output_folder(folder, "--file")))
        held.enter_context(work.recorded())
        if model.answers_first(seen=folder is not None and not as_json):
            work.answer()
        if model.prove and work.left:
            answered = bool(work.done)
            if answered:
                work.write_index()
                _print_end(path, work, folder)
            work.prove()
    if not work.done:
        raise InputError(f"No line of {path} could be inspected.", "See the lines above.")
    if not as_json:
        _print_end(path, work, None if answered else folder)
    if open_index and folder is not None:
        in_browser(folder / _INDEX)
    if any(row.verdict == "mismatch" for row in work.done):
        return _MISMATCH
    return _SKIPPED if work.skipped else 0


class _Work:
    """The lines of a file, and what has become of them so far.

    Of each only what the index says is kept, and what was written behind it: a proof inspects its
    line once more.
    """

    def __init__(self, path: Path, model: AskedModel, reading: Reading, *, as_json: bool) -> None:
        self._path = path
        self._model = model
        self._as_json = as_json
        self._reading = reading
        self._lines = read_lines(path)
        self._digits = len(str(self._lines[-1].number))
        self._folder: OutputFolder | None = None
        #: Whether this run has written anything yet.
        self._begun = False
        #: By the line's number.
        self._rows: dict[int, IndexRow] = {}
        self._skipped: dict[int, SkippedLine] = {}
        #: What was written behind a line, for its proof.
        self._written: dict[int, Generation] = {}

    @property
    def done(self) -> list[IndexRow]:
        """What was inspected, in the order of the file."""
        return [row for _, row in sorted(self._rows.items())]

    @property
    def skipped(self) -> list[SkippedLine]:
        """What could not be, in the order of the file."""
        return [line for _, line in sorted(self._skipped.items())]

    @property
    def left(self) -> list[Line]:
        """The lines that were not skipped."""
        return [line for line in self._lines if line.number not in self._skipped]

    def take(self, folder: OutputFolder) -> None:
        """Write reports into a folder, where nobody else's files are in their places."""
        folder.claim([_INDEX, *map(self._name, self._lines)])
        self._folder = folder

    def answer(self) -> None:
        """Let our own forward answer every line that it can."""
        with status() as progress:
            opened = self._model.open(progress)
        self._refuse(opened)
        with collecting():
            self._each(
                "Answering", lambda line: self._model.answer(self._read(line, opened), opened)
            )

    def prove(self) -> None:
        """Import torch, and ask the real model about every line."""
        with status() as progress:
            loaded = self._model.load(progress)
        self._refuse(loaded.checkpoint)
        self._each("Proving", lambda line: self._read(line, loaded).inspect(loaded))

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Leave an index and a record at the end, and where an interrupt or an error ends it."""
        try:
            yield
        except BaseException:
            # What went wrong is said, and not that there was no room for the index either.
            with suppress(MachineError):
                self._record()
            raise
        self._record()

    def write_index(self) -> None:
        """Write the page in front of the reports, as they are now."""
        if self._folder is not None:
            page = render_index(self._path.name, self.done, self.skipped, total=len(self._lines))
            self._folder.write(_INDEX, page.encode())

    def _refuse(self, checkpoint: Checkpoint) -> None:
        """Refuse what no line could be asked of the model, once and not for each of them."""
        if self._reading.writing is not None:
            refuse_impossible(self._reading.writing)
            refuse_cannot_write(checkpoint)

    def _each(self, stage: str, find: Callable[[Line], Inspection | None]) -> None:
        lines = self.left
        with _bar(stage, len(lines)) as bar:
            for line in lines:
                if self._folder is None and streams.reader_has_gone():
                    break
                try:
                    found = find(line)
                except InputError as error:
                    self._skip(line, error)
                else:
                    if found is not None:
                        self._finish(found, line)
                bar.advance()

    def _read(self, line: Line, by: Checkpoint | LoadedModel) -> AskedText:
        text, second = line.split()
        pair, target = (None, second) if by.takes_target else (second, None)
        asked = AskedText(text, pair, target, self._reading)
        written = self._written.get(line.number)
        return asked if written is None else asked.written(written)

    def _name(self, line: Line) -> str:
        """Return the file name of a line's report."""
        return f"{line.number:0{self._digits}}.html"

    def _skip(self, line: Line, error: InputError) -> None:
        """Say why a line is left out, and take back what was already answered to it."""
        skipped = SkippedLine(line.number, f"{error.message} {error.hint}")
        with signals.held():
            self._skipped[line.number] = skipped
            if self._rows.pop(line.number, None) is not None and self._folder is not None:
                self._folder.remove([self._name(line)])
        _say_skipped(skipped)

    def _finish(self, found: Inspection, line: Line) -> None:
        """Write one line's report, print its JSON, and keep what the index says of it."""
        name = None if self._folder is None else self._name(line)
        page = b"" if name is None else render_report(found, command=command_line()).encode()
        row = index_row(found, line.number, name, size=None if name is None else len(page))
        files = {}
        # A report and what is said of it change together.
        with signals.held():
            if self._folder is not None and name is not None:
                self._write(self._folder, name, page)
                files["report"] = str(self._folder.path / name)
            self._rows[line.number] = row
            if found.generation is not None:
                self._written[line.number] = found.generation
        if self._as_json:
            record: dict[str, Any] = {"line": line.number, **summarise(found, files)}
            click.echo(json.dumps(record, allow_nan=False))

    def _write(self, folder: OutputFolder, name: str, page: bytes) -> None:
        """Write a report; before the first one the older run's index and record go."""
        if not self._begun:
            folder.begin()
            folder.remove([_INDEX])
            self._begun = True
        folder.write(name, page)

    def _record(self) -> None:
        """Write the index and, last of all, the record of the run."""
        if self._folder is None or not self._begun:
            return
        self.write_index()
        self._folder.finish(
            run_record(
                command_line(),
                self._path.name,
                self.done,
                self.skipped,
                total=len(self._lines),
                prove=self._model.prove,
            )
        )


def _say_skipped(skipped: SkippedLine) -> None:
    from inspector.plain import visible

    click.echo(visible(f"Line {skipped.line} skipped: {skipped.reason}"), err=True)


def _print_end(path: Path, work: _Work, folder: Path | None) -> None:
    from rich.console import Console

    from inspector.report.terminal.file import print_file_end

    console = Console(highlight=False)
    print_file_end(console, str(path), work.done, len(work.skipped), folder)


class _NoBar:
    def advance(self) -> None:
        """Show nothing."""


def _bar(stage: str, total: int) -> AbstractContextManager[Bar]:
    """Show a bar on standard error, where somebody watches."""
    if not sys.stderr.isatty():
        return nullcontext(_NoBar())
    from inspector.report.terminal.file import progress_bar

    return progress_bar(stage, total)
