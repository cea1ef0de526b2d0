"""The page's ES modules put together as one script.

A page that opens from disk can carry only one file, and modules in one file need either an import
map of data: URLs, which names each module twice and which only some browsers start, or what is
done here: each module becomes a function that returns what it exports, in the order in which they
need each other. The modules stay plain ES modules; only the few forms that they use are known,
and any other is refused rather than guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from graphlib import TopologicalSorter

#: What modules call each other by: ``import { a } from "inspector/colour"``.
PREFIX = "inspector/"

_IMPORT = re.compile(rf'^import \{{([^}}]*)\}} from "{PREFIX}(\w+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.MULTILINE)
_LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
_DOC_COMMENT = re.compile(r"^\s*/\*\*(?:(?!\*/).)*\*/\n", re.DOTALL | re.MULTILINE)
_CAST = re.compile(r"/\*\* @type (?:(?!\*/).)*\*/ ?")
_STYLE_COMMENT = re.compile(r"/\*(?:(?!\*/).)*\*/", re.DOTALL)
#: Room in a style sheet that means nothing; what stands before a colon may mean “any element in”.
_STYLE_ROOM = re.compile(r"""("[^"]*")|\s*([{},;])\s*|(?<=:) +""")


def link(modules: Mapping[str, str], entry: str) -> str:
    """Return one script that runs ``entry`` and, before it, every module that it needs.

    Raises
    ------
    ValueError
        When a module imports or exports in another form than named ones or a name that the other
        does not export, or modules form a circle (``graphlib.CycleError``).
    KeyError
        When a module imports one that is not there.
    """
    needs: dict[str, list[str]] = {}
    ahead = [entry]
    while ahead:
        name = ahead.pop()
        if name not in needs:
            taken = {other: _names(names) for names, other in _IMPORT.findall(modules[name])}
            needs[name] = list(taken)
            for other, names in taken.items():
                # The second of "export const A = 1, B = 2" among them.
                if missing := names - set(_EXPORT.findall(modules[other])):
                    raise ValueError(f"{other}.js does not export {', '.join(sorted(missing))}")
            ahead += needs[name]
    order = TopologicalSorter(needs).static_order()
    return "".join(_wrapped(name, compact(modules[name])) for name in order)


def compact(script: str) -> str:
    """Leave out indentation, types, and the comments that have lines of their own."""
    bare = _CAST.sub("", _DOC_COMMENT.sub("", script))
    lines = (line.strip() for line in bare.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"


def compact_style(style: str) -> str:
    """Leave out a style sheet's comments and the room between its parts."""
    return _STYLE_ROOM.sub(
        lambda found: found[1] or found[2] or "", _STYLE_COMMENT.sub("", style)
    ).strip()


def _names(listed: str) -> set[str]:
    """Return what ``a, b as c`` asks the other module for: ``{"a", "b"}``."""
    return {name.split()[0] for name in listed.split(",") if name.strip()}


def _wrapped(name: str, source: str) -> str:
    """Write one module as a function that is called once and returns its exports."""
    exported = _EXPORT.findall(source)
    body = _EXPORT.sub("", _IMPORT.sub(_taken, source))
    if unknown := _LEFT.search(body):
        raise ValueError(f"{name}.js: this form is not known: {unknown[0]}")
    return f"const ${name} = (() => {{\n{body}return {{ {', '.join(exported)} }};\n}})();\n"


def _taken(found: re.Match[str]) -> str:
    """Write an import as taking names out of what the other module returned."""
    names = " ".join(found[1].split()).replace(" as ", ": ")
    return f"const {{ {names} }} = ${found[2]};\n"
