"""Modules put together as one script, run in a real JavaScript engine by the browser tests."""

from __future__ import annotations

from graphlib import CycleError
from importlib import resources

import pytest

from inspector.report.html.script import link

A = """/** What a is. */
export const one = 1;
// a remark
export function two() {
  return 2;
}
"""
B = 'import { one, two as zwei } from "./a.js";\nexport class Sum { value = one + zwei(); }\n'


def test_what_a_module_needs_stands_before_it() -> None:
    (whole,) = link({"b.js": B, "a.js": A, "unused.js": "export const x = 0;\n"}, "b.js")
    assert whole == (
        "const $a=(()=>{const one=1;function two(){return 2;}\nreturn{one,two};})();\n"
        "const $b=(()=>{const{one,two:zwei}=$a;class Sum{value=one+zwei();}\nreturn{Sum};})();\n"
    )


def test_an_import_may_take_several_lines() -> None:
    several = 'import {\n  one,\n  two,\n} from "./a.js";\none;\n'
    assert "const{one,two,}=$a;one;" in link({"a.js": A, "b.js": several}, "b.js")[0]


@pytest.mark.parametrize(
    "line",
    [
        'import a from "./a.js";',
        'import * as a from "./a.js";',
        'import "./a.js";',
        'import { x } from "https://elsewhere";',
        'import { x } from "elsewhere";',
        "export default 1;",
        "export { one };",
        "export let x = 1;",
    ],
)
def test_a_form_that_is_not_known_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"b\.js: this form is not known: (import|export)"):
        link({"a.js": A, "b.js": line + "\n"}, "b.js")


def test_modules_are_found_from_where_they_are_imported() -> None:
    modules = {
        "shared/one.js": "export const one = 1;\n",
        "near/one.js": "export const one = 2;\n",
        "near/both.js": (
            'import { one as far } from "../shared/one.js";\nimport { one } from "./one.js";\n'
            "export const both = [far, one];\n"
        ),
        "main.js": 'import { both } from "./near/both.js";\nboth;\n',
    }
    (whole,) = link(modules, "main.js")
    assert "const{one:far}=$shared_one;const{one}=$near_one;" in whole
    assert whole.endswith("const $main=(()=>{const{both}=$near_both;both;})();\n")


def test_what_an_earlier_entry_needs_stands_first_in_a_later_one() -> None:
    modules = {
        "early.js": "export const early = 1;\n",
        "late.js": "export const late = 2;\n",
        "worker.js": 'import { late } from "./late.js";\nlate;\n',
        "main.js": (
            'import { early } from "./early.js";\nimport { late } from "./late.js";\n'
            "early + late;\n"
        ),
    }
    worker, main = link(modules, "worker.js", "main.js")
    assert worker.index("$late") < worker.index("$worker") and "early" not in worker
    assert main.index("$late") < main.index("$early") < main.index("$main")
    assert "$worker" not in main
    assert link(modules, "main.js")[0].index("$early") < main.index("$main")


def test_modules_in_a_circle_are_refused() -> None:
    circle = {
        "a.js": 'import { b } from "./b.js";\nexport const a = 1;\n',
        "b.js": 'import { a } from "./a.js";\nexport const b = 1;\n',
    }
    with pytest.raises(CycleError):
        link(circle, "a.js")


def test_a_module_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        link({"a.js": 'import { x } from "./nowhere.js";\n'}, "a.js")


@pytest.mark.parametrize("line", ["export const one = 1, x = 2;", "const x = 1;"])
def test_a_name_that_is_not_exported_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"a\.js does not export x"):
        link({"a.js": line + "\n", "b.js": 'import { x as y } from "./a.js";\n'}, "b.js")


def test_scripts_that_stand_in_the_page_cannot_end_their_element() -> None:
    folder = resources.files("inspector.report.html") / "assets"
    for name in ("guard", "theme", "start"):
        text = (folder / "shared" / f"{name}.js").read_text(encoding="utf-8").lower()
        assert "</script" not in text and "<!--" not in text
