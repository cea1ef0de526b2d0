"""The command line: ``main`` finds the verb, runs it and turns every end into an exit code.

Exit codes: 0 done; 1 the rebuild disagrees with the model; 2 bad usage or input; 3 model
unavailable or unsupported; 4 the machine refused; 70 a fault of ours; 130 interrupted.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
import warnings
from collections.abc import Sequence

import click

from inspector import __version__
from inspector.commands.classroom import classroom
from inspector.commands.corpus import corpus
from inspector.commands.garbage import collect_later
from inspector.commands.models import models
from inspector.commands.show import show
from inspector.errors import InspectorError
from inspector.plain import visible

_INTERRUPTED = 130
_MACHINE_REFUSED = 4
_OUR_FAULT = 70


@click.group(
    # Not the docstring: \b, which keeps the lines apart, would have to be escaped there.
    help="""Open every attention head of a transformer on your own sentence, and prove it.

    \b
    inspect "The cat sat on the mat because it was tired"
    inspect classroom
    inspect corpus samples/sentences.txt
    inspect models
    """,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Only the first argument decides: the exact name of a command runs it, anything else "
    'is a sentence. `inspect show corpus` inspects the word "corpus".',
)
@click.version_option(__version__, prog_name="attention-inspector")
def cli() -> None:
    """Group the commands; ``main`` runs it."""


cli.add_command(show)
cli.add_command(classroom)
cli.add_command(corpus)
cli.add_command(models)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Without ``arguments`` this is the program itself: it takes them from the command line and ends
    the process at once when everything is written.
    """
    if arguments is not None:
        return _run(list(arguments))
    collect_later()
    code = _run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


def _run(given: list[str]) -> int:
    debug = "--debug" in given
    if not debug:
        # What transformers and torch warn about is not for the person with a sentence.
        warnings.simplefilter("ignore")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A pipe may speak ASCII only; what it cannot say is escaped and not a reason to stop.
            stream.reconfigure(errors="backslashreplace")
    try:
        result = cli.main(args=route(given), prog_name="inspect", standalone_mode=False)
        # click catches a closed pipe only in standalone mode; flush while it can be caught here.
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):
        # The reader has gone and has all it wanted; rich says so with SystemExit. Nothing more may
        # be written, not even by the interpreter when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, click.Abort):
        _say("Interrupted.", "Nothing was left half-written.")
        return _INTERRUPTED
    except (InspectorError, click.ClickException, MemoryError, Exception) as error:
        if debug:
            traceback.print_exc()
        return _explain(error)
    return result if isinstance(result, int) else 0


def route(arguments: list[str]) -> list[str]:
    """Put ``show`` before anything that is not a command: only the first argument decides.

    A first argument that starts with ``-`` and holds a space is a sentence, not an option.
    """
    if not arguments:
        return ["--help"]
    first, *rest = arguments
    if first in {*cli.commands, "--help", "-h", "--version"}:
        return arguments
    if first.startswith("-") and " " in first:
        return ["show", *rest, "--", first]
    return ["show", *arguments]


def _explain(error: Exception) -> int:
    """Print one sentence and a hint, and return the exit code."""
    if isinstance(error, InspectorError):
        _say(error.message, error.hint)
        return error.exit_code
    if isinstance(error, click.ClickException):
        _say(error.format_message(), "See inspect --help.")
        return error.exit_code
    if isinstance(error, MemoryError):
        _say("There is not enough memory.", "Give a shorter text or a smaller model.")
        return _MACHINE_REFUSED
    said = " ".join(str(error).split())
    _say(
        f"This is a fault of the inspector: {type(error).__name__}: {said}",
        "Run it again with --debug and report what it prints.",
    )
    return _OUR_FAULT


def _say(message: str, hint: str) -> None:
    click.echo(f"Error: {visible(message)}\nHint: {visible(hint)}", err=True)
