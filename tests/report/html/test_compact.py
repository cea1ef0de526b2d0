"""What is left out of a script, with a JavaScript engine's own reading as the oracle elsewhere."""

from __future__ import annotations

import pytest

from inspector.report.html.compact import compact, compact_style


def test_what_only_a_reader_needs_is_left_out() -> None:
    script = """
/** What it does. */
export function f(x) {
  // Why.
  const y = /** @type {HTMLElement} */ (x); // goes as well
  return `a // b`;
}
"""
    assert compact(script) == "export function f(x){const y=(x);return `a // b`;}\n".replace(
        "return `", "return`"
    )


@pytest.mark.parametrize(
    ("script", "short"),
    [
        ("const a = \"x // y\", b = '/* z */';", "const a=\"x // y\",b='/* z */';"),
        ("const r = /[/\\]]  \\/ x/gu.test(s);", "const r=/[/\\]]  \\/ x/gu.test(s);"),
        ("return /a  b/;", "return/a  b/;"),
        ("const q = a / b / c;", "const q=a/b/c;"),
        ("x = (a) / 2 + `${ `  ${ b } ` }  `;", "x=(a)/2+`${ `  ${ b } ` }  `;"),
        ("a + +b - -c", "a+ +b- -c"),
        ("a ++ + b", "a++ +b"),
        ("if (a) return\nb", "if(a)return\nb"),
        ("let a = 1\nlet b = 2", "let a=1\nlet b=2"),
        ("f(a,\n  b)\n  .c()\n", "f(a,b).c()"),
        ("a\n++b", "a\n++b"),
        ("case 1 : return typeof  x", "case 1:return typeof x"),
        ("a ? .5 : 1 .toFixed()", "a?.5:1 .toFixed()"),
        (
            "class A { #b = 1; get  c() { return this.#b } }",
            "class A{#b=1;get c(){return this.#b}}",
        ),
    ],
)
def test_nothing_but_room_is_left_out(script: str, short: str) -> None:
    assert compact(script) == short + "\n"


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
