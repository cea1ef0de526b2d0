"""What makes a class a record of the house: a dataclass that is quickly made.

Python compiles six methods for every dataclass each time the program starts, and an answer needs
more than a hundred of them. Comparing, hashing and showing need no code of a class's own: three
functions serve all, and a record takes half the time to come about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar

__all__ = ["record"]

if TYPE_CHECKING:
    # To who checks types a record is a dataclass.
    from dataclasses import dataclass as record
else:
    from dataclasses import dataclass

    T = TypeVar("T")

    def record(
        *, frozen: Literal[True], slots: Literal[True], kw_only: bool = False
    ) -> Callable[[type[T]], type[T]]:
        """Make a class what ``dataclass`` with the same options makes of it.

        Every field is shown and compared: one that says otherwise is refused with a TypeError.

        >>> @record(frozen=True, slots=True)
        ... class Place:
        ...     layer: int
        ...     head: int
        >>> Place(2, 8), Place(2, 8) == Place(2, head=8)
        (Place(layer=2, head=8), True)
        """

        def make(cls: type[T]) -> type[T]:
            shared = _SHARED.keys() - vars(cls).keys()
            options = {"frozen": frozen, "slots": slots, "kw_only": kw_only}
            made = dataclass(**options, eq=False, repr=False)(cls)
            if not all(one.repr and one.compare for one in fields(made)):
                raise TypeError(f"{cls.__name__} has a field that is not shown or not compared")
            for name in shared:
                setattr(made, name, _SHARED[name])
            return made

        return make


def _values(of: Any) -> tuple[Any, ...]:
    return tuple(getattr(of, name) for name in _names(of.__class__))


@cache
def _names(of: Any) -> tuple[str, ...]:
    return tuple(one.name for one in fields(of))


def _shown(self: Any) -> str:
    shown = (f"{name}={getattr(self, name)!r}" for name in _names(self.__class__))
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _equal(self: Any, other: object) -> bool:
    return _values(self) == _values(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash(_values(self))


_SHARED = {"__repr__": _shown, "__eq__": _equal, "__hash__": _hash}
