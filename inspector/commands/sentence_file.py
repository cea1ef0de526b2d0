"""A file of sentences: one a line, or two with a tab between."""

from __future__ import annotations

import codecs
from pathlib import Path

from inspector.errors import InputError
from inspector.files import MIB, read_limited
from inspector.record import record

#: Bytes of a file of sentences: each gets a report, which is larger than that.
_LIMIT = 256 * MIB


@record(frozen=True, slots=True)
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
        # Tabs at the ends are indentation, or nothing at all; one between two texts parts them.
        body = text.strip("\t")
        first, *more = body.split("\t")
        indent = text[: len(text) - len(text.lstrip("\t"))]
        if len(more) > 1:
            raise InputError(f"It has {len(more)} tabs.", "A pair has one tab between its texts.")
        return indent + first, more[0] if more else None


def read_lines(path: Path) -> list[Line]:
    """Return the lines of a file that are not blank.

    Raises
    ------
    InputError
        When there is no such file, or when it is a folder, larger than 256 MiB, binary or without
        a sentence.
    MachineError
        When the machine does not let it be read.
    """
    data = read_limited(path, _LIMIT)
    if b"\0" in data:
        raise InputError(f"{path} is binary.", "Give a text file in UTF-8, a sentence a line.")
    # Only \n and \r\n end a line: what else Unicode calls a line end may stand in a sentence.
    rows = data.removeprefix(codecs.BOM_UTF8).split(b"\n")
    lines = [Line(at, row.rstrip(b"\r")) for at, row in enumerate(rows, 1) if row.strip()]
    if not lines:
        raise InputError(f"{path} holds no sentence.", "Give a text file, a sentence a line.")
    return lines
