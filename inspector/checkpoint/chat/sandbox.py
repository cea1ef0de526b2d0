"""The program that a chat template runs in: a process of its own, which the system holds in limits.

A template is the only thing of a checkpoint that is ever interpreted. Jinja's sandbox keeps it from
Python's insides; nothing in Python keeps it from running for ever or from filling the memory, so
the kernel does. Before the template is looked at, this process gives up opening anything, and takes
a limit on its memory and on its processor time.

It is run by its path and imports nothing of this package: a JSON object comes on standard input and
one goes to standard output. The environment is the one that templates are written for,
transformers': its options, ``tojson``, ``raise_exception``, ``strftime_now``, ``generation``.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any

#: Bytes of address space, Python's own included.
MEMORY = 1 << 30
#: Seconds of processor time.
SECONDS = 3
#: Ends of messages are marked with letters that mean nothing to anybody: of Unicode's private use.
_PRIVATE = range(0xE000, 0xF900)
#: A template with a string in it, whose escapes Python has a codec for.
_EVERYTHING = "{{ 'text'|tojson }}{{ strftime_now('%Y') }}"

Messages = Sequence[Mapping[str, str]]


def main() -> None:
    """Render what standard input asks for."""
    asked = json.load(sys.stdin.buffer)
    # Where Jinja is: nothing else is found that Python does not come with.
    sys.path.extend(asked["path"])
    # What Jinja, Python and the clock would read once they need it: later no file can be opened.
    for late in ("jinja2.constants", "jinja2.debug", "pprint", "textwrap"):
        import_module(late)
    environment = _environment()
    environment.from_string(_EVERYTHING).render()
    _limit()
    try:
        said = _answer(environment, asked)
    except MemoryError:
        said = {"failed": "memory"}
    sys.stdout.write(json.dumps(said))


def _limit() -> None:
    # Not everywhere: where there is none, this process ends, and nothing was interpreted.
    import resource

    for kind, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_NOFILE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)  # noqa: PLW2901
        resource.setrlimit(kind, (most, most))


def _answer(environment: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rendered chat, or in a word why there is none."""
    from jinja2 import TemplateSyntaxError, UndefinedError
    from jinja2.exceptions import SecurityError

    #: The first that fits counts.
    kinds: tuple[tuple[type[Exception], str], ...] = (
        (_Refused, "refused"),
        (TemplateSyntaxError, "syntax"),
        (UndefinedError, "undefined"),
        (SecurityError, "forbidden"),
        (_TooLong, "long"),
        (OverflowError, "long"),
        (RecursionError, "long"),
        # Whatever a template can make Python raise.
        (Exception, "error"),
    )
    try:
        return _rendered(_Chat(environment, asked), asked["messages"])
    except MemoryError:
        raise
    except Exception as error:
        failed = next(name for kind, name in kinds if isinstance(error, kind))
        said = str(error) or type(error).__name__
        return {"failed": failed, "line": getattr(error, "lineno", None), "said": said}


class _Refused(Exception):  # noqa: N818 - the template's own word on the chat
    """The template refuses the chat, in its own words."""


class _TooLong(Exception):  # noqa: N818
    """More came out than is read."""


class _Chat:
    """A compiled template, and what it is given beside the messages."""

    def __init__(self, environment: Any, asked: Mapping[str, Any]) -> None:
        self.source: str = asked["template"]
        self._template = environment.from_string(self.source)
        self._given = {
            "tools": None,
            "documents": None,
            "add_generation_prompt": True,
            **asked["names"],
        }
        self._most: int = asked["most"]

    def render(self, messages: Messages) -> str:
        """Return what the template makes of messages."""
        parts, size = [], 0
        for part in self._template.generate(messages=list(messages), **self._given):
            size += len(part)
            if size > self._most:
                raise _TooLong
            parts.append(part)
        return "".join(parts)


def _rendered(chat: _Chat, messages: Messages) -> dict[str, Any]:
    """Return a chat as text, and where in it each message stands: role, first letter, last + 1.

    The same is rendered once more with every message between two letters that stand nowhere else.
    Where the two agree but for these, they say where a message came to stand, however often. A
    template may take white space off the ends of a message: then the letters stand inside of it.
    One that reads what is said, and so reads the letters too, is searched for the message.
    """
    text = chat.render(messages)
    unused = _unused(chat.source, messages)
    for trimmed in (False, True):
        try:
            marked = chat.render([_mark(one, *unused[one["role"]], trimmed) for one in messages])
        except MemoryError:
            raise
        except Exception:  # noqa: S112 - it reads what is said
            continue
        plain, spans = _unmark(marked, unused)
        if plain == text:
            return {"text": text, "spans": spans}
    return {"text": text, "spans": _searched(text, messages)}


def _unused(source: str, messages: Messages) -> dict[str, tuple[str, str]]:
    """Return for each role two letters that stand neither in the template nor in a message."""
    used = set(source).union(*(one["content"] for one in messages))
    letters = (letter for letter in map(chr, _PRIVATE) if letter not in used)
    return {one["role"]: (next(letters), next(letters)) for one in messages}


def _mark(message: Mapping[str, str], first: str, last: str, trimmed: bool) -> dict[str, str]:
    content = message["content"]
    start = len(content) - len(content.lstrip()) if trimmed else 0
    end = len(content.rstrip()) if trimmed else len(content)
    marked = content[:start] + first + content[start:end] + last + content[end:]
    return {**message, "content": marked}


def _unmark(
    marked: str, letters: Mapping[str, tuple[str, str]]
) -> tuple[str, list[tuple[str, int, int]]]:
    """Return a text without its marks, and what stood between them."""
    begins = {first: role for role, (first, _) in letters.items()}
    ends = {last: role for role, (_, last) in letters.items()}
    parts, spans = [], []
    since: dict[str, int] = {}
    at = 0
    for part in re.split(f"([{''.join([*begins, *ends])}])", marked):
        if part in begins:
            since[begins[part]] = at
        elif part in ends:
            role = ends[part]
            spans.append((role, since.pop(role, at), at))
        else:
            parts.append(part)
            at += len(part)
    return "".join(parts), spans


def _searched(text: str, messages: Messages) -> list[tuple[str, int, int]]:
    """Return where messages stand in a text as they are; what was said last stands last."""
    spans = []
    for one in messages:
        said = one["content"].strip()
        at = text.rfind(said) if one["role"] == "user" else text.find(said)
        if at >= 0:
            spans.append((one["role"], at, at + len(said)))
    return spans


def _environment() -> Any:
    """Return Jinja's strictest environment, with the few names that chat templates know."""
    from jinja2 import nodes
    from jinja2.exceptions import SecurityError
    from jinja2.ext import Extension
    from jinja2.sandbox import ImmutableSandboxedEnvironment
    from jinja2.utils import Namespace

    class Generation(Extension):
        """``{% generation %}`` … marks what the model said, for those who train it: here, text."""

        tags = {"generation"}  # noqa: RUF012 - as Jinja declares it

        def parse(self, parser: Any) -> nodes.Node:
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            return nodes.Scope(body, lineno=line)

    class Names(Namespace):
        """A namespace that keeps no name of Python's insides."""

        def __setitem__(self, name: str, value: Any) -> None:
            if name.startswith("_"):
                raise SecurityError(f"{name!r} is no name for a template")
            super().__setitem__(name, value)

    def refuse(said: object) -> None:
        raise _Refused(str(said))

    def as_json(
        value: Any,
        ensure_ascii: bool = False,
        indent: int | None = None,
        separators: tuple[str, str] | None = None,
        sort_keys: bool = False,
    ) -> str:
        return json.dumps(
            value,
            ensure_ascii=ensure_ascii,
            indent=indent,
            separators=separators,
            sort_keys=sort_keys,
        )

    # One moment for all that is rendered here.
    now = datetime.now()
    made = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, "jinja2.ext.loopcontrols"]
    )
    made.filters["tojson"] = as_json
    made.globals |= {
        "raise_exception": refuse,
        "strftime_now": now.strftime,
        "namespace": Names,
    }
    return made


if __name__ == "__main__":
    main()
