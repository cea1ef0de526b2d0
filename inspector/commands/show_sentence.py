"""One sentence: our own answer at once, then the real model's, which proves it or does not."""

from __future__ import annotations

import json
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inspector.checkpoint.readable import refuse_unreadable
from inspector.commands.browser import in_browser
from inspector.commands.garbage import collect_again
from inspector.commands.options import command_line
from inspector.errors import NeedsRealModel
from inspector.files import PAGE, TENSORS, Output, refuse_places

if TYPE_CHECKING:
    from inspector.proof import Progress
    from inspector.referee.loading import LoadedModel
    from inspector.session import Inspection

_MISMATCH = 1
#: Where the real model runs as our own forward does, in float32 on the processor: our answer first.
_ANSWERED_FIRST = ("auto", "cpu")


@dataclass(frozen=True)
class Asked:
    """A text and how it is to be read, for our own forward and for the real model."""

    text: str
    pair: str | None
    target: str | None
    _: KW_ONLY
    truncate: bool
    pieces: bool

    def inspect(
        self, model: str | LoadedModel, progress: Progress, *, prove: bool = True
    ) -> Inspection:
        """Inspect it, by our own forward or by the real model."""
        from inspector.session import inspect

        return inspect(
            self.text,
            pair=self.pair,
            target=self.target,
            model=model,
            truncate=self.truncate,
            pieces=self.pieces,
            prove=prove,
            progress=progress,
        )


@dataclass(frozen=True)
class Wanted:
    """What is to be printed and written."""

    place: Path
    _: KW_ONLY
    report: bool
    save: Path | None
    bertviz: bool
    #: Write bertviz's pages even where they get very large.
    large: bool
    open_report: bool
    as_json: bool

    @property
    def outputs(self) -> list[Output]:
        """Every file that may be written, with the option that names it."""
        wanted = [Output("--out", self.place, PAGE)] if self.report else []
        if self.save is not None:
            wanted.append(Output("--save", self.save, TENSORS))
        if self.bertviz:
            from inspector.report.export.bertviz_views import view_paths

            views = view_paths(self.place)
            wanted += [Output("--bertviz", path, PAGE) for path in views.values()]
        return wanted


def show_sentence(asked: Asked, wanted: Wanted, *, model: str, device: str, prove: bool) -> int:
    """Print the answer and write the report before torch is imported; then prove them.

    Returns 1 where the real model disagrees, else 0.
    """
    for part in (asked.text, asked.pair, asked.target):
        if part is not None:
            refuse_unreadable(part)
    refuse_places(wanted.outputs)
    answer, files = None, {}
    with _status(quiet=wanted.as_json) as progress:
        if not prove or (not wanted.as_json and device in _ANSWERED_FIRST):
            answer = _answer(asked, model, progress, needed=not prove)
        if answer is not None:
            files = _write_report(answer, wanted, progress)
    if answer is not None and not wanted.as_json:
        from rich.console import Console

        from inspector.report.terminal.inspection import print_answer

        print_answer(Console(highlight=False), answer, files)
    with _status(quiet=wanted.as_json) as progress:
        if answer is None or prove:
            found = _proved(asked, model, device, progress)
            files = _write_report(found, wanted, progress)
        else:
            found = answer
        more = _write_more(found, wanted, progress)
    if wanted.as_json:
        from inspector.report.export.summary import summarise

        click.echo(json.dumps(summarise(found, files | more), allow_nan=False))
    else:
        from rich.console import Console

        from inspector.report.terminal.inspection import print_inspection, print_verdict

        if answer is None or found.notices != answer.notices:
            print_inspection(Console(highlight=False), found, files | more)
        else:
            print_verdict(Console(highlight=False), found, more)
    if wanted.open_report:
        in_browser(wanted.place)
    return _MISMATCH if found.verification.verdict == "mismatch" else 0


def _answer(asked: Asked, model: str, progress: Progress, *, needed: bool) -> Inspection | None:
    """Return our own forward's answer; None where only the real model can give one."""
    progress("Computing the answer")
    try:
        return asked.inspect(model, progress, prove=False)
    except NeedsRealModel:
        if needed:
            raise
        return None


def _proved(asked: Asked, model: str, device: str, progress: Progress) -> Inspection:
    """Import torch, load the real model and ask it."""
    progress("Importing torch and loading the real model")
    from inspector.session import load

    loaded = load(model, device=device)
    collect_again()
    return asked.inspect(loaded, progress)


def _write_report(found: Inspection, wanted: Wanted, progress: Progress) -> dict[str, str]:
    """Write the report, where nothing that is wanted beside it will be refused."""
    if wanted.bertviz and not wanted.large:
        from inspector.report.export.bertviz_views import refuse_large

        refuse_large(found.trace)
    if not wanted.report:
        return {}
    progress("Writing the report")
    found.to_html(wanted.place, command=command_line())
    return {"report": str(wanted.place)}


def _write_more(found: Inspection, wanted: Wanted, progress: Progress) -> dict[str, str]:
    """Write what else was asked for and return where it is."""
    files = {}
    if wanted.save is not None:
        progress("Writing the tensors")
        found.save(wanted.save)
        files["tensors"] = str(wanted.save)
    if wanted.bertviz:
        from inspector.report.export.bertviz_views import write_views

        progress("Writing bertviz's views")
        written = write_views(found.trace, wanted.place)
        files |= {kind: str(path) for kind, path in written.items()}
    return files


def _status(*, quiet: bool) -> AbstractContextManager[Progress]:
    """Show on standard error what is going on, where somebody watches."""
    if quiet or not sys.stderr.isatty():
        return nullcontext(lambda _stage: None)
    from inspector.report.terminal.inspection import status

    return status()
