"""The house rules of the pages' JavaScript, read off the files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ASSETS = ROOT / "inspector" / "report" / "html" / "assets"
MODULES = sorted(ASSETS.rglob("*.js"))
IMPORT = re.compile(r'^(?:import|\} from|.*\bfrom) .*"(\.[^"]+)";$', re.MULTILINE)


def imported(module: Path) -> list[Path]:
    text = re.sub(r"/\*.*?\*/", "", module.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [(module.parent / path).resolve() for path in re.findall(r'\bfrom "([^"]+)";', text)]


def room(module: Path) -> str:
    return module.relative_to(ASSETS).parts[0]


def test_every_import_is_a_file() -> None:
    found = [other for module in MODULES for other in imported(module)]
    assert len(found) > 150
    assert [str(other) for other in found if not other.is_file()] == []


def is_view(module: Path) -> bool:
    return "views" in module.parts


def test_no_view_imports_a_view() -> None:
    views = [module for module in MODULES if is_view(module)]
    assert len(views) > 20
    for view in views:
        assert [other for other in imported(view) if is_view(other)] == []


def test_only_the_list_of_sections_knows_the_views() -> None:
    knowing = {
        module.relative_to(ASSETS).as_posix()
        for module in MODULES
        if any(map(is_view, imported(module)))
    }
    pages = ("report", "atlas", "classroom", "compare", "long")
    assert knowing == {f"{page}/sections.js" for page in pages}


def test_rooms_know_only_what_lies_below_them() -> None:
    below = {
        "attention": {"attention", "shared"},
        "shared": {"shared", "attention"},
        "report": {"report", "attention", "shared"},
        "atlas": {"atlas", "attention", "shared"},
        "classroom": {"classroom", "shared"},
        # Two reports' data, drawn with the report's charts.
        "compare": {"compare", "report", "attention", "shared"},
        "long": {"long", "report", "attention", "shared"},
        "live": {"live", "long", "report", "attention", "shared"},
    }
    for module in MODULES:
        assert {room(other) for other in imported(module)} <= below[room(module)], module


def test_the_arithmetic_knows_no_page() -> None:
    for module in (ASSETS / "attention").glob("*.js"):
        text = re.sub(r"/\*.*?\*/|//[^\n]*", "", module.read_text("utf-8"), flags=re.DOTALL)
        assert not re.search(r"\b(document|HTMLElement|querySelector|localStorage)\b", text), module
        # "window" is also what the part of a matrix is called that is looked at.
        assert not re.search(r"\bwindow\.(?!js)", text), module


def test_no_folder_has_more_than_twenty_files_side_by_side() -> None:
    for folder in [ASSETS, *(path for path in ASSETS.rglob("*") if path.is_dir())]:
        assert sum(path.is_file() for path in folder.iterdir()) <= 20, folder


def test_every_view_is_mounted_by_its_page() -> None:
    for page in ("report", "atlas", "classroom", "compare", "long"):
        mounted = {path.resolve() for path in imported(ASSETS / page / "sections.js")}
        assert mounted == {path.resolve() for path in (ASSETS / page / "views").rglob("*.js")}


def test_the_pure_modules_by_themselves() -> None:
    """``node --test``, where node is."""
    node = shutil.which("node")
    if node is None:
        if os.environ.get("INSPECTOR_REQUIRE_BROWSER") == "1":
            pytest.fail("INSPECTOR_REQUIRE_BROWSER=1, and there is no node")
        pytest.skip("no node")
    tests = sorted(map(str, (ROOT / "tests" / "js").glob("*.test.js")))
    done = subprocess.run(
        [node, "--test", *tests], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert len(tests) >= 3
    assert (
        int(re.search(r"^# pass (\d+)$|ℹ pass (\d+)$", done.stdout, re.MULTILINE)[0].split()[-1])
        > 20
    )
