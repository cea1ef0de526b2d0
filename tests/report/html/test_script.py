"""Modules put together as one script, run in a real JavaScript engine by the browser tests."""

from __future__ import annotations

from graphlib import CycleError
from importlib import resources

import pytest

from inspector.report.html.script import compact, compact_style, link

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
        "const $a = (() => {\nconst one = 1;\nfunction two() {\nreturn 2;\n}\n"
        "return { one, two };\n})();\n"
        "const $b = (() => {\nconst { one, two: zwei } = $a;\n"
        "class Sum { value = one + zwei(); }\nreturn { Sum };\n})();\n"
    )


def test_an_import_may_take_several_lines() -> None:
    several = 'import {\n  one,\n  two,\n} from "inspector/a";\none;\n'
    assert "const { one, two, } = $a;\none;" in link({"a": A, "b": several}, "b")


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
    circle = {
        "a": 'import { b } from "inspector/b";\nexport const a = 1;\n',
        "b": 'import { a } from "inspector/a";\nexport const b = 1;\n',
    }
    with pytest.raises(CycleError):
        link(circle, "a")


def test_a_module_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        link({"a": 'import { x } from "inspector/nowhere";\n'}, "a")


@pytest.mark.parametrize("line", ["export const one = 1, x = 2;", "const x = 1;"])
def test_a_name_that_is_not_exported_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"a\.js does not export x"):
        link({"a": line + "\n", "b": 'import { x as y } from "inspector/a";\n'}, "b")


def test_what_only_a_reader_needs_is_left_out() -> None:
    script = """
/** What it does. */
export function f(x) {
  // Why.
  const y = /** @type {HTMLElement} */ (x); // stays
  return `a // b`;
}
"""
    assert compact(script) == (
        "export function f(x) {\nconst y = (x); // stays\nreturn `a // b`;\n}\n"
    )


def test_a_style_means_the_same_without_its_room() -> None:
    style = """
/* Why; and more. */
.a :hover, .b > i { margin: 0 1px; font: 1em/1.5 "A, B", serif }
@media (width < 9em) { .c { top: calc(1px + 2px); } }
"""
    assert compact_style(style) == (
        '.a :hover,.b > i{margin:0 1px;font:1em/1.5 "A, B",serif}'
        "@media (width < 9em){.c{top:calc(1px + 2px);}}"
    )


def test_scripts_that_stand_in_the_page_cannot_end_their_element() -> None:
    folder = resources.files("inspector.report.html") / "assets"
    for name in ("guard", "theme", "start"):
        text = (folder / f"{name}.js").read_text(encoding="utf-8").lower()
        assert "</script" not in text and "<!--" not in text
