"""Scripts and styles without what only a reader needs: comments, types and spare room.

Names stay as they are: what is shipped can be read with nothing but line breaks put back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r"""
      (?P<comment>/\*.*?\*/|//[^\n]*)
    | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    | (?P<template>`)
    | (?P<regex>/(?![*/])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*)
    | (?P<word>[\w$#\u0080-\U0010ffff]+)
    | (?P<room>\s+)
    | (?P<sign>\+\+|--|=>|\?\.|[^\w\s])
    """,
    re.VERBOSE | re.DOTALL,
)
#: Words after which a slash begins a regular expression and not a division.
_BEFORE_REGEX = {"return", "typeof", "case", "of", "in", "void", "delete", "await", "yield"}
#: A line cannot end a statement after these, nor can the next begin one with those.
_GOES_ON = set("{([,;=+-*/%&|?:<>!~.") | {"=>", "?."}
_GOES_BEFORE = set(")]},;.?:=*%&|<>") | {"=>", "?."}

_STYLE_COMMENT = re.compile(r"/\*(?:(?!\*/).)*\*/", re.DOTALL)
#: Room in a style sheet that means nothing; what stands before a colon may mean “any element in”.
_STYLE_ROOM = re.compile(r"""("[^"]*")|\s*([{},;])\s*|(?<=:) +""")


def compact(script: str) -> str:
    """Leave out a script's comments and the room between its tokens."""
    out: list[str] = []
    last, room = "", ""
    for kind, text in _tokens(script):
        if kind == "room":
            room = "\n" if "\n" in text or room == "\n" else " "
            continue
        if room == "\n" and last and last not in _GOES_ON and text not in _GOES_BEFORE:
            out.append("\n")
        elif room and _would_join(last, text):
            out.append(" ")
        out.append(text)
        last, room = text, ""
    return "".join(out) + "\n"


def compact_style(style: str) -> str:
    """Leave out a style sheet's comments and the room between its parts."""
    return _STYLE_ROOM.sub(
        lambda found: found[1] or found[2] or "", _STYLE_COMMENT.sub("", style)
    ).strip()


def _tokens(script: str) -> Iterator[tuple[str, str]]:
    """Take a script apart; a comment is room, and a template literal is one token."""
    at, last = 0, ""
    while at < len(script):
        found = _TOKEN.match(script, at)
        assert found and found.lastgroup  # noqa: S101  (a sign is any character)
        kind, text = found.lastgroup, found[0]
        if kind == "regex" and not _may_begin_regex(last):
            kind, text = "sign", "/"
        elif kind == "template":
            text = script[at : _template_end(script, at)]
        at += len(text)
        if kind == "comment":
            kind = "room"
        elif kind != "room":
            last = text
        yield kind, text


def _may_begin_regex(last: str) -> bool:
    return last in _BEFORE_REGEX or not re.match(r"[\w$\"'`)\]}\u0080-\U0010ffff]", last)


def _template_end(script: str, at: int) -> int:
    """Return where the template literal that begins at ``at`` ends, those inside it included."""
    at += 1
    while script[at] != "`":
        if script[at] == "\\":
            at += 2
        elif script.startswith("${", at):
            depth = 1
            at += 2
            while depth:
                if script[at] == "`":
                    at = _template_end(script, at)
                    continue
                depth += {"{": 1, "}": -1}.get(script[at], 0)
                at += 1
        else:
            at += 1
    return at + 1


def _would_join(last: str, text: str) -> bool:
    """Whether two tokens mean something else without room between them."""
    ends, begins = last[-1:], text[:1]
    word = re.compile(r"[\w$#\u0080-\U0010ffff]")
    if word.match(ends) and word.match(begins):
        return True
    # "a + +b", "a - -b", "1 .toString()", and a slash that would begin a comment.
    return (
        (ends in "+-" and begins == ends)
        or (ends.isdigit() and begins == ".")
        or (ends == "/" and begins in "/*")
    )
