"""The classroom beside plain Python loops, beside the article's story, and against bad files."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.analogy.class_table import parse_table
from inspector.analogy.classroom import (
    Classroom,
    article_class,
    circle,
    classmates,
    distance,
    movers,
    profiles,
    read_class,
    strongest_trait,
    study,
)
from inspector.errors import InputError, MachineError
from inspector.plain import visible

MONIKA, PHOEBE, CHANDLER, RACHAEL, ROSS, JOEY = range(6)


# --- the story ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def article() -> Classroom:
    return article_class()


def test_the_class_has_the_articles_shape_and_people(article: Classroom) -> None:
    assert article.students == ("Monika", "Phoebe", "Chandler", "Rachael", "Ross", "Joey")
    assert article.table.shape == (6, 7)
    assert len(set(article.traits)) == 7
    assert {"MBA", "trekking"} <= set(article.traits)


def test_monika_is_closest_to_joey_through_trekking_and_to_chandler_through_mba(
    article: Classroom,
) -> None:
    row = article.interactions[MONIKA].tolist()
    others = {j: row[j] for j in range(6) if j != MONIKA}
    assert sorted(others, key=lambda j: others[j])[-2:] == [CHANDLER, JOEY]
    assert min(others[CHANDLER], others[JOEY]) > 2 * others[PHOEBE]
    for friend, trait in ((CHANDLER, "MBA"), (JOEY, "trekking")):
        products = article.table[MONIKA] * article.table[friend]
        assert sorted(products)[-2] < products[article.traits.index(trait)] == products.max()
        assert strongest_trait(article, MONIKA, friend) == article.traits.index(trait)


def test_everybody_has_friends_acquaintances_and_strangers(article: Classroom) -> None:
    for i in range(6):
        parts = [article.interactions[i, j] for j in range(6) if j != i]
        shares = [part / sum(parts) for part in parts]
        assert any(share >= 0.3 for share in shares)
        assert any(0.1 <= share < 0.3 for share in shares)
        assert any(share < 0.1 for share in shares)


def test_the_softmax_neither_saturates_nor_stays_flat(article: Classroom) -> None:
    for i, row in enumerate((article.table @ article.table.T).tolist()):
        weights = [math.exp(score / math.sqrt(7)) for score in row]
        assert 0.3 < weights[i] / sum(weights) < 0.8


def test_everybodys_traits_are_revised(article: Classroom) -> None:
    before, after = profiles(article.table), profiles(article.revised)
    assert (np.abs(after - before).max(axis=1) > 0.1).all()


def test_the_values_are_halves_that_a_reader_can_multiply(article: Classroom) -> None:
    assert set(np.unique(article.table)) <= {0.0, 0.5, 1.0, 1.5, 2.0, 2.5}


# --- the formulas ---------------------------------------------------------------------------


@st.composite
def tables(draw: st.DrawFn, low: float = -4) -> list[list[float]]:
    """Tables in which everybody shares the first trait, so that every share is defined."""
    n, m = draw(st.integers(2, 6)), draw(st.integers(1, 5))
    value = st.floats(low, 4, allow_subnormal=False).map(lambda x: round(x, 3))
    rest = draw(st.lists(st.lists(value, min_size=m, max_size=m), min_size=n, max_size=n))
    return [[9.0 * m, *row] for row in rest]


def studied(table: list[list[float]]) -> Classroom:
    return study(
        [f"s{i}" for i in range(len(table))],
        [f"t{k}" for k in range(len(table[0]))],
        np.array(table),
    )


@given(tables())
def test_every_table_equals_its_formula_in_plain_loops(table: list[list[float]]) -> None:
    n, m = len(table), len(table[0])
    R = [[sum(table[i][k] * table[j][k] for k in range(m)) for j in range(n)] for i in range(n)]
    T = [[sum(R[i][j] * table[j][k] for j in range(n)) for k in range(m)] for i in range(n)]
    shares, A = [], []
    for i in range(n):
        heard = [0.0 if j == i else max(R[i][j], 0.0) for j in range(n)]
        shares.append([part / sum(heard) for part in heard])
        top = max(R[i])
        powers = [math.exp((score - top) / math.sqrt(m)) for score in R[i]]
        A.append([power / sum(powers) for power in powers])
    mixed = [[sum(A[i][j] * table[j][k] for j in range(n)) for k in range(m)] for i in range(n)]

    ours = studied(table)
    for found, expected in (
        (ours.table, table),
        (ours.interactions, R),
        (ours.revised, T),
        (ours.shares, shares),
        (ours.softmax_attention, A),
        (ours.softmax_revised, mixed),
    ):
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-9)


@given(tables())
def test_profiles_movers_and_distance_equal_plain_loops(table: list[list[float]]) -> None:
    ours = studied(table)
    after = ours.revised.tolist()
    parts = [[[x / sum(map(abs, row)) for x in row] for row in rows] for rows in (table, after)]
    old, new = profiles(ours.table), profiles(ours.revised)
    np.testing.assert_allclose(old, parts[0], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(new, parts[1], rtol=1e-10, atol=1e-12)

    for (rose, fell), a, b in zip(movers(old, new), *parts, strict=True):
        change = [y - x for x, y in zip(a, b, strict=True)]
        assert max(change) < 1e-8 if rose is None else change[rose] > max(change) - 1e-9
        assert min(change) > -1e-8 if fell is None else change[fell] < min(change) + 1e-9

    gaps = [
        sum(abs(x - y) for x, y in zip(a, b, strict=True)) / 2
        for i, a in enumerate(parts[0])
        for b in parts[0][i + 1 :]
    ]
    assert distance(old) == pytest.approx(sum(gaps) / len(gaps), abs=1e-12)


@given(tables())
def test_closeness_names_the_share(table: list[list[float]]) -> None:
    ours = studied(table)
    even = 1 / (len(table) - 1)
    for i, levels in enumerate(ours.closeness):
        assert levels[i] is None
        for j, level in enumerate(levels):
            share = ours.shares[i, j]
            # On a boundary rounding decides, and either name is right.
            if i == j or min(abs(share - 1.5 * even), abs(share - 0.5 * even)) < 1e-12:
                continue
            expected = (
                "close friend"
                if share > 1.5 * even
                else "formal acquaintance"
                if share > 0.5 * even
                else "hardly any interaction"
            )
            assert level == expected
            assert (j in circle(ours, i, expected)) is True


def test_closeness_holds_at_its_boundaries() -> None:
    # R of the first with the others is 3, 1 and 2 of 6: 1.5, 0.5 and 1 even shares of a third.
    table = np.array([[1.0, 0, 0, 0], [3, 1, 0, 0], [1, 0, 1, 0], [2, 0, 0, 1]])
    ours = study("abcd", "wxyz", table)
    assert ours.closeness[0] == (
        None,
        "close friend",
        "formal acquaintance",
        "formal acquaintance",
    )
    assert classmates(ours, 0) == [1, 3, 2]


def test_closeness_ends_just_below_its_boundaries() -> None:
    # 2.96, 0.98 and 2.06 of 6: 1.48, 0.49 and 1.03 even shares.
    table = np.array([[1.0, 0, 0, 0], [2.96, 1, 0, 0], [0.98, 0, 1, 0], [2.06, 0, 0, 1]])
    assert study("abcd", "wxyz", table).closeness[0] == (
        None,
        "formal acquaintance",
        "hardly any interaction",
        "formal acquaintance",
    )


def test_negative_interactions_and_the_diagonal_take_no_share() -> None:
    ours = studied([[1.0, 0.0], [2.0, 0.0], [-3.0, 1.0], [0.0, 1.0]])
    assert ours.shares[0].tolist() == [0, 1, 0, 0]
    assert ours.interactions[0, 2] == -3


def test_strongest_trait_is_none_where_no_product_is_above_zero() -> None:
    ours = studied([[1.0, 0.0], [2.0, 0.0], [-3.0, 1.0], [0.0, 1.0]])
    assert strongest_trait(ours, 0, 1) == 0
    assert strongest_trait(ours, 0, 2) is None
    assert strongest_trait(ours, 2, 3) == 1


def test_a_row_of_zeros_has_no_profile_and_does_not_move() -> None:
    table = np.array([[0.0, 0.0], [1.0, 3.0], [3.0, 1.0]])
    old = profiles(table)
    assert np.isnan(old[0]).all()
    assert old[1:].tolist() == [[0.25, 0.75], [0.75, 0.25]]
    assert movers(old, old[:, ::-1]) == [(None, None), (0, 1), (1, 0)]
    assert distance(old) == 0.5
    assert math.isnan(distance(old[:2]))


def test_a_profile_survives_values_whose_sum_overflows() -> None:
    assert profiles(np.array([[1e308, 1e308, 2e307 * 5]])).tolist() == [[1 / 3] * 3]


def test_study_leaves_the_callers_table_alone() -> None:
    table = np.array([[1.0, 2.0], [2.0, 1.0]])
    ours = study(["a", "b"], ["x", "y"], table)
    ours.table[0, 0] = 7
    assert table.tolist() == [[1, 2], [2, 1]]


@pytest.mark.parametrize(
    ("students", "traits", "shape"),
    [(1, 1, (1, 1)), (2, 0, (2, 0)), (2, 2, (2, 3)), (3, 2, (2, 2)), (2, 2, (4,))],
)
def test_study_refuses_shapes_that_make_no_class(
    students: int, traits: int, shape: tuple[int, ...]
) -> None:
    names = [str(i) for i in range(9)]
    with pytest.raises(InputError, match="does not fit"):
        study(names[:students], names[:traits], np.ones(shape))


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e200])
def test_study_names_the_student_of_a_value_it_cannot_use(value: float) -> None:
    with pytest.raises(InputError, match="row 0: “Ann” has interactions too large"):
        study(["Ann", "Bob"], ["x", "y"], np.array([[value, 1.0], [0.0, 1.0]]))


# --- the file -------------------------------------------------------------------------------

GOOD = "student,x,y\nAnn,1,2\nBob,2,1\n"


def write(folder: Path, data: str | bytes) -> Path:
    path = folder / "class.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


@pytest.mark.parametrize(
    "data",
    [
        GOOD,
        "\ufeff" + GOOD,
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n", "\r"),
        "\n  \n" + GOOD.replace("\n", "\n\n,,\n"),
        'student, "x",y\n"Ann", 1 ,2\n"Bob","2","1"',
        "student,x ,y\t\nAnn  ,1,2\nBob,2,1",
        ",x,y\nAnn,1e0,+2\nBob,2.,01\n",
    ],
)
def test_tolerated_spellings_of_one_class(tmp_path: Path, data: str) -> None:
    ours = read_class(write(tmp_path, data))
    assert ours.students == ("Ann", "Bob")
    assert ours.traits == ("x", "y")
    assert ours.table.tolist() == [[1, 2], [2, 1]]
    assert ours.interactions.tolist() == [[5, 4], [4, 5]]


def test_quoted_names_may_hold_anything(tmp_path: Path) -> None:
    ours = read_class(write(tmp_path, 'student,"a,b","say ""hi"""\r\n"Ann\r\nLee",1,2\n李,2,1\n'))
    assert ours.traits == ("a,b", 'say "hi"')
    assert ours.students == ("Ann\r\nLee", "李")


LINE = "class.csv, line "


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "class.csv is empty."),
        ("\n \n,,\n", "class.csv is empty."),
        (b"\xef\xbb\xbf", "class.csv is empty."),
        (b"\x89PNG\r\n\x1a\n\0\0", "class.csv is binary"),
        (GOOD.encode("utf-16"), "class.csv is binary"),
        (b"student,x\nAnn,1\nZo\xeb,2\n", LINE + "3, byte 3 of the line: the text is not UTF-8"),
        (b"\xff", LINE + "1, byte 1 of the line: the text is not UTF-8"),
        ("student,x,y\n", "class.csv holds a header and no student"),
        ("student,x,y\nAnn,1,2\n", "class.csv holds one student"),
        ("student\nAnn\nBob\n", LINE + "1: the header has one column, so there are no traits"),
        ("Ann,1,2\nBob,2,1\nCy,1,1\n", LINE + "1: every trait of the header is a number"),
        ("student,x,y\nAnn,1,2\n\nBob,2\n", LINE + "4 has 2 columns, and the header has 3."),
        ("student,x,y\nAnn,1,2,3\nBob,2,1\n", LINE + "2 has 4 columns, and the header has 3."),
        ("student,x,y\nAnn,1,2\nBob,2,lots\n", LINE + "3, column 3 (“y”): “lots” is not a number"),
        ('student,x,y\nAnn,1,2\nBob,"2,5",1\n', LINE + "3, column 2 (“x”): “2,5” is not a number"),
        ("student,x,y\nAnn,1,\nBob,2,1\n", LINE + "2, column 3 (“y”): the cell is empty"),
        ("student,x,y\nAnn,1_0,2\nBob,2,1\n", LINE + "2, column 2 (“x”): “1_0” is not a number"),
        ("student,x,y\nAnn,nan,2\nBob,2,1\n", LINE + "2, column 2 (“x”): “nan” is not a finite"),
        ("student,x,y\nAnn,1,2\nBob,-inf,1\n", LINE + "3, column 2 (“x”): “-inf” is not a finite"),
        ("student,x,y\nAnn,1,2\nBob,1,1e999\n", LINE + "3, column 3 (“y”): “1e999” is not a fin"),
        (
            GOOD + "Ann,1,1\n",
            LINE + "4, column 1: the student “Ann” is already in line 2, column 1.",
        ),
        (GOOD + " ,1,1\n", LINE + "4, column 1: the student has no name"),
        (
            "student,x,x\nAnn,1,2\nBob,2,1\n",
            LINE + "1, column 3: the trait “x” is already in line 1, column 2.",
        ),
        ("student,x,\nAnn,1,2\nBob,2,1\n", LINE + "1, column 3: the trait has no name"),
        ("student,x,y\nAnn,1,2\nBob,2,1\nCy,0,0\n", LINE + "4: “Cy” has no interaction above zero"),
        ("student,x,y\nAnn,1,2\nBob,-2,-1\n", LINE + "2: “Ann” has no interaction above zero"),
        ("student,x\nAnn,1e-200\nBob,1e-200\n", LINE + "2: “Ann” has no interaction above zero"),
        ("student,x\nAnn,1\nBob,1e200\n", LINE + "2: “Ann” has interactions too large"),
        ("student,x,y\nAnn,1,0\nBob,1e200,1e200\n", LINE + "2: “Ann” has interactions too large"),
        ('student,x,y\n"Ann,1,2\nBob,2,1\n', LINE + "2: the row is not CSV"),
        ('student,x,y\n"A\nB",1,2\nC,1,z\n', LINE + "4, column 3 (“y”): “z” is not a number"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    tmp_path: Path, data: str | bytes, message: str
) -> None:
    path = write(tmp_path, data)
    with pytest.raises(InputError) as caught:
        read_class(path)
    assert caught.value.message.startswith(str(path.parent / message))
    assert caught.value.message.endswith(".")
    assert caught.value.hint.endswith(".")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(("sign", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_another_separator_is_recognised(tmp_path: Path, sign: str, name: str) -> None:
    with pytest.raises(InputError) as caught:
        read_class(write(tmp_path, GOOD.replace(",", sign)))
    assert caught.value.hint == f"Separate the columns with commas, not {name}."


def test_a_missing_file_a_folder_and_a_name_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"There is no file .*nowhere\.csv\."):
        read_class(tmp_path / "nowhere.csv")
    with pytest.raises(InputError, match="is a folder, not a file"):
        read_class(tmp_path)
    with pytest.raises(InputError, match=r"There is no file .*x+"):
        read_class(tmp_path / ("x" * 5000))


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, GOOD)

    # Not by chmod: root may read everything.
    def refuse(_: Path, _mode: str) -> None:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(MachineError, match=r"cannot be read: permission denied\."):
        read_class(path)


def test_no_message_can_move_the_cursor(tmp_path: Path) -> None:
    name = "\x1b[2J\x9b\u202e"
    for data in (
        f"student,x,y\n{name},1,2\n{name},2,1\n",
        f"student,{name},y\nAnn,{name},2\nBob,2,1\n",
        f"student,x,y\nAnn,1,2\nBob,1,2\n{name},0,0\n",
    ):
        with pytest.raises(InputError) as caught:
            read_class(write(tmp_path, data))
        assert caught.value.message.isprintable()
        assert "\\x1b[2J\\x9b\\u202e" in caught.value.message


def test_a_long_cell_is_cut_in_a_message(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_class(write(tmp_path, f"student,x\nAnn,{'z' * 10_000}\nBob,1\n"))
    assert "z" * 30 in caught.value.message
    assert "z" * 60 not in caught.value.message


@given(st.text())
def test_visible_text_prints_and_is_the_text_where_that_prints(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    if text.isprintable():
        assert shown == text


@given(st.binary(max_size=200))
def test_no_bytes_bring_it_down(data: bytes) -> None:
    try:
        table = parse_table(data, "class.csv")
    except InputError:
        return
    assert np.isfinite(table.table).all()


@given(
    st.lists(
        st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=2),
        min_size=2,
        max_size=5,
    )
)
def test_any_finite_table_is_studied_or_refused_without_a_warning(
    table: list[list[float]],
) -> None:
    try:
        ours = studied(table)
    except InputError:
        return
    for matrix in (ours.interactions, ours.revised, ours.shares, ours.softmax_revised):
        assert np.isfinite(matrix).all()
    np.testing.assert_allclose(ours.shares.sum(axis=1), 1)
    np.testing.assert_allclose(ours.softmax_attention.sum(axis=1), 1)
    profiles(ours.revised)
