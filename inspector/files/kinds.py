"""What our files begin with: only such a file is replaced by a newer one of its kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

#: Stands in the head of every page.
PAGE_MARK = b'<meta name="generator" content="attention-inspector">'

#: Bytes of a file that are looked at.
_HEAD = 4096
#: A safetensors file begins with the length of its header, in so many bytes.
_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file that we write."""

    #: What a refusal calls it.
    name: str
    #: Whether a file that begins so is one.
    ours: Callable[[bytes], bool]

    def holds(self, path: Path) -> bool:
        """Say whether a file is of this kind, or empty: then there is nothing to lose in it.

        Raises
        ------
        OSError
            When it cannot be read.
        """
        with path.open("rb") as file:
            head = file.read(_HEAD)
        return not head or self.ours(head)


PAGE = Kind("a page of the inspector", lambda head: PAGE_MARK in head)
TENSORS = Kind(
    "a file of the inspector's tensors",
    lambda head: head[_LENGTH:].startswith(b'{"__metadata__":{"inspector":'),
)
