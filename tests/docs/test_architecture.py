"""CONTRIBUTING's picture of the imports is what the code does: no arrow up, no circle."""

from __future__ import annotations

import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

import grimp
import pytest
from markdown import ROOT, blocks

#: A folder with more files than this is a drawer, not a package.
MANY = 20


def layers() -> list[list[str]]:
    """The layers that import-linter holds the code to, from top to bottom."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (
        one for one in settings["tool"]["importlinter"]["contracts"] if one["type"] == "layers"
    )
    return [layer.split(" | ") for layer in contract["layers"]]


@cache
def modules() -> dict[str, set[str]]:
    """What every module imports, late imports too, and not what only the type checker sees."""
    graph = grimp.build_graph("inspector", exclude_type_checking_imports=True, cache_dir=None)
    return {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}


def packages() -> dict[str, set[str]]:
    """The same between the packages of ``inspector``."""
    found: dict[str, set[str]] = {name: set() for layer in layers() for name in layer}
    for importer, imported in modules().items():
        for name in imported:
            here, there = importer.split(".")[1:2], name.split(".")[1:2]
            if here and there and here != there:
                found[here[0]].add(there[0])
    return found


def picture() -> str:
    """What CONTRIBUTING has to show."""
    found = packages()
    order = [name for layer in layers() for name in layer]
    width = max(map(len, order))
    return "\n\n".join(
        "\n".join(
            f"{name:{width}} → {', '.join(sorted(found[name], key=order.index)) or 'nothing'}"
            for name in layer
        )
        for layer in layers()
    )


def test_the_picture_of_the_imports_is_the_code() -> None:
    (drawn,) = (block.body for block in blocks(ROOT / "CONTRIBUTING.md") if "→" in block.body)
    assert drawn.strip() == picture()


def test_no_arrow_goes_up() -> None:
    depth = {name: row for row, layer in enumerate(layers()) for name in layer}
    for importer, imported in packages().items():
        for name in imported:
            assert depth[importer] < depth[name], f"{importer} imports {name}"


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circle(modules()) is None


def test_a_circle_would_be_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) is None


def circle(imports: dict[str, set[str]]) -> list[str] | None:
    """Return modules that import each other in a circle, the first one at both ends."""
    clear: set[str] = set()

    def follow(name: str, path: list[str]) -> list[str] | None:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in clear:
            return None
        for other in sorted(imports.get(name, ())):
            if (found := follow(other, [*path, name])) is not None:
                return found
        clear.add(name)
        return None

    return next(filter(None, (follow(name, []) for name in sorted(imports))), None)


@pytest.mark.parametrize("folder", ["inspector", "tests", "benchmarks", "docs"])
def test_no_folder_is_a_drawer(folder: str) -> None:
    files = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    counts = Counter(path.parent for path in files if "__pycache__" not in path.parts)
    assert {str(of.relative_to(ROOT)): n for of, n in counts.items() if n > MANY} == {}


def test_every_package_is_described() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for name in packages():
        if name != "__main__":
            kind = "/" if Path(ROOT / "inspector" / name).is_dir() else ".py"
            assert f"`{name}{kind}`" in text, name
