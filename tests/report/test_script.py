"""Modules put together as one script, run in a real JavaScript engine by the browser tests."""

from __future__ import annotations

from graphlib import CycleError
from importlib import resources

import pytest

from inspector.report.script import link, minify

A = """/** What a is. */
export const one = 1;
// a remark
export function two() {
  return 2;
}
"""
B = 'import { one, two as zwei } from "inspector/a";\nexport class Sum { value = one + zwei(); }\n'


def test_what_a_module_needs_stands_before_it() -> None:
    whole = link({"b": B, "a": A, "unused": "export const x = 0;\n"}, "b")
    assert whole == (
        "const $a=(()=>{const one=1;function two(){return 2;}\nreturn{one,two};})();"
        "const $b=(()=>{const{one,two:zwei}=$a;class Sum{value=one+zwei();}\nreturn{Sum};})();"
    )


def test_an_import_may_take_several_lines() -> None:
    several = 'import {\n  one,\n  two,\n} from "inspector/a";\none;\n'
    assert "const{one,two,}=$a;one;" in link({"a": A, "b": several}, "b")


@pytest.mark.parametrize(
    "line",
    [
        'import a from "inspector/a";',
        'import * as a from "inspector/a";',
        'import "inspector/a";',
        'import { x } from "https://elsewhere";',
        "export default 1;",
        "export { one };",
        "export let x = 1;",
    ],
)
def test_a_form_that_is_not_known_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"b\.js: this form is not known: (import|export)"):
        link({"a": A, "b": line + "\n"}, "b")


def test_modules_in_a_circle_are_refused() -> None:
    circle = {"a": 'import { b } from "inspector/b";\n', "b": 'import { a } from "inspector/a";\n'}
    with pytest.raises(CycleError):
        link(circle, "a")


def test_a_module_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        link({"a": 'import { x } from "inspector/nowhere";\n'}, "a")


def test_the_reports_script_cannot_end_its_element() -> None:
    folder = resources.files("inspector.report") / "assets"
    for item in folder.iterdir():
        if item.name.endswith(".js"):
            text = minify(item.read_text(encoding="utf-8")).lower()
            assert "</script" not in text and "<!--" not in text
