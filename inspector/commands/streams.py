"""Standard streams that may be closed, full, or without a reader: they never change what is done.

What goes wrong in writing to one is kept, and everything after it is dropped; the work goes on to
its end, and ``main`` says then what came of it.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

#: A reader that has gone has all it wanted.
_NO_READER = {errno.EPIPE, errno.ESHUTDOWN, errno.ECONNRESET}
_STREAMS = ("stdout", "stderr")


class _Lasting(io.FileIO):
    """An open file that raises nothing when it is written to."""

    trouble: OSError | None = None

    def write(self, data: Any, /) -> int:
        """Write as much as can be written; everything, as far as the caller knows."""
        view = memoryview(data)
        if self.trouble is None:
            try:
                return super().write(view)
            except OSError as error:
                self.trouble = error
        return view.nbytes


def occupy() -> None:
    """Open nothing in place of streams that were closed at the start.

    Else the next file that is opened would have the number of one, and what a library writes there
    would land in it.
    """
    for stream in (0, 1, 2):
        try:
            os.fstat(stream)
        except OSError:
            # The lowest number that is free, so this one.
            os.open(os.devnull, os.O_RDWR)


@contextmanager
def lasting() -> Iterator[None]:
    """Let standard output and standard error last to the end of the work, whatever befalls them."""
    before = {name: getattr(sys, name) for name in _STREAMS}
    try:
        for name, stream in before.items():
            setattr(sys, name, _lasting(stream))
        yield
    finally:
        for name, stream in before.items():
            getattr(sys, name).flush()
            setattr(sys, name, stream)


def trouble() -> OSError | None:
    """Return why standard output could not be written, if it could not."""
    if sys.stdout is None:
        return None
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return raw.trouble if isinstance(raw, _Lasting) else None


def reader_has_gone() -> bool:
    """Say whether nobody will read what is still to be printed."""
    found = trouble()
    return found is not None and found.errno in _NO_READER


def _lasting(stream: TextIO | None) -> TextIO:
    if stream is None:
        # Python has no stream where the program was started without.
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - open to the end
    # A test's stream stays as it is.
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    # A pipe may speak ASCII only; what it cannot say is escaped and not a reason to stop.
    stream.reconfigure(errors="backslashreplace")
    # Python's own, buffered or not (PYTHONUNBUFFERED); a console of Windows is neither.
    raw = getattr(stream.buffer, "raw", stream.buffer)
    if type(stream) is not io.TextIOWrapper or type(raw) is not io.FileIO:
        return stream
    return io.TextIOWrapper(
        io.BufferedWriter(_Lasting(stream.fileno(), "wb", closefd=False)),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
