"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])

#: ``main`` looks for it before click does, so that it also covers errors in the options.
debug_option = click.option(
    "--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."
)


def file_option(
    name: str, explanation: str, *, default: str | None = None
) -> Callable[[Function], Function]:
    """Return an option that takes a file to be written."""
    return click.option(
        name,
        type=click.Path(path_type=Path),
        metavar="FILE",
        default=default,
        show_default=default is not None,
        help=explanation,
    )
