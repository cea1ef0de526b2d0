"""A reader for ``payload.d.ts``, written for the few forms of TypeScript that it uses.

It knows interfaces and type aliases of names, literals, unions, arrays, tuples, ``Record`` and
``Partial``; whatever else it meets is an error.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_TOKEN = re.compile(r'"[^"]*"|\d+|[A-Za-z_]\w*|[{}\[\]<>|,;:?]')


class Types:
    """The declarations of a file, and what is wrong with a value beside one of them."""

    def __init__(self, path: Path) -> None:
        text = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        self.known: dict[str, Any] = {}
        for name, body in re.findall(r"export interface (\w+) \{(.*?)\n\}", text, re.DOTALL):
            fields = {}
            for field, optional, kind in re.findall(
                r"^\s*(\w+)(\??): ([^;]+);", body, re.MULTILINE
            ):
                fields[field] = (bool(optional), self._parse(kind))
            assert body.count(";") == len(fields), name
            self.known[name] = ("interface", fields)
        for name, kind in re.findall(r"export type (\w+) =([^;]+);", text):
            self.known[name] = self._parse(kind)
        declared = re.findall(r"\bexport\b", text)
        assert len(declared) == len(self.known)

    def _parse(self, text: str) -> Any:
        tokens = _TOKEN.findall(text)
        assert "".join(tokens) == re.sub(r"\s|\(|\)", "", text), text
        # A union in brackets is an array's element here and nowhere else.
        if grouped := re.fullmatch(r"\s*\((.*)\)\[\]\s*", text):
            return ("array", self._parse(grouped[1]))
        kind, rest = self._union(tokens)
        assert not rest, text
        return kind

    def _union(self, tokens: list[str]) -> tuple[Any, list[str]]:
        if tokens[0] == "|":
            tokens = tokens[1:]
        one, tokens = self._one(tokens)
        kinds = [one]
        while tokens and tokens[0] == "|":
            one, tokens = self._one(tokens[1:])
            kinds.append(one)
        return (kinds[0] if len(kinds) == 1 else ("union", kinds)), tokens

    def _one(self, tokens: list[str]) -> tuple[Any, list[str]]:
        first, *rest = tokens
        kind: Any
        if first == "[":
            items = []
            while rest[0] != "]":
                item, rest = self._union(rest)
                items.append(item)
                if rest[0] == ",":
                    rest = rest[1:]
            kind, rest = ("tuple", items), rest[1:]
        elif rest and rest[0] == "<":
            arguments, rest = [], rest[1:]
            while True:
                argument, rest = self._union(rest)
                arguments.append(argument)
                closed, rest = rest[0] == ">", rest[1:]
                if closed:
                    break
            kind = (first, arguments)
        else:
            kind = first
        while rest[:2] == ["[", "]"]:
            kind, rest = ("array", kind), rest[2:]
        return kind, rest

    def faults(self, value: Any, kind: Any, where: str = "") -> list[str]:  # noqa: PLR0911
        """Say what does not fit, each with the way to it; nothing where all of it does."""
        wrong = [f"{where}: {str(value)[:60]} is no {kind}"]
        if isinstance(kind, str):
            return self._named(value, kind, where, wrong)
        form, of = kind
        if form == "interface":
            if not isinstance(value, dict):
                return wrong
            missing = {name for name, (optional, _) in of.items() if not optional} - set(value)
            found = [f"{where}.{name} is missing" for name in sorted(missing)]
            found += [f"{where}.{name} is not declared" for name in sorted(set(value) - set(of))]
            for name in set(of) & set(value):
                found += self.faults(value[name], of[name][1], f"{where}.{name}")
            return found
        if form == "union":
            return wrong if all(self.faults(value, each) for each in of) else []
        if form in {"array", "tuple"}:
            if not isinstance(value, list) or (form == "tuple" and len(value) != len(of)):
                return wrong
            kinds = of if form == "tuple" else [of] * len(value)
            return [
                fault
                for i, (item, each) in enumerate(zip(value, kinds, strict=True))
                for fault in self.faults(item, each, f"{where}[{i}]")
            ]
        if form == "Partial":
            return self.faults(value, of[0], where)
        assert form == "Record", form
        if not isinstance(value, dict):
            return wrong
        return [
            fault
            for key, item in value.items()
            for fault in self.faults(key, of[0], where) + self.faults(item, of[1], f"{where}.{key}")
        ]

    def _named(self, value: Any, kind: str, where: str, wrong: list[str]) -> list[str]:
        if kind in self.known:
            return self.faults(value, self.known[kind], where)
        if kind.startswith('"'):
            return [] if value == kind[1:-1] else wrong
        if kind.isdigit():
            return [] if value == int(kind) and not isinstance(value, bool) else wrong
        fits = {
            "string": isinstance(value, str),
            "number": isinstance(value, int | float) and not isinstance(value, bool),
            "boolean": isinstance(value, bool),
            "null": value is None,
        }
        return [] if fits[kind] else wrong
