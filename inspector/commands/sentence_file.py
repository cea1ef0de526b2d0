"""A file of sentences: one a line, or two with a tab between."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from inspector.errors import InputError, MachineError


@dataclass(frozen=True, slots=True)
class Line:
    """One line that holds something, as bytes: each is decoded when its turn comes."""

    #: From 1, as editors count.
    number: int
    data: bytes

    def split(self) -> tuple[str, str | None]:
        """Return the sentence and, where there is a tab, the second one.

        Raises
        ------
        InputError
            When the line is not valid UTF-8 or has more than one tab.
        """
        try:
            text = self.data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(
                f"It is not valid UTF-8 at byte {error.start}.", "Convert the file to UTF-8."
            ) from error
        first, *more = text.split("\t")
        if len(more) > 1:
            raise InputError(f"It has {len(more)} tabs.", "A pair has one tab between its texts.")
        return first, more[0] if more else None


def read_lines(path: Path) -> list[Line]:
    """Return the lines of a file that are not blank.

    Raises
    ------
    InputError
        When there is no such file, or when it is a folder, binary or without a sentence.
    MachineError
        When the machine does not let it be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}.", "Check the name.") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder.", "Name a file of sentences.") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise MachineError(f"{path} cannot be read: {reason}.", "Check its permissions.") from error
    if b"\0" in data:
        raise InputError(f"{path} is binary.", "Give a text file in UTF-8, a sentence a line.")
    # Only \n and \r\n end a line: what else Unicode calls a line end may stand in a sentence.
    rows = data.removeprefix(codecs.BOM_UTF8).split(b"\n")
    lines = [Line(at, row.rstrip(b"\r")) for at, row in enumerate(rows, 1) if row.strip()]
    if not lines:
        raise InputError(f"{path} holds no sentence.", "Give a text file, a sentence a line.")
    return lines
