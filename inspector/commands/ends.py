"""Every way out of the command line: a sentence, a hint, and the code of what happened."""

from __future__ import annotations

import os
import sys
import traceback

import click

from inspector import signals
from inspector.commands import streams
from inspector.errors import InputError, InspectorError, MachineError, ModelError
from inspector.panics import is_panic
from inspector.plain import visible

INTERRUPTED = 130
_MACHINE_REFUSED = 4
_OUR_FAULT = 70

#: What libraries say, in errors of other kinds, when memory ran out.
_NO_MEMORY = ("std::bad_alloc", "can't allocate memory", "out of memory")


def explain(error: BaseException, *, debug: bool) -> int:
    """Print one sentence and a hint, and return the exit code."""
    signals.ignore()
    if signals.came() or isinstance(error, (KeyboardInterrupt, click.Abort)):
        # What follows a signal comes of it: libraries turn the interrupt into errors of their own.
        if sys.stderr.isatty():
            # Below the ^C that the terminal shows.
            click.echo(err=True)
        say("Interrupted.", "Nothing was left half-written.")
        return INTERRUPTED
    if debug:
        traceback.print_exception(error)
    if isinstance(error, click.ClickException):
        # Some of click's messages end without a full stop.
        message = error.format_message()
        say(message if message.endswith((".", "?", "?)")) else f"{message}.", "See inspect --help.")
        return error.exit_code
    known = error if isinstance(error, InspectorError) else _known(error)
    if known is not None:
        say(known.message, known.hint)
        return known.exit_code
    said = " ".join(_words(error).split())
    say(
        f"This is a fault of the inspector: {type(error).__name__}: {said}".rstrip(": "),
        "Run it again with --debug and report what it prints.",
    )
    return _OUR_FAULT


def after(code: int) -> int:
    """Return a run's code when all is printed; another one only where nobody could be told."""
    found = streams.trouble()
    if found is None or streams.reader_has_gone():
        return code
    reason = (found.strerror or str(found)).lower()
    say(
        f"Standard output could not be written: {reason}.",
        "The work was done, and its files are whole; only what is printed is missing.",
    )
    return code or _MACHINE_REFUSED


def refuse_surroundings() -> None:
    """Refuse to work in a folder that is no longer there, and in a Python without docstrings.

    Raises
    ------
    InputError
        When Python leaves docstrings out: transformers reads its own to know what to do, and the
        help is made of ours.
    MachineError
        When the working folder was deleted, or cannot be reached.
    """
    if sys.flags.optimize > 1:
        raise InputError(
            "Python was told to leave docstrings out, and transformers needs them.",
            "Run it without PYTHONOPTIMIZE=2 and without -OO.",
        )
    # Asked for the name: Path.cwd() would be an import and the same.
    try:
        os.getcwd()  # noqa: PTH109
    except OSError as error:
        raise MachineError(
            "The folder that the command was started in is no longer there.",
            "Change into a folder that is there.",
        ) from error


def say(message: str, hint: str) -> None:
    """Print an error's sentence and its hint."""
    click.echo(f"Error: {visible(message)}\nHint: {visible(hint)}", err=True)


def _known(error: BaseException) -> InspectorError | None:
    """Return what is known of an error that a library raised."""
    if isinstance(error, MemoryError) or any(sign in _words(error) for sign in _NO_MEMORY):
        return MachineError(
            "There is not enough memory.", "Give a shorter text or a smaller model."
        )
    if is_panic(error):
        # Of tokenizers or safetensors, which read nothing but a model's files and a text by them.
        return ModelError(
            "The library that reads the model's files, its tokenizer among them, gave up.",
            "Take another copy of the model; --debug shows what the library says.",
        )
    return None


def _words(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return ""
