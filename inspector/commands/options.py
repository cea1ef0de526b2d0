"""Options that several verbs share."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from shlex import join
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])

#: ``main`` looks for it before click does, so that it also covers errors in the options.
debug_option = click.option(
    "--debug", is_flag=True, expose_value=False, help="Print the traceback of an error."
)

model_option = click.option(
    "--model",
    default="bundled",
    show_default=True,
    metavar="NAME",
    help="bundled, distilbert, bert, a hub id or a local folder.",
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


def file_option(name: str, explanation: str) -> Callable[[Function], Function]:
    """Return an option that takes a file to be written."""
    return click.option(
        name,
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=explanation,
    )


def command_line() -> str:
    """Return the command as it was given, for the page that it makes."""
    return join(["inspect", *sys.argv[1:]])
