"""Options that several verbs share."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from shlex import join
from typing import Any, TypeVar

import click

from inspector.errors import InputError

Function = TypeVar("Function", bound=Callable[..., Any])

#: ``main`` looks for it before click does, so that it also covers errors in the options.
debug_option = click.option(
    "--debug", is_flag=True, expose_value=False, help="Print the traceback of an error."
)


def _say_folder(_ctx: click.Context, _param: click.Parameter, name: str) -> str:
    """Say which model is taken where a folder has the short name of one on the hub."""
    from inspector.checkpoint.sources import shadowed

    if (hub := shadowed(name)) is not None:
        click.echo(f"--model {name} is the folder ./{name} here; the other is {hub}.", err=True)
    return name


model_option = click.option(
    "--model",
    callback=_say_folder,
    default="bundled",
    show_default=True,
    metavar="NAME",
    help="bundled, smollm2, distilbert, bert, a hub id, a local folder (of a model or an "
    "adapter) or a GGUF file.",
)


heads_option = click.option(
    "--heads",
    multiple=True,
    metavar="L.H",
    help="Of a long text: heads of which the page has every weight, such as 24.8,5.6.",
)

layers_option = click.option(
    "--layers",
    multiple=True,
    type=click.IntRange(min=0),
    metavar="L",
    help="Of a long text: layers of which the page has every weight.",
)


def text_file_option(explanation: str) -> Callable[[Function], Function]:
    """Return the option that names a file with one text."""
    return click.option(
        "--text-file", type=click.Path(path_type=Path), metavar="FILE", help=explanation
    )


def device_option(explanation: str) -> Callable[[Function], Function]:
    """Return the option that says where the model runs."""
    return click.option(
        "--device",
        type=click.Choice(["auto", "cpu", "cuda", "mps"]),
        default="auto",
        show_default=True,
        help=explanation,
    )


class Place(click.Path):
    """Where something is written: a name, and never standard output."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path.

        Raises
        ------
        InputError
            When there is no name.
        """
        option = param.opts[0] if param is not None else "The option"
        if str(value) == "":
            raise InputError(f"{option} names nothing.", "Give it a name.")
        if str(value) == "-":
            raise InputError(
                f"{option} takes no -: what it writes is not for standard output.",
                "Name a file or a folder; --json prints to standard output.",
            )
        return super().convert(value, param, ctx)


def file_option(name: str, explanation: str) -> Callable[[Function], Function]:
    """Return an option that takes a file to be written."""
    return click.option(
        name,
        type=Place(),
        metavar="FILE",
        help=explanation,
    )


def command_line() -> str:
    """Return the command as it was given, for the page that it makes."""
    return join(["inspect", *sys.argv[1:]])
