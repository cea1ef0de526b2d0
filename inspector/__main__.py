"""The program: the console scripts and ``python -m inspector`` begin here.

Nothing else is imported before signals are answered, so that Ctrl-C in the first moments too ends
in a sentence.
"""

from __future__ import annotations

import os
import sys

from inspector import signals

_INTERRUPTED = 130


def main() -> None:
    """Run the command line of this process and end it."""
    try:
        signals.answer()
        from inspector.commands import main as run

        run()
    except KeyboardInterrupt:
        signals.ignore()
        if sys.stderr is not None:
            sys.stderr.write("Error: Interrupted.\nHint: Nothing was left half-written.\n")
            sys.stderr.flush()
        os._exit(_INTERRUPTED)


if __name__ == "__main__":
    main()
