"""The benchmarks measure other things than time correctly; what they measure is not asserted."""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

# They live beside the package and are not installed with it.
sys.path.append(str(Path(__file__).parents[1]))

from benchmarks.__main__ import SECTIONS, main
from benchmarks.measuring import Figure, in_turn, number, table
from benchmarks.texts import bundled_tokenizer, text_of


def test_a_table_is_markdown_with_a_line_a_row():
    assert table(["what", "ms"], [["ours", "1"], ["theirs", "2"]]).splitlines() == [
        "| what | ms |",
        "| --- | ---: |",
        "| ours | 1 |",
        "| theirs | 2 |",
    ]


def test_a_row_that_does_not_fit_its_header_is_refused():
    with pytest.raises(ValueError, match="2 cells"):
        table(["what"], [["ours", "1"]])


@pytest.mark.parametrize(
    ("value", "written"), [(0.0123, "0.0123"), (0.5, "0.50"), (12.34, "12.3"), (234.5, "234")]
)
def test_a_number_has_about_three_digits(value, written):
    assert number(value) == written


def test_a_figure_is_a_median_with_its_spread_and_ratios_go_turn_by_turn():
    ours, theirs = Figure((1.0, 4.0, 2.0)), Figure((2.0, 4.0, 8.0))
    assert str(ours) == "2.00 (1.00–4.00)"
    assert ours.over(theirs).values == (0.5, 1.0, 0.25)


def test_the_sides_run_in_turn_and_the_warm_up_does_not_count():
    order = []

    def side(name):
        order.append(name)
        return float(len(order))

    measured = in_turn({"a": lambda: side("a"), "b": lambda: side("b")}, rounds=2)
    assert order == ["a", "b"] * 3
    assert measured["a"].values == (3.0, 5.0)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_exists(section):
    assert find_spec(f"benchmarks.{section}") is not None


def test_an_unknown_section_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["speed"])
    assert "no section speed" in capsys.readouterr().err


@pytest.mark.parametrize("tokens", [16, 64, 128, 256, 512])
def test_the_passage_can_be_cut_at_every_size_that_is_measured(bundled, tokens):
    text = text_of(tokens, bundled_tokenizer())
    assert len(bundled.tokenizer(text)["input_ids"]) == tokens
