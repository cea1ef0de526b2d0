"""``inspect live``: the report served on this machine, with a line to type in."""

from __future__ import annotations

from functools import partial

import click

from inspector.commands.asked import status
from inspector.commands.garbage import collect_again
from inspector.commands.options import debug_option, model_option
from inspector.errors import InputError


@click.command()
@click.argument("sentence", nargs=-1)
@click.option("--target", metavar="TEXT", help="What the decoder reads first, of encoder–decoders.")
@model_option
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
    model: str,
    port: int | None,
    no_open: bool,
) -> int:
    """Type, and watch every head follow; silence heads, block and swap words.

    Serves the report on this machine, for this machine alone, until Ctrl-C. What is shown is not
    proved until the page is asked to.
    """
    if len(sentence) > 1:
        raise InputError(
            f"The sentence needs quotes: {len(sentence)} words came one by one.",
            f'Put the sentence in quotes: inspect live "{" ".join(sentence)}"',
        )
    # Imported here: the help needs neither NumPy nor a server.
    from inspector.server.notebook import SENTENCE
    from inspector.server.serving import Server

    with status() as progress:
        from inspector.server.answers import Answers

        text = sentence[0] if sentence else SENTENCE
        server = Server(partial(Answers, text, target, model, progress), port=port or 0)
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
