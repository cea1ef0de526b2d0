"""``inspect figure "a sentence"``: a head, every head or the ladder as a figure for a paper."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inspector.commands.options import debug_option, device_option, file_option, model_option
from inspector.commands.show import one_sentence

if TYPE_CHECKING:
    from collections.abc import Callable

    from inspector.commands.asked import AskedModel, AskedText
    from inspector.records import SiteName
    from inspector.report.export.figures import Columns, Figure, Kind, Theme
    from inspector.session import Inspection

_MISMATCH = 1


@click.command()
@click.argument("sentence", nargs=-1)
@click.option(
    "--kind",
    type=click.Choice(["matrix", "lines", "grid", "ladder"]),
    help="One head as a matrix or as lines; every head as a grid; the ladder.  "
    "[default: the matrix of a head that is named, else the grid]",
)
@click.option("--layer", type=int, metavar="N", help="Of a matrix and of lines: which layer.")
@click.option("--head", type=int, metavar="N", help="And which of its heads, both from 0.")
@click.option(
    "--site",
    type=click.Choice(["self", "encoder", "decoder", "cross"]),
    help="Of an encoder–decoder: which attention.",
)
@file_option("--out", "The figure: .svg, .pdf or .png.  [default: attention.svg]")
@click.option(
    "--columns",
    type=click.Choice(["1", "2"]),
    help="3.3 inches wide, a column of a paper, or 7, two.  [default: one where it is enough]",
)
@click.option(
    "--theme",
    type=click.Choice(["light", "dark"]),
    default="light",
    show_default=True,
    help="On white, or on dark.",
)
@click.option("--pair", metavar="TEXT", help="A second text, for models that read pairs.")
@click.option(
    "--target", metavar="TEXT", help="What the decoder is to write, for encoder–decoders."
)
@model_option
@device_option("The device the model runs on; the rebuild always runs in NumPy.")
@click.option(
    "--no-proof",
    is_flag=True,
    help="Draw it at once from the checkpoint's files, without asking the real model.",
)
@click.option("--truncate", is_flag=True, help="Cut a text that is too long for the model.")
@debug_option
def figure(
    *,
    sentence: tuple[str, ...],
    kind: Kind | None,
    layer: int | None,
    head: int | None,
    site: SiteName | None,
    out: Path | None,
    columns: str | None,
    theme: Theme,
    pair: str | None,
    target: str | None,
    model: str,
    device: str,
    no_proof: bool,
    truncate: bool,
) -> int:
    """Draw the attention of one sentence for a paper; - reads it from standard input.

    The figure says which model it is of and what the proof found; exit code 1 means that the real
    model does not agree. Needs matplotlib: pip install "attention-inspector[figures]".
    """
    from inspector.checkpoint.readable import refuse_unreadable
    from inspector.commands.asked import AskedModel, AskedText, Reading
    from inspector.files import FIGURES, refuse_place
    from inspector.report.export.figures import draw_figure, figure_format, refuse_without

    place = out or Path("attention.svg")
    refuse_place(place, FIGURES[figure_format(place)])
    refuse_without()
    text = one_sentence(sentence, "inspect figure")
    for part in (text, pair, target):
        if part is not None:
            refuse_unreadable(part)
    drawn_as: Kind = kind or ("grid" if layer is None and head is None else "matrix")
    width: dict[str | None, Columns | None] = {None: None, "1": 1, "2": 2}

    def drawn(found: Inspection) -> Figure:
        return draw_figure(
            found,
            drawn_as,
            layer=layer,
            head=head,
            site=site,
            theme=theme,
            columns=width[columns],
        )

    asked = AskedText(text, pair, target, Reading(truncate=truncate, pieces=False))
    return _write(asked, AskedModel(model, device, prove=not no_proof), drawn, place)


def _write(
    asked: AskedText,
    model: AskedModel,
    drawn: Callable[[Inspection], Figure],
    place: Path,
) -> int:
    """Draw what our own forward says, which refuses what cannot be drawn; prove it, and write it.

    Returns 1 where the real model disagrees, else 0.
    """
    from rich.console import Console

    from inspector.commands.asked import status
    from inspector.files import FIGURES, write_whole
    from inspector.report.export.figures import figure_format
    from inspector.report.terminal.inspection import print_files, print_verdict

    # It tells of caches and fonts, in words that are not for the person with a sentence.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    with status() as progress:
        early = model.answer(asked, progress=progress) if model.answers_first(seen=True) else None
        if early is not None:
            # What cannot be drawn is refused before torch is imported, which takes seconds.
            picture = drawn(early)
        if early is None or model.prove:
            # Let go: what it keeps in memory would lie there beside the real model's.
            early = None
            found = asked.inspect(model.load(progress), progress)
            picture = drawn(found)
        else:
            found = early
        written = figure_format(place)
        write_whole(place, picture.to_bytes(written), FIGURES[written])
    console = Console(highlight=False)
    if written != "svg":
        for notice in picture.notices:
            click.echo(notice, err=True)
    print_files(console, {"figure": str(place)})
    print_verdict(console, found)
    return _MISMATCH if found.verification.verdict == "mismatch" else 0
