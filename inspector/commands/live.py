"""``inspect live``: the report served on this machine, with a line to type in.

A long text is served as well, with every head of it, and is read once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inspector.commands.asked import AskedModel, status
from inspector.commands.garbage import collect_again
from inspector.commands.options import (
    command_line,
    debug_option,
    heads_option,
    layers_option,
    model_option,
    text_file_option,
)
from inspector.errors import InputError

if TYPE_CHECKING:
    from inspector.commands.show_long import WantedHeads
    from inspector.proof import Progress
    from inspector.server.served import Served


@click.command()
@click.argument("sentence", nargs=-1)
@click.option("--target", metavar="TEXT", help="What the decoder reads first, of encoder–decoders.")
@text_file_option(
    "Serve a file as one text; a long one is read once, and every head of it can be opened."
)
@heads_option
@layers_option
@model_option
@click.option("--truncate", is_flag=True, help="Cut a file that is too long for the model.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    metavar="N",
    help="A port of this machine; the address then stays the same.  [default: a free one]",
)
@click.option("--no-open", is_flag=True, help="Do not open a browser.")
@debug_option
def live(
    *,
    sentence: tuple[str, ...],
    target: str | None,
    text_file: Path | None,
    heads: tuple[str, ...],
    layers: tuple[int, ...],
    model: str,
    truncate: bool,
    port: int | None,
    no_open: bool,
) -> int:
    """Type, and watch every head follow; silence heads, block and swap words.

    Serves the report on this machine, for this machine alone, until Ctrl-C. What is shown is not
    proved until the page is asked to. A long text in a --text-file is read once.
    """
    if len(sentence) > 1:
        raise InputError(
            f"The sentence needs quotes: {len(sentence)} words came one by one.",
            f'Put the sentence in quotes: inspect live "{" ".join(sentence)}"',
        )
    # Imported here: the help needs neither NumPy nor a server.
    from inspector.commands.show_long import WantedHeads, only_long, parse_heads, read_text_file
    from inspector.server.notebook import SENTENCE
    from inspector.server.serving import Server

    wanted = WantedHeads(heads=parse_heads(heads), layers=layers)
    if text_file is None:
        only_long(wanted)
        if truncate:
            raise InputError(
                "--truncate is for a --text-file.", "Leave it out, and shorten what is typed."
            )
    elif sentence:
        raise InputError("There are a sentence and a --text-file.", "Give one of them.")
    text = read_text_file(text_file) if text_file else sentence[0] if sentence else SENTENCE
    with status() as progress:
        from inspector.server.answers import Answers

        served: Callable[[], Served] = (
            partial(Answers, text, target, model, progress)
            if text_file is None
            else partial(_of_file, text, target, model, wanted, progress, truncate=truncate)
        )
        server = Server(served, port=port or 0)
    collect_again()
    try:
        click.echo(f"{server.address}\nCtrl-C ends it.")
        if not no_open:
            import webbrowser

            webbrowser.open(server.address)
        server.wait()
    except KeyboardInterrupt:
        # What ends it is what it waits for, and so nothing was interrupted.
        server.stop()
        click.echo("\nStopped.")
    return 0


def _of_file(
    text: str,
    target: str | None,
    model: str,
    wanted: WantedHeads,
    progress: Progress,
    *,
    truncate: bool,
) -> Served:
    """Return what is served of a file: one that could be typed, or one that is too long for that.

    Raises
    ------
    InputError
        When only a text of the other length has what is wanted.
    """
    from inspector.commands.show_long import only_long
    from inspector.long_text import encode_long, is_long, read_long
    from inspector.server.answers import Answers
    from inspector.server.limits import TEXT
    from inspector.server.long_answers import LongAnswers

    checkpoint = AskedModel(model, "cpu", prove=False).open(progress)
    if checkpoint.cannot_run is None and not checkpoint.takes_target:
        read = encode_long(checkpoint, text, truncate=truncate)
        cut = read.truncated_from is not None
        if cut or len(text) > TEXT or is_long(checkpoint, len(read)):
            if target is not None:
                raise InputError(
                    f"{checkpoint.title} has no decoder that reads a --target.", "Leave it out."
                )
            asked = wanted.asked(checkpoint)
            found = read_long(checkpoint, read, progress=progress)
            progress("Writing the page")
            return LongAnswers(found, asked, command=command_line())
    elif truncate:
        raise InputError(
            f"{checkpoint.title} reads no long texts live, and so --truncate cuts none.",
            "Leave it out, and shorten the text.",
        )
    elif len(text) > TEXT:
        raise InputError(
            f"{checkpoint.title} reads no long texts live, and this one has {len(text):,} "
            f"characters, where {TEXT:,} are read.",
            "Shorten it.",
        )
    only_long(wanted)
    return Answers(text, target, model, progress, checkpoint)
