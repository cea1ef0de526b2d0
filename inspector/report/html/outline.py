"""What a page's markup says, written so that the browser can write the same from its elements.

Checksums of the markup have to be of this: a browser keeps no file, only the elements that it made
of one. ``assets/shared/decode.js`` is the other side.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

#: Elements that have no end.
_VOID = frozenset(("br", "col", "hr", "img", "input", "meta", "wbr"))
#: Browsers and their extensions add attributes of their own, and the theme's buttons change theirs.
_ATTRIBUTE = re.compile(r"(?!aria-pressed$|data-(?!value$|export$))")
_ROOM = re.compile(r"[ \t\n\f\r\0]+")


def outline(markup: str) -> bytes:
    """Return elements, their attributes and text, in order, without the room between them."""
    writer = _Writer()
    writer.feed(str(markup))
    writer.close()
    return _ROOM.sub("", "".join(writer.said)).encode()


class _Writer(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = (f'{name}="{value or ""}"' for name, value in attrs if _ATTRIBUTE.match(name))
        self.said += ["<", tag, *told, ">"]
        if tag in _VOID:
            self.said.append("</>")

    def handle_endtag(self, tag: str) -> None:
        self.said.append("</>")

    def handle_data(self, data: str) -> None:
        self.said.append(data)
