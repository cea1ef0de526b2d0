"""``inspect --file``: every line of a file through one loaded model, into a folder of reports."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from pathlib import Path
from typing import Any, Protocol

import click

from inspector.commands import streams
from inspector.commands.browser import in_browser
from inspector.commands.garbage import collect_again
from inspector.commands.options import command_line
from inspector.commands.sentence_file import Line, read_lines
from inspector.errors import InputError, MachineError
from inspector.files import OutputFolder, output_folder
from inspector.report.export.summary import summarise
from inspector.report.html.index_page import IndexRow, SkippedLine, render_index, run_record
from inspector.report.html.page import render_report
from inspector.session import Inspection, inspect, load

_MISMATCH = 1
_SKIPPED = 2
_INDEX = "index.html"


class Bar(Protocol):
    """Shows how far the work has come."""

    def advance(self) -> None:
        """Say that one more line is done."""


def show_file(
    path: Path,
    *,
    model: str,
    device: str,
    folder: Path | None,
    open_index: bool,
    as_json: bool,
    truncate: bool,
    pieces: bool,
) -> int:
    """Inspect a file line by line.

    A line that cannot be inspected is reported with its number and skipped. Finished reports stay
    whatever happens later; the index and, last of all, ``run.json`` say which they are.

    Returns 1 where a rebuild disagrees with the model, else 2 where a line was skipped, else 0.
    """
    lines = read_lines(path)
    work = _Work(path, lines, as_json=as_json)
    with ExitStack() as held:
        if folder is not None:
            work.folder = held.enter_context(output_folder(folder, "--file"))
            work.folder.claim([_INDEX, *map(work.name, lines)])
        loaded = load(model, device=device)
        collect_again()

        def find(line: Line) -> Inspection:
            text, second = line.split()
            return inspect(
                text,
                pair=None if loaded.takes_target else second,
                target=second if loaded.takes_target else None,
                model=loaded,
                truncate=truncate,
                pieces=pieces,
            )

        work.go(find)
    if not work.done:
        raise InputError(f"No line of {path} could be inspected.", "See the lines above.")
    if not as_json:
        _print_end(path, work.done, work.skipped, folder)
    if open_index and folder is not None:
        in_browser(folder / _INDEX)
    if any(row.verdict == "mismatch" for row in work.done):
        return _MISMATCH
    return _SKIPPED if work.skipped else 0


class _Work:
    """The lines of a file, and what has become of them so far."""

    def __init__(self, path: Path, lines: list[Line], *, as_json: bool) -> None:
        self.folder: OutputFolder | None = None
        self.done: list[IndexRow] = []
        self.skipped: list[SkippedLine] = []
        self._path = path
        self._lines = lines
        self._as_json = as_json
        self._digits = len(str(lines[-1].number))

    def name(self, line: Line) -> str:
        """Return the file name of a line's report."""
        return f"{line.number:0{self._digits}}.html"

    def go(self, find: Callable[[Line], Inspection]) -> None:
        """Inspect line by line; an interrupt or an error too leaves an index of what is done."""
        try:
            with _bar(len(self._lines)) as bar:
                for line in self._lines:
                    if self.folder is None and streams.reader_has_gone():
                        break
                    try:
                        found = find(line)
                    except InputError as error:
                        self.skipped.append(
                            SkippedLine(line.number, f"{error.message} {error.hint}")
                        )
                        _say_skipped(self.skipped[-1])
                    else:
                        self.done.append(self._finish(found, line))
                    bar.advance()
        except BaseException:
            # What went wrong is said, and not that there was no room for the index either.
            with suppress(MachineError):
                self._index()
            raise
        self._index()

    def _finish(self, found: Inspection, line: Line) -> IndexRow:
        """Write one line's report, print its JSON, and keep what the index says of it."""
        files = {}
        size = None
        if self.folder is not None:
            if not self.done:
                self.folder.begin()
                self.folder.remove([_INDEX])
            page = render_report(found, command=command_line()).encode()
            self.folder.write(self.name(line), page)
            files["report"] = str(self.folder.path / self.name(line))
            size = len(page)
        if self._as_json:
            record: dict[str, Any] = {"line": line.number, **summarise(found, files)}
            click.echo(json.dumps(record, allow_nan=False))
        return IndexRow(
            line=line.number,
            text=found.trace.text.text,
            pair=found.trace.text.pair if found.trace.target is None else found.trace.target.text,
            report=self.name(line) if files else None,
            verdict=found.verification.verdict,
            link=found.links[0] if found.links else None,
            tokens=len(found.tokens),
            size=size,
        )

    def _index(self) -> None:
        """Write the index and, last of all, the record of the run."""
        if self.folder is None or not self.done:
            return
        source, total = self._path.name, len(self._lines)
        page = render_index(source, self.done, self.skipped, total=total)
        self.folder.write(_INDEX, page.encode())
        self.folder.finish(run_record(command_line(), source, self.done, self.skipped, total=total))


def _say_skipped(skipped: SkippedLine) -> None:
    from inspector.plain import visible

    click.echo(visible(f"Line {skipped.line} skipped: {skipped.reason}"), err=True)


def _print_end(
    path: Path, done: list[IndexRow], skipped: list[SkippedLine], folder: Path | None
) -> None:
    from rich.console import Console

    from inspector.report.terminal.file import print_file_end

    print_file_end(Console(highlight=False), str(path), done, len(skipped), folder)


class _NoBar:
    def advance(self) -> None:
        """Show nothing."""


def _bar(total: int) -> AbstractContextManager[Bar]:
    """Show a bar on standard error, where somebody watches."""
    if not sys.stderr.isatty():
        return nullcontext(_NoBar())
    from inspector.report.terminal.file import progress_bar

    return progress_bar(total)
