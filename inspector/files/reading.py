"""Reading what somebody gives, up to a limit: a device or a pipe may never end."""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from typing import BinaryIO

from inspector.errors import InputError, MachineError
from inspector.plain import visible

MIB = 1 << 20
#: What the machine says of names at which nothing can be.
NOWHERE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP}


def read_limited(path: Path, limit: int) -> bytes:
    """Return the bytes of a file or a pipe; ``-`` is standard input.

    Raises
    ------
    InputError
        When there is no such file, when it is a folder, or when it holds more than ``limit`` bytes.
    MachineError
        When the machine does not let it be read.
    """
    if str(path) == "-":
        return read_standard_input(limit)
    name = visible(str(path))
    try:
        with path.open("rb") as file:
            return _read(file, name, limit)
    except IsADirectoryError as error:
        raise InputError(f"{name} is a folder, not a file.", "Name a file in it.") from error
    except OSError as error:
        if error.errno in NOWHERE:
            raise InputError(f"There is no file {name}.", "Check the name.") from error
        raise _unreadable(name, error) from error


def read_standard_input(limit: int) -> bytes:
    """Return what comes from standard input, to its end.

    Raises
    ------
    InputError
        When it is closed, or when more than ``limit`` bytes come.
    MachineError
        When the machine does not let it be read.
    """
    try:
        return _read(standard_input(), "Standard input", limit)
    except OSError as error:
        raise _unreadable("Standard input", error) from error


def standard_input() -> BinaryIO:
    """Return the stream of standard input.

    Raises
    ------
    InputError
        When it is closed.
    """
    # Python has none where the program was started without.
    if sys.stdin is None:
        raise InputError("Standard input is closed.", "Pipe the text in, or give it in quotes.")
    return sys.stdin.buffer


def _read(file: BinaryIO, name: str, limit: int) -> bytes:
    data = file.read(limit + 1)
    if len(data) > limit:
        raise InputError(
            f"{name} holds more than {limit // MIB} MiB, which is the limit.",
            "Give less, or check that it is the right one.",
        )
    return data


def _unreadable(name: str, error: OSError) -> MachineError:
    reason = (error.strerror or str(error)).lower()
    return MachineError(f"{name} cannot be read: {reason}.", "Check its permissions.")
