"""What our files begin with: only such a file is replaced by a newer one of its kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from inspector.record import record

#: Stands in the head of every page.
PAGE_MARK = b'<meta name="generator" content="attention-inspector">'

#: Stands among what a figure says of itself.
FIGURE_MAKER = "attention-inspector"

#: Bytes of a file that are looked at.
_HEAD = 4096
#: A safetensors file begins with the length of its header, in so many bytes.
_LENGTH = 8


@record(frozen=True, slots=True)
class Kind:
    """A kind of file that we write."""

    #: What a refusal calls it.
    name: str
    #: Whether a file that begins so is one, or where ``at_end`` says so one that ends so.
    ours: Callable[[bytes], bool]
    at_end: bool = False

    def holds(self, path: Path) -> bool:
        """Say whether a file is of this kind, or empty: then there is nothing to lose in it.

        Raises
        ------
        OSError
            When it cannot be read.
        """
        with path.open("rb") as file:
            if self.at_end:
                file.seek(max(0, path.stat().st_size - _HEAD))
            part = file.read(_HEAD)
        return not part or self.ours(part)


#: By the ending of the file's name. A PDF has what it says of itself behind everything else.
FIGURES = {
    "svg": Kind(
        "a figure of the inspector",
        lambda head: f"<dc:title>{FIGURE_MAKER}</dc:title>".encode() in head,
    ),
    "pdf": Kind(
        "a figure of the inspector",
        lambda tail: f"/Creator ({FIGURE_MAKER})".encode() in tail,
        at_end=True,
    ),
    "png": Kind(
        "a figure of the inspector",
        lambda head: f"Software\0{FIGURE_MAKER}".encode() in head,
    ),
}
PAGE = Kind("a page of the inspector", lambda head: PAGE_MARK in head)
TENSORS = Kind(
    "a file of the inspector's tensors",
    lambda head: head[_LENGTH:].startswith(b'{"__metadata__":{"inspector":'),
)
