"""``inspect --file``: every line of a file through one loaded model, into a folder of reports."""

from __future__ import annotations

import json
import sys
import webbrowser
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Protocol

import click

from inspector.commands.garbage import collect_again
from inspector.commands.options import command_line
from inspector.commands.sentence_file import Line, read_lines
from inspector.errors import InputError
from inspector.files import make_folder, write_whole
from inspector.report.export.summary import summarise
from inspector.report.html.index_page import IndexRow, SkippedLine, render_index, run_record
from inspector.session import Inspection, inspect, load

_MISMATCH = 1
_SKIPPED = 2


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
    if folder is not None:
        make_folder(folder)
    loaded = load(model, device=device)
    collect_again()
    done: list[IndexRow] = []
    skipped: list[SkippedLine] = []
    digits = len(str(lines[-1].number))
    try:
        with _bar(len(lines)) as bar:
            for line in lines:
                try:
                    text, second = line.split()
                    found = inspect(
                        text,
                        pair=None if loaded.takes_target else second,
                        target=second if loaded.takes_target else None,
                        model=loaded,
                        truncate=truncate,
                        pieces=pieces,
                    )
                except InputError as error:
                    skipped.append(SkippedLine(line.number, f"{error.message} {error.hint}"))
                    _say_skipped(skipped[-1])
                else:
                    done.append(_finish(found, line, folder, digits, as_json=as_json))
                bar.advance()
    finally:
        # An interrupt too leaves an index of what is finished.
        if folder is not None and done:
            _write_index(folder, path, done, skipped, total=len(lines))
    if not done:
        raise InputError(f"No line of {path} could be inspected.", "See the lines above.")
    if not as_json:
        _print_end(path, done, skipped, folder)
    if open_index and folder is not None:
        webbrowser.open((folder / "index.html").resolve().as_uri())
    if any(row.verdict == "mismatch" for row in done):
        return _MISMATCH
    return _SKIPPED if skipped else 0


def _finish(
    found: Inspection, line: Line, folder: Path | None, digits: int, *, as_json: bool
) -> IndexRow:
    """Write one line's report, print its JSON, and keep what the index says of it."""
    files = {}
    size = None
    if folder is not None:
        report = folder / f"{line.number:0{digits}}.html"
        found.to_html(report, command=command_line())
        files["report"] = str(report)
        size = report.stat().st_size
    if as_json:
        record: dict[str, Any] = {"line": line.number, **summarise(found, files)}
        click.echo(json.dumps(record, allow_nan=False))
    return IndexRow(
        line=line.number,
        text=found.trace.text.text,
        pair=found.trace.text.pair if found.trace.target is None else found.trace.target.text,
        report=Path(files["report"]).name if files else None,
        verdict=found.verification.verdict,
        link=found.links[0] if found.links else None,
        tokens=len(found.tokens),
        size=size,
    )


def _write_index(
    folder: Path, path: Path, done: list[IndexRow], skipped: list[SkippedLine], *, total: int
) -> None:
    page = render_index(path.name, done, skipped, total=total)
    write_whole(folder / "index.html", page.encode())
    record = run_record(command_line(), path.name, done, skipped, total=total)
    write_whole(folder / "run.json", json.dumps(record, indent=1).encode())


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
