"""What a server serves: a page, and what its page may ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol


class Asked(NamedTuple):
    """A question that was read."""

    #: Which page asks: of one page only the newest question counts.
    page: str
    #: Answers it, when its turn comes.
    answer: Callable[[], bytes]


#: Reads a request. Raises InputError when it is no question.
Read = Callable[[bytes], Asked]


class Served(Protocol):
    """One model and what it has read."""

    def page(self) -> str:
        """Return the page, as HTML."""

    @property
    def questions(self) -> Mapping[str, Read]:
        """What may be asked, by its name in the address; each kind has a desk of its own."""
