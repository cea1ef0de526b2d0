"""The page's ES modules put together as one script.

A page that opens from disk can carry only one file, and modules in one file need either an import
map of data: URLs, which names each module twice and which only some browsers start, or what is
done here: each module becomes a function that returns what it exports, in the order in which they
need each other. The modules stay plain ES modules that import each other by relative path; only
the few forms that they use are known, and any other is refused rather than guessed. A worker is
one more entry.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from graphlib import TopologicalSorter

from inspector.report.html.compact import compact

#: ``import { a } from "../shared/colour.js"``.
_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.{1,2}/[\w/.]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.MULTILINE)
_LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def link(modules: Mapping[str, str], *entries: str) -> tuple[str, ...]:
    """Return for each entry one script that runs it and, before it, every module that it needs.

    ``modules`` maps paths, ``attention/maths.js``, to sources. What an earlier entry needs stands
    first in the later ones, so that deflate finds it again when they are packed together.

    Raises
    ------
    ValueError
        When a module imports or exports in another form than named ones or a name that the other
        does not export, or modules form a circle (``graphlib.CycleError``).
    KeyError
        When a module imports one that is not there.
    """
    scripts: list[str] = []
    known: list[str] = []
    for entry in entries:
        order = list(TopologicalSorter(_needs(modules, entry)).static_order())
        order = [name for name in known if name in order] + [n for n in order if n not in known]
        known += [name for name in order if name not in known]
        # Each by itself: the worker needs some of the page's own, and they are made only once.
        scripts.append("".join(compact(_wrapped(name, modules[name])) for name in order))
    return tuple(scripts)


def _needs(modules: Mapping[str, str], entry: str) -> dict[str, list[str]]:
    """Return for the entry, and for all that it needs, the modules that each imports."""
    needs: dict[str, list[str]] = {}
    ahead = [entry]
    while ahead:
        name = ahead.pop()
        if name not in needs:
            taken = {
                _resolve(name, path): _names(names)
                for names, path in _IMPORT.findall(modules[name])
            }
            needs[name] = list(taken)
            for other, names in taken.items():
                # The second of "export const A = 1, B = 2" among them.
                if missing := names - set(_EXPORT.findall(modules[other])):
                    raise ValueError(f"{other} does not export {', '.join(sorted(missing))}")
            ahead += needs[name]
    return needs


def _resolve(name: str, path: str) -> str:
    """Return the module that ``name`` means by a relative path."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))


def _variable(name: str) -> str:
    """Return what a module's exports are called in the script: ``$attention_maths``."""
    return "$" + name.removesuffix(".js").replace("/", "_")


def _names(listed: str) -> set[str]:
    """Return what ``a, b as c`` asks the other module for: ``{"a", "b"}``."""
    return {name.split()[0] for name in listed.split(",") if name.strip()}


def _wrapped(name: str, source: str) -> str:
    """Write one module as a function that is called once and returns its exports."""

    def taken(found: re.Match[str]) -> str:
        names = " ".join(found[1].split()).replace(" as ", ": ")
        return f"const {{ {names} }} = {_variable(_resolve(name, found[2]))};\n"

    exported = _EXPORT.findall(source)
    body = _EXPORT.sub("", _IMPORT.sub(taken, source))
    if unknown := _LEFT.search(body):
        raise ValueError(f"{name}: this form is not known: {unknown[0]}")
    exports = f"return {{ {', '.join(exported)} }};\n" if exported else ""
    return f"const {_variable(name)} = (() => {{\n{body}{exports}}})();\n"
