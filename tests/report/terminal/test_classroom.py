"""The classroom in a terminal: what it says is checked against numbers worked out by hand."""

from __future__ import annotations

import io
import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from inspector.analogy.classroom import Classroom, article_class, study
from inspector.report.terminal.classroom import print_classroom
from inspector.report.terminal.tables import fitting, print_matrix, short_name, written

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def printed(
    classroom: Classroom, *, width: int = 80, own_table: bool = False, colour: bool = False
) -> str:
    file = io.StringIO()
    console = Console(
        file=file,
        width=width,
        force_terminal=colour,
        color_system="truecolor" if colour else None,
        no_color=False,
        _environ={},
    )
    print_classroom(console, classroom, own_table=own_table)
    return file.getvalue()


def section(text: str, title: str) -> list[str]:
    """The lines under the heading that begins with ``title``."""
    lines = text.split("\n")
    start = next(i for i, line in enumerate(lines) if line.startswith(title)) + 1
    end = next((i for i in range(start, len(lines)) if not lines[i]), len(lines))
    return [line.rstrip() for line in lines[start:end]]


def large() -> Classroom:
    table = np.random.default_rng(0).integers(0, 6, (30, 20)) / 2
    return study([f"Student {i}" for i in range(30)], [f"trait {k}" for k in range(20)], table)


# --- what it says ---------------------------------------------------------------------------


def test_the_three_tables_hold_their_numbers() -> None:
    text = printed(article_class())
    assert section(text, "Table 1")[2].split() == [
        *("Monika", "2.0", "0.0", "0.0", "2.0", "0.0", "0.0", "1.0")
    ]
    # Worked out by hand: Monika with herself 4+4+1, with Chandler 2·2.5, with Joey 2·2 + 1·1.5.
    assert section(text, "Table 2")[2].split() == [
        *("Monika", "(9.00)", "○", "2.00", "●", "5.00", "·", "1.00", "·", "1.00", "●", "5.50")
    ]
    # MBA: 9·2 + 5·2.5 + 1·0.5; cooking: 9·1 + 2·1 + 5.5·1.5.
    revised = section(text, "Table 3")[2].split()
    assert (revised[1], revised[-1]) == ("31.000", "19.250")


def test_the_first_row_marks_the_two_strongest_and_what_they_rest_on() -> None:
    rows = section(printed(article_class()), "Monika's row")[2:]
    assert [" ".join(row.split()) for row in rows[:2]] == [
        "★ Joey 5.5 38% ████████████████ trekking 2 × 2 = 4",
        "★ Chandler 5.0 34% ███████████████ MBA 2 × 2.5 = 5",
    ]
    assert [row.split()[0] for row in rows[2:]] == ["Phoebe", "Rachael", "Ross"]


def test_the_strongest_are_bold_where_there_is_colour() -> None:
    text = printed(article_class(), colour=True)
    joey = next(line for line in text.split("\n") if "★ Joey" in line)
    assert re.search(r"\x1b\[1;32m★ Joey", joey)


def test_the_circles_list_everybody_once() -> None:
    rows = section(printed(article_class()), "Closeness")
    assert re.split(r"\s{2,}", rows[2].strip()) == [
        "Monika",
        "Joey, Chandler",
        "Phoebe",
        "Rachael, Ross",
    ]
    for row, student in zip(rows[2:], article_class().students, strict=True):
        assert sorted(re.findall(r"[A-Z]\w+", row)) == sorted(article_class().students)
        assert row.split()[0] == student


def test_the_change_is_told_on_a_common_scale() -> None:
    text = printed(article_class())
    # Chandler's MBA: 2.5 of 4.5 before, 33.625 of 105 after.
    chandler = section(text, "From Q to T")[4]
    assert chandler.split()[:2] == ["Chandler", "▼56→32"]
    assert "▲ 0→15" in chandler
    assert section(text, "From Q to A·Q")[4].split()[:2] == ["Chandler", "▼56→41"]


def test_closeness_is_explained_in_the_numbers_of_this_class() -> None:
    # An even share is a fifth of six students' rows, a third of four students'.
    said = "close from {} of a row (1.5 even shares) and an acquaintance from {} (0.5)"
    assert said.format("30%", "10%") in " ".join(printed(article_class()).split())
    four = study("abcd", "x", np.ones((4, 1)))
    assert said.format("50%", "16.7%") in " ".join(printed(four).split())


def test_the_softmax_is_printed_in_per_cent_with_the_range_of_its_diagonal() -> None:
    text = printed(article_class())
    row = [9, 2, 5, 1, 1, 5.5]
    powers = [math.exp(score / math.sqrt(7)) for score in row]
    expected = [f"{100 * power / sum(powers):.1f}" for power in powers]
    assert section(text, "With a softmax")[2].split() == ["Monika", *expected]
    # Rachael keeps least and Ross most.
    kept = []
    for row in ([1, 6.75, 3.5, 7.5, 3.5, 2.25], [1, 4.25, 0.5, 3.5, 8.5, 1.5]):
        powers = [math.exp(score / math.sqrt(7)) for score in row]
        kept.append(max(powers) / sum(powers))
    assert f"{kept[0]:.0%} to {kept[1]:.0%}." in text


def test_the_article_class_grows_more_alike_and_a_class_of_one_mind_does_not() -> None:
    text = " ".join(printed(article_class()).split())
    said = (
        "Two profiles differ by 68% on average before and by 29% after: the class grew more alike."
    )
    assert said in text
    one_mind = printed(study("ab", "xy", np.array([[1.0, 1.0], [2.0, 2.0]])))
    change = section(one_mind, "From Q to T")
    assert change[-1].strip() == "Two profiles differ by 0% on average before and by 0% after."
    assert "▲" not in "".join(change[:-2])


def test_it_says_whose_values_these_are_and_what_is_inference() -> None:
    ours = " ".join(printed(article_class()).split())
    theirs = " ".join(printed(article_class(), own_table=True).split())
    own = "The values are our own: the article's tables were pictures of random values."
    inference = (
        "R = Q·Qᵀ follows from the article's shapes; "
        "T = R·Q and the softmax form are our inference."
    )
    assert own in ours
    assert own not in theirs
    assert inference in ours
    assert inference in theirs


def test_negative_values_are_said_to_be_divided_by_their_sizes() -> None:
    text = printed(study("ab", "xy", np.array([[1.0, -1.0], [2.0, -1.0]])))
    # R = [[2, 3], [3, 5]], so T of a is [8, −5] and its sizes sum to 13.
    # Both traits rise by 3/26, and nothing falls.
    (row,) = {line for line in section(text, "From Q to T") if line.split()[0] == "a"}
    assert row.replace("▲", " ").split() == ["a", "50→62", "-50→-38"]
    assert row.count("▲") == 1
    assert "▼" not in row
    assert "Some values are negative: a row is divided by the sum of their sizes." in text
    assert "Some values are negative" not in printed(article_class())


def test_a_row_of_zeros_has_no_profile() -> None:
    classroom = study("ab", "x", np.array([[1.0], [1.0]]))
    hollow = replace(classroom, revised=np.zeros((2, 1)))
    change = section(printed(hollow), "From Q to T")
    assert change[2].split() == ["a", "100→–"]
    assert "Fewer than two rows have a profile" in change[-1]


# --- how it looks ---------------------------------------------------------------------------


@pytest.mark.parametrize("width", [60, 80, 100, 200])
@pytest.mark.parametrize("classroom", [article_class(), large()], ids=["article", "large"])
def test_no_line_is_wider_than_the_console(classroom: Classroom, width: int) -> None:
    assert all(cell_len(line) <= width for line in printed(classroom, width=width).split("\n"))


def test_as_many_columns_are_shown_as_fit() -> None:
    cells = [[Text("1234"), Text("1234")]]
    # Two before the name, three of the name, and twice a gap of two and four of the cell.
    file = io.StringIO()
    exact = Console(file=file, width=2 + 3 + 2 * (2 + 4))
    narrow = Console(file=io.StringIO(), width=exact.width - 1)
    assert fitting(exact, ["Ann"], ["x", "y"], cells) == range(2)
    assert fitting(narrow, ["Ann"], ["x", "y"], cells) == range(1)
    print_matrix(exact, ["Ann"], ["x", "y"], cells, ("students", "traits"))
    assert file.getvalue().split("\n")[2] == "  Ann  1234  1234"


def test_the_article_class_is_shown_whole_on_80_columns() -> None:
    text = printed(article_class())
    assert "--json has all" not in text
    assert "…" not in text


def test_plain_where_there_is_no_terminal_and_the_same_text_with_colour() -> None:
    plain = printed(article_class())
    coloured = printed(article_class(), colour=True)
    assert "\x1b" not in plain
    assert "\x1b[" in coloured
    assert ANSI.sub("", coloured) == plain


def test_a_large_class_says_what_it_leaves_out() -> None:
    text = printed(large(), own_table=True)
    table = section(text, "Table 1")
    rows = [line for line in table if line.strip().startswith("Student ")]
    columns = len(re.findall(r"trait \d+", table[0]))
    assert len(rows) == 12
    assert table[-1].strip() == (
        f"… and 18 more students, {20 - columns} more traits; --json has all."
    )
    assert "… and 17 more classmates; --json has all." in text
    assert len(text.split("\n")) < 200


def test_a_wide_change_names_the_biggest_riser_and_faller_of_each_row() -> None:
    classroom = large()
    rows = section(printed(classroom, own_table=True), "From Q to T")[2:14]
    for i, row in enumerate(rows):
        before = classroom.table[i] / classroom.table[i].sum()
        after = classroom.revised[i] / classroom.revised[i].sum()
        best, worst = (f(after - before) for f in (np.argmax, np.argmin))
        assert row.split() == [
            *("Student", str(i), "▲", "trait", str(best)),
            *(f"{100 * before[best]:.1f}", "→", f"{100 * after[best]:.1f}"),
            *("▼", "trait", str(worst)),
            *(f"{100 * before[worst]:.1f}", "→", f"{100 * after[worst]:.1f}"),
        ]


HOSTILE = [
    "[bold red]x[/bold red]",
    "[/]",
    "\x1b[31mred",
    "a\nb",
    "\u202egnp",
    "x" * 300,
    "漢字" * 20,
    "\u200b",
    ":smile:",
]


def test_names_are_text_whatever_they_hold() -> None:
    table = np.ones((len(HOSTILE), len(HOSTILE))) + np.eye(len(HOSTILE))
    text = printed(study(HOSTILE, HOSTILE, table), own_table=True)
    for line in text.split("\n"):
        assert line.isprintable()
        assert cell_len(line) <= 80
    for shown in ("[bold red]x[/…", "[/]", "\\x1b[31mred", "a\\nb", "\\u202egnp", ":smile:"):
        assert shown in text
    assert text.count("x" * 13 + "…") > 1
    assert "漢漢" not in text
    # A wide character is not cut in half: 12 cells, a space, the dots.
    assert "漢字漢字漢字 …" in text


@given(st.text(min_size=1))
def test_a_name_in_a_table_prints_and_is_narrow(name: str) -> None:
    shown = short_name(name)
    assert shown.plain.isprintable()
    assert shown.cell_len <= 14
    assert not shown.spans


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2], ["1", "2"]),
        ([1, 2.5], ["1.0", "2.5"]),
        ([10.625, 1], ["10.625", "1.000"]),
        ([1 / 3, 1], ["0.33", "1.00"]),
        ([-1e-12, 1], ["0", "1"]),
        ([-0.001 / 3, 1 / 3], ["0.00", "0.33"]),
        ([1e300, -0.0], ["1e+300", "0"]),
        ([1e-9, 2e-9], ["1e-09", "2e-09"]),
        ([0, 0], ["0", "0"]),
    ],
)
def test_numbers_have_the_decimals_that_their_table_needs(
    values: list[float], expected: list[str]
) -> None:
    assert written(np.array([values], dtype=float)) == [expected]
