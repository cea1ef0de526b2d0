"""Scripts and styles without what only a reader needs: comments, types and spare room.

Names stay as they are: what is shipped can be read with nothing but line breaks put back.
"""

from __future__ import annotations

import re
from functools import cache
from string import ascii_letters, digits

#: The room before a token, comments included, and the token; at the end there is none. What can
#: be taken at once is: brackets, and a name with those of its parts.
_TOKEN = re.compile(
    r"""
    (?P<room>(?:\s+|/\*.*?\*/|//[^\n]*)*)
    (?:
      (?P<word>[\w$#\u0080-\U0010ffff]+(?:\.[\w$#\u0080-\U0010ffff]+)*)
    | (?P<brackets>[(){}\[\],;]+)
    | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    | (?P<template>`)
    | (?P<regex>/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*)
    | (?P<sign>\+\+|--|=>|\?\.|[^\w\s])
    | \Z
    )
    """,
    re.VERBOSE | re.DOTALL,
)
#: Words after which a slash begins a regular expression and not a division.
_BEFORE_REGEX = {"return", "typeof", "case", "of", "in", "void", "delete", "await", "yield"}
#: A line cannot end a statement after these, nor can the next begin one with those.
_GOES_ON = set("{([,;=+-*/%&|?:<>!~.") | {"=>", "?."}
_GOES_BEFORE = set(")]},;.?:=*%&|<>") | {"=>", "?."}

#: What names and numbers are made of, as far as Latin goes: two of them would become one.
_WORD = frozenset(ascii_letters + digits + "_$#") | frozenset(map(chr, range(0x80, 0x250)))
#: Two tokens that would be another one: "a + +b", "a - -b", a comment, "1 .toFixed()".
_APART = {"++", "--", "//", "/*"} | {f"{digit}." for digit in digits}

_STYLE_COMMENT = re.compile(r"/\*(?:(?!\*/).)*\*/", re.DOTALL)
#: Room in a style sheet that means nothing; what stands before a colon may mean “any element in”.
_STYLE_ROOM = re.compile(r"""("[^"]*")|\s*([{},;])\s*|(?<=:) +""")


@cache
def compact(script: str) -> str:
    """Leave out a script's comments and the room between its tokens.

    A template literal is one token, whatever stands in it.
    """
    out: list[str] = []
    last, at = "", 0
    while at < len(script):
        found = _TOKEN.match(script, at)
        assert found  # noqa: S101  (a sign is any character)
        room, kind = found["room"], found.lastgroup
        if kind == "room":
            break
        begins = found.end("room")
        text = script[begins : found.end()]
        if kind == "regex" and not _may_begin_regex(last):
            text = "/"
        elif kind == "template":
            text = script[begins : _template_end(script, begins)]
        at = begins + len(text)
        if room:
            first = text[0] if kind == "brackets" else text
            if "\n" in room and last and last not in _GOES_ON and first not in _GOES_BEFORE:
                out.append("\n")
            elif (last[-1:] in _WORD and text[0] in _WORD) or last[-1:] + text[0] in _APART:
                out.append(" ")
        out.append(text)
        last = text[-1] if kind == "brackets" else text
    return "".join(out) + "\n"


def compact_style(style: str) -> str:
    """Leave out a style sheet's comments and the room between its parts."""
    return _STYLE_ROOM.sub(
        lambda found: found[1] or found[2] or "", _STYLE_COMMENT.sub("", style)
    ).strip()


def _may_begin_regex(last: str) -> bool:
    return last in _BEFORE_REGEX or not (last[:1] in _WORD or last[:1] in tuple("\"'`)]}"))


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
