"""What a page asks, as it arrives: checked field by field, since anybody may send anything."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, TypeGuard, TypeVar, cast

from inspector.errors import InputError
from inspector.record import record
from inspector.records import SiteName
from inspector.server.limits import EDITS, LONG, TEXT

Place = TypeVar("Place")
#: A head, behind its site, and a token, behind the text that it is of.
HeadPlace = tuple[SiteName, int, int]
TokenPlace = tuple[Literal["text", "target"], int]

_SITES = ("self", "encoder", "decoder", "cross")
_LARGEST = 1_000_000
#: Characters of what a page calls itself, or the text that it shows.
_NAME_LENGTH = 64


@record(frozen=True, slots=True)
class Question:
    """A text, what is changed in the model while it reads it, and what is wanted of it."""

    text: str
    #: Of an encoder–decoder.
    target: str | None = None
    silence: tuple[HeadPlace, ...] = ()
    block: tuple[TokenPlace, ...] = ()
    #: The text in which a word was exchanged; None where none was.
    before: str | None = None
    ladder: bool = False
    effects: bool = False
    #: Which page asks: of one page only the newest question counts.
    page: str = ""

    @property
    def changes(self) -> bool:
        """Whether something is changed in the model."""
        return bool(self.silence or self.block)

    @property
    def unmeasured(self) -> Question:
        """The same without all that is measured beside: what is kept is kept by this."""
        return replace(self, before=None, ladder=False, effects=False, page="")


def read_question(body: bytes) -> Question:
    """Return what a request asks.

    Raises
    ------
    InputError
        When it is no question, or too long.
    """
    asked = _object(body)
    text = _text(asked, "text")
    if text is None:
        raise _refused("it has no text")
    return Question(
        text=text,
        target=_text(asked, "target"),
        silence=_places(asked, "silence", _head),
        block=_places(asked, "block", _token),
        before=_text(asked, "before"),
        ladder=asked.get("ladder") is True,
        effects=asked.get("effects") is True,
        page=_name(asked, "page"),
    )


@record(frozen=True, slots=True)
class HeadQuestion:
    """A head of a long text."""

    #: Which reading of which text the page shows: a server begun again may have another.
    reading: str
    layer: int
    head: int
    page: str = ""


def read_head_question(body: bytes) -> HeadQuestion:
    """Return which head a request asks for; whether there is one is not looked at here.

    Raises
    ------
    InputError
        When it is no question.
    """
    asked = _object(body)
    layer, head = asked.get("layer"), asked.get("head")
    if not (_index(layer) and _index(head)):
        raise _refused("it names no head")
    return HeadQuestion(_name(asked, "reading"), layer, head, _name(asked, "page"))


def refuse_long(text: str) -> None:
    """Refuse a text that is longer than one that is typed.

    Raises
    ------
    InputError
        When it is.
    """
    if len(text) > TEXT:
        raise too_long(f"{len(text):,} characters, and the limit is {TEXT:,}")


def too_long(why: str) -> InputError:
    """Return what is said of a text that is too long to be typed, and how it is looked at."""
    return InputError(
        f"The text is too long to be read while it is typed: {why}; {LONG}.",
        "Shorten it, or put it into a file.",
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _refused("it is not JSON") from error
    if not isinstance(asked, dict):
        raise _refused("it is no object")
    return asked


def _name(asked: dict[str, Any], of: str) -> str:
    name = asked.get(of, "")
    if not isinstance(name, str) or len(name) > _NAME_LENGTH:
        raise _refused(f"its {of} is no name")
    return name


def _text(asked: dict[str, Any], name: str) -> str | None:
    text = asked.get(name)
    if text is not None and not isinstance(text, str):
        raise _refused(f"its {name} is no text")
    if text is not None:
        refuse_long(text)
    return text


def _places(
    asked: dict[str, Any], name: str, read: Callable[[Any], Place | None]
) -> tuple[Place, ...]:
    given = asked.get(name, [])
    if not isinstance(given, list) or len(given) > EDITS:
        raise _refused(f"its {name} is no list of at most {EDITS}")
    places = [read(one) for one in given]
    found = tuple(place for place in places if place is not None)
    if len(found) < len(places):
        raise _refused(f"its {name} holds what is none")
    # The same one twice is still one.
    return tuple(dict.fromkeys(found))


def _head(given: Any) -> HeadPlace | None:
    match given:
        case [str(site), layer, head] if site in _SITES and _index(layer) and _index(head):
            return cast(SiteName, site), layer, head
    return None


def _token(given: Any) -> TokenPlace | None:
    match given:
        case ["text" | "target" as of, index] if _index(index):
            return of, index
    return None


def _index(value: Any) -> TypeGuard[int]:
    # True is an int to Python.
    return type(value) is int and 0 <= value < _LARGEST


def _refused(why: str) -> InputError:
    return InputError(f"The request cannot be read: {why}.", "Load the page again.")
