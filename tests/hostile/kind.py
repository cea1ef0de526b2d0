"""The shape that every generator has, so that one runner tries them all.

A generator is a module of this folder. It says its ``NAME`` and how many it makes in the suite and
by ``make hostile``; its ``make`` turns a seed into a thing, and its ``judge`` tries that thing and
says what went wrong, or nothing. The same seed makes the same thing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar


@dataclass
class Thing:
    """One thing to try."""

    #: In words: what somebody needs to know who looks into it.
    what: str
    #: A folder for itself.
    place: Path


T = TypeVar("T", bound=Thing)


class Kind(Protocol[T]):
    """What the runner needs of a generator's module."""

    #: What they are, in the plural.
    NAME: str
    #: How many are tried in the suite, and how many by ``make hostile``.
    FEW: int
    MANY: int

    def make(self, seed: int, place: Path, good: Path) -> T:
        """Make the thing of a seed in ``place``, an empty folder.

        ``good`` is a folder of good models, made by ``models.py``; nothing in it is changed.
        """

    def judge(self, thing: T) -> str | None:
        """Try it, and say what went wrong; None where it ended as it must."""
