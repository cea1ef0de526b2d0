"""Texts of several lines and of odd characters: as they were written, token by token."""

from dataclasses import replace

import pytest
import synthetic

from inspector.records import Text, Token

CODE = "if x:\n    y = 1\n\n\tz = 🤷"
#: What a byte-level tokenizer makes of it: a space belongs to the word behind it, a line's end to
#: the white space behind it, and the last character is parted.
SPANS = [(0, 2), (2, 4), (4, 5), (5, 9), (9, 11), (11, 13), (13, 15), (15, 17), (17, 18),
         (18, 19), (19, 21), (21, 23), (22, 23)]  # fmt: skip
PIECES = ["if", "Ġx", ":", "ĊĠĠĠ", "Ġy", "Ġ=", "Ġ1", "ĊĊ", "ĉ", "z", "Ġ=", "ĠðŁ¤", "·"]
BLANK = (3, 7, 8)


def of_lines(generated=0):
    whole = synthetic.inspected(" ".join(["w"] * (len(SPANS) - 2)), causal=True)
    tokens = tuple(
        Token(i, piece, None if i in BLANK else min(i, 11), False, 0, span)
        for i, (piece, span) in enumerate(zip(PIECES, SPANS, strict=True))
    )
    whole = replace(whole, trace=replace(whole.trace, text=Text.of(tokens, CODE)))
    return synthetic.writing(whole, generated) if generated else whole


def left(page, selector):
    return page.locator(selector).bounding_box()["x"]


def lines(page, box):
    """The words that stand on each line, by where they are drawn."""
    found = page.locator(f"{box} .token").evaluate_all(
        "all => all.map(t => [Math.round(t.getBoundingClientRect().top),"
        " t.querySelector('.token-text').textContent])"
    )
    tops = sorted({top for top, _ in found})
    return [[text for at, text in found if at == top] for top in tops]


@pytest.mark.parametrize("subwords", [True, False])
def test_lines_end_where_they_end_and_begin_where_they_begin(open_report, subwords):
    page = open_report(of_lines(), width=1280).page
    if subwords:
        page.locator("#sentence-subwords [data-value=true]").click()
    last = ["🤷 1/2", "🤷 2/2"] if subwords else ["🤷"]
    assert lines(page, "#sentence") == [
        ["if", "x", ":", "↵"],
        ["y", "=", "1", "↵↵"],
        ["‹U+0009›", "z", "=", *last],
    ]
    # An empty line has no words, and is there.
    assert page.locator("#sentence br").count() == 3
    indents = page.locator("#sentence .indent").all_text_contents()
    assert indents == ["    "]
    x = page.locator("#sentence .token").evaluate_all(
        "all => all.map(t => t.getBoundingClientRect().left)"
    )
    assert x[4] > x[0] + 20


def test_what_was_written_goes_on_in_its_lines(open_report):
    page = open_report(of_lines(generated=7)).page
    box = "#written-text"
    assert page.locator(f"{box} p").inner_text().startswith("if x:\n    y =")
    assert lines(page, box)[0] == ["1", "↵↵"]
    assert len(lines(page, box)) == 2
    # In the sentence the same tokens are marked, and say how they came about.
    marked = page.locator("#sentence .by-model")
    assert marked.first.locator(".token-text").inner_text() == "1"
    assert "written by the model with 50 %; “mat” came second with 20 %" in (
        marked.first.get_attribute("title")
    )
    assert page.locator("#sentence .token:not(.by-model)").count() == 6


def test_only_the_end_of_a_long_text_is_said_again(open_report):
    text = " ".join(f"word{i}" for i in range(200))
    page = open_report(synthetic.predicting(synthetic.inspected(text, causal=True))).page
    said = page.locator("#answer-text").inner_text()
    assert said.startswith("… word1")
    assert said.endswith("word199 mat50 %")
    assert len(said) < 420
