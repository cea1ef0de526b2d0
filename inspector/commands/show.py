"""``inspect "a sentence"``: one text through one model, in terminal, report, JSON and tensors."""

from __future__ import annotations

import json
import sys
import webbrowser
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from shlex import join

import click

from inspector.commands.options import debug_option, file_option
from inspector.errors import InputError
from inspector.inspection import Inspection, Progress, inspect, load
from inspector.model.readable import refuse_unreadable
from inspector.report.files import refuse_place

_MISMATCH = 1


@click.command()
@click.argument("sentence", nargs=-1)
@click.option(
    "--model",
    default="bundled",
    show_default=True,
    metavar="NAME",
    help="bundled, distilbert, bert, a hub id, or a local folder.",
)
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default="auto",
    show_default=True,
    help="Where the model runs; the rebuild is always NumPy.",
)
@file_option("--out", "Where the report goes.", default="attention.html")
@click.option("--no-report", is_flag=True, help="Write no report.")
@click.option("--open", "open_report", is_flag=True, help="Open the report in a browser.")
@file_option("--save", "Also write every tensor into a .safetensors file.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--truncate", is_flag=True, help="Cut a text that does not fit into the model.")
@click.option("--pieces", is_flag=True, help="Link single tokens; do not merge a word's pieces.")
@debug_option
def show(
    *,
    sentence: tuple[str, ...],
    model: str,
    device: str,
    out: Path,
    no_report: bool,
    open_report: bool,
    save: Path | None,
    as_json: bool,
    truncate: bool,
    pieces: bool,
) -> int:
    """Inspect a sentence; - reads it from standard input."""
    text = _text(sentence)
    refuse_unreadable(text)
    if open_report and no_report:
        raise InputError("--open needs a report.", "Leave --no-report out.")
    for place in (None if no_report else out, save):
        refuse_place(place)
    with _status(quiet=as_json) as progress:
        progress("Loading torch and the model")
        loaded = load(model, device=device)
        found = inspect(text, model=loaded, truncate=truncate, pieces=pieces, progress=progress)
        files = _write(found, None if no_report else out, save, progress)
    if as_json:
        from inspector.report.summary import summarise

        click.echo(json.dumps(summarise(found, files), allow_nan=False))
    else:
        from rich.console import Console

        from inspector.report.terminal import print_inspection

        print_inspection(Console(), found, files, pieces=pieces)
    if open_report:
        webbrowser.open(out.resolve().as_uri())
    return _MISMATCH if found.verification.verdict == "mismatch" else 0


def _text(sentence: tuple[str, ...]) -> str:
    """Return the one sentence that was given, from standard input where it is ``-``."""
    if not sentence:
        raise InputError("No sentence was given.", 'Give one: inspect "The cat sat on the mat."')
    if len(sentence) > 1:
        raise InputError(
            f"{len(sentence)} words were given one by one.",
            f'Put the sentence in quotes: inspect "{" ".join(sentence)}"',
        )
    if sentence[0] != "-":
        return sentence[0]
    try:
        return sys.stdin.buffer.read().decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise InputError(
            f"Standard input is not valid UTF-8 at byte {error.start}.", "Convert it to UTF-8."
        ) from error


def _write(
    found: Inspection, report: Path | None, tensors: Path | None, progress: Progress
) -> dict[str, str]:
    """Write what was asked for and return where it is."""
    files = {}
    if tensors is not None:
        progress("Writing the tensors")
        found.save(tensors)
        files["tensors"] = str(tensors)
    if report is not None:
        progress("Writing the report")
        found.to_html(report, command=join(["inspect", *sys.argv[1:]]))
        files["report"] = str(report)
    return files


def _status(*, quiet: bool) -> AbstractContextManager[Progress]:
    """Show on standard error what is going on, where somebody watches."""
    if quiet or not sys.stderr.isatty():
        return nullcontext(lambda _stage: None)
    from inspector.report.terminal import status

    return status()
