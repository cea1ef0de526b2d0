"""``inspect corpus``: many sentences, and what every head does in general."""

from __future__ import annotations

import json
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from inspector.commands.browser import in_browser
from inspector.commands.options import (
    Place,
    command_line,
    debug_option,
    device_option,
    model_option,
)
from inspector.plain import visible

if TYPE_CHECKING:
    from inspector.corpus.engines import Engine
    from inspector.corpus.run import Outcome, Watcher
    from inspector.referee.loading import LoadedModel


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--out",
    type=Place(),
    default=Path("corpus"),
    show_default=True,
    metavar="FOLDER",
    help="The folder for the tables, the atlas and the finished parts of the run.",
)
@model_option
@device_option("The device the model runs on.")
@click.option(
    "--dtype",
    type=click.Choice(["float32", "bfloat16"]),
    default="float32",
    show_default=True,
    help="The precision the model computes in.",
)
@click.option(
    "--statistics",
    type=click.Choice(["basic", "full", "effects"]),
    default="basic",
    show_default=True,
    help="full adds every rung of the ladder and induction, effects what silencing each head and "
    "blocking each word does; many times slower.",
)
@click.option(
    "--sample",
    type=click.IntRange(1),
    metavar="N",
    help="With --statistics effects: measure them on N sentences, drawn with the seed.",
)
@click.option(
    "--column",
    default="text",
    show_default=True,
    help="The key that holds the text in .jsonl files.",
)
@click.option("--truncate", is_flag=True, help="Cut sentences that are too long for the model.")
@click.option(
    "--strict", is_flag=True, help="Stop at a broken syntax tree instead of leaving it out."
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**64 - 1),
    default=0,
    show_default=True,
    help="Seed of the bootstrap.",
)
@click.option("--restart", is_flag=True, help="Start again, whatever the folder holds.")
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Run in this process, or on the workers of a Ray cluster.",
)
@click.option(
    "--address", metavar="HOST:PORT", help="A running Ray cluster; otherwise one is started here."
)
@click.option("--open", "open_atlas", is_flag=True, help="Open the atlas in a browser.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@debug_option
def corpus(
    *,
    files: tuple[str, ...],
    out: Path,
    model: str,
    device: str,
    dtype: Literal["float32", "bfloat16"],
    statistics: Literal["basic", "full", "effects"],
    sample: int | None,
    column: str,
    truncate: bool,
    strict: bool,
    seed: int,
    restart: bool,
    engine: str,
    address: str | None,
    open_atlas: bool,
    as_json: bool,
) -> None:
    """Measure what every head does over many sentences; - reads them from standard input.

    Reads .txt (one sentence per line), .jsonl (one object per line) and .conllu (syntax trees;
    every head is then also tested on every syntactic relation). Run the same command again to
    continue an interrupted run.
    """
    from inspector.corpus.run import Options, run_corpus
    from inspector.corpus.work import Work
    from inspector.errors import InputError

    if address is not None and engine != "ray":
        raise InputError("--address is for --engine ray.", "Leave it out, or add --engine ray.")
    if sample is not None and statistics != "effects":
        raise InputError(
            "--sample is for --statistics effects: the others are of every sentence.",
            "Leave it out, or add --statistics effects.",
        )
    work = Work(
        model=model,
        device=device,
        dtype=dtype,
        statistics=statistics,
        truncate=truncate,
        seed=seed,
    )
    options = Options(
        files=files,
        out=out,
        column=column,
        strict=strict,
        restart=restart,
        sample=sample,
        command=command_line(),
    )
    try:
        with _bar(quiet=as_json) as watcher:
            outcome = run_corpus(
                options,
                work,
                load=lambda: _load(work.model, work.device),
                engine=lambda loaded: _engine(engine, address, loaded),
                watcher=watcher,
            )
    except KeyboardInterrupt:
        click.echo("Finished shards are kept: the same command goes on from there.", err=True)
        raise
    if as_json:
        from inspector.report.export.corpus_summary import summarise_corpus

        click.echo(json.dumps(summarise_corpus(outcome.result, outcome.files), allow_nan=False))
    else:
        _print(outcome)
    if open_atlas:
        in_browser(Path(outcome.files["atlas"]))


def _load(model: str, device: str) -> LoadedModel:
    from inspector.commands.garbage import collect_again
    from inspector.session import load

    loaded = load(model, device=device)
    collect_again()
    return loaded


def _engine(name: str, address: str | None, loaded: LoadedModel) -> Engine:
    if name == "ray":
        from inspector.corpus.ray_engine import Ray

        return Ray(address)
    from inspector.corpus.engines import Local

    return Local(loaded)


def _print(outcome: Outcome) -> None:
    from rich.console import Console

    from inspector.report.terminal.corpus import print_corpus

    print_corpus(Console(highlight=False), outcome.result, outcome.files)
    if outcome.shift:
        name = max(outcome.shift, key=outcome.shift.__getitem__)
        click.echo(
            f"bfloat16 moved no head's mean by more than {outcome.shift[name]:.1e} "
            f"({visible(name)}), on a sample that ran in float32 as well."
        )


class _NoBar:
    def stage(self, name: str, total: int) -> None:
        """Show nothing."""

    def advance(self, done: int) -> None:
        """Show nothing."""


def _bar(*, quiet: bool) -> AbstractContextManager[Watcher]:
    """Show a bar on standard error, where somebody watches."""
    if quiet or not sys.stderr.isatty():
        return nullcontext(_NoBar())
    from inspector.report.terminal.corpus_progress import corpus_bar

    return corpus_bar()
