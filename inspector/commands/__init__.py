"""The command line: the console scripts and ``python -m inspector`` begin here.

Nothing else is imported before signals are answered, so that Ctrl-C in the first moments too ends
in a sentence, and so does an installation in which something is missing. What the program does is
in ``program.py``.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

from inspector import signals

_INTERRUPTED = 130
_MACHINE_REFUSED = 4
_OUR_FAULT = 70


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Without ``arguments`` this is the program itself: it takes them from the command line and ends
    the process when everything is written.
    """
    if arguments is not None:
        from inspector.commands.program import run

        return run(list(arguments))
    try:
        signals.answer()
        from inspector.commands.program import run_process

        run_process()
    except BaseException as error:
        # Only from the import: what happens later is answered where it runs.
        signals.ignore()
        os._exit(_explain(error))


def _explain(error: BaseException) -> int:
    if "--debug" in sys.argv:
        traceback.print_exception(error)
    if signals.came() or isinstance(error, KeyboardInterrupt):
        return _say("Interrupted.", "Nothing was left half-written.", _INTERRUPTED)
    if isinstance(error, MemoryError):
        return _say("There is not enough memory.", "Make room for it.", _MACHINE_REFUSED)
    if isinstance(error, ImportError):
        return _say(
            f"The installation is not whole: {error}.",
            "Install it again: pip install --force-reinstall attention-inspector",
            _MACHINE_REFUSED,
        )
    return _say(
        f"This is a fault of the inspector: {type(error).__name__}: {error}",
        "Run it again with --debug and report what it prints.",
        _OUR_FAULT,
    )


def _say(message: str, hint: str, code: int) -> int:
    # There is none where the program was started without.
    if sys.stderr is not None:
        try:
            sys.stderr.write(f"Error: {message}\nHint: {hint}\n")
            sys.stderr.flush()
        except OSError:
            pass
    return code
