"""``inspect classroom`` from the outside: streams, files and errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from inspector.commands.classroom import classroom
from inspector.errors import InputError, ModelError

TABLE = "student,x,y\nAnn,1,2\nBob,2,1\nCy,3,0\n"
#: What stands in TABLE, and what follows from it by hand.
Q = [[1, 2], [2, 1], [3, 0]]
R = [[5, 4, 3], [4, 5, 6], [3, 6, 9]]
T = [[22, 14], [32, 13], [42, 12]]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(classroom, [str(a) for a in arguments])


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "class.csv"
    path.write_text(TABLE)
    return path


def test_without_options_the_articles_class_is_printed() -> None:
    result = run()
    assert result.exit_code == 0
    assert result.stdout.startswith("The classroom: 6 students, 7 traits\n")
    assert "The values are our own" in result.stdout
    assert "\x1b" not in result.stdout
    assert result.stderr == ""


def test_json_is_one_object_and_nothing_else(table: Path) -> None:
    result = run("--table", table, "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert list(found) == ["students", "traits", "Q", "R", "T", "softmax", "closeness"]
    assert found["students"] == ["Ann", "Bob", "Cy"]
    assert found["traits"] == ["x", "y"]
    assert (found["Q"], found["R"], found["T"]) == (Q, R, T)
    weights = np.exp(np.array(R) / np.sqrt(2))
    weights /= weights.sum(axis=1, keepdims=True)
    assert list(found["softmax"]) == ["A", "T"]
    np.testing.assert_allclose(found["softmax"]["A"], weights)
    np.testing.assert_allclose(found["softmax"]["T"], weights @ Q)
    # Shares among others, in sevenths, tenths and ninths; close from ¾, formal from ¼.
    nobody: list[str] = []
    assert found["closeness"] == {
        "Ann": {
            "close friend": nobody,
            "formal acquaintance": ["Bob", "Cy"],
            "hardly any interaction": nobody,
        },
        "Bob": {
            "close friend": nobody,
            "formal acquaintance": ["Cy", "Ann"],
            "hardly any interaction": nobody,
        },
        "Cy": {
            "close friend": nobody,
            "formal acquaintance": ["Bob", "Ann"],
            "hardly any interaction": nobody,
        },
    }


def test_json_of_the_articles_class_tells_its_story() -> None:
    found = json.loads(run("--json").stdout)
    assert found["closeness"]["Monika"] == {
        "close friend": ["Joey", "Chandler"],
        "formal acquaintance": ["Phoebe"],
        "hardly any interaction": ["Rachael", "Ross"],
    }


def test_json_carries_no_character_that_could_move_the_cursor(tmp_path: Path) -> None:
    path = tmp_path / "class.csv"
    path.write_text("student,\x9b2J\n\x1b[2J,1\nBob,1\n", encoding="utf-8")
    result = run("--table", path, "--json")
    assert result.stdout.rstrip("\n").isprintable()
    assert json.loads(result.stdout)["students"] == ["\x1b[2J", "Bob"]


def test_a_table_of_ones_own_is_not_called_ours(table: Path) -> None:
    result = run("--table", table)
    assert "The values are those of your table." in result.stdout
    assert "Ann's row" in result.stdout


@pytest.mark.parametrize("own", [True, False])
def test_out_writes_the_page_and_says_where(
    tmp_path: Path, table: Path, own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = []

    def page(studied: object, *, own_table: bool, words: object) -> str:
        pages.append((studied.students[0], own_table))  # type: ignore[attr-defined]
        assert words.words == ("it", "cat", "mat")  # type: ignore[attr-defined]
        return "<p>é</p>"

    monkeypatch.setattr("inspector.report.html.classroom_page.render_classroom", page)
    out = tmp_path / "class.html"
    result = run("--table", table, "--out", out) if own else run("--out", out)
    assert result.exit_code == 0
    assert out.read_bytes() == "<p>é</p>".encode()
    assert pages == [("Ann", True) if own else ("Monika", False)]
    assert result.stdout.endswith(f"\nThe page is in {out}\n")


def test_out_and_json_together_keep_stdout_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "inspector.report.html.classroom_page.render_classroom", lambda *_, **__: "page"
    )
    result = run("--json", "--out", tmp_path / "class.html")
    assert len(json.loads(result.stdout)["students"]) == 6
    assert (tmp_path / "class.html").read_text() == "page"


def test_out_never_replaces_the_table(table: Path) -> None:
    result = run("--table", table, "--out", table)
    assert isinstance(result.exception, InputError)
    assert table.read_text() == TABLE


@pytest.mark.parametrize("out", [".", "nowhere/class.html"])
def test_out_where_no_file_can_be_is_refused(tmp_path: Path, out: str) -> None:
    result = run("--out", tmp_path / out)
    assert isinstance(result.exception, InputError)
    assert result.stdout == ""


def test_a_bad_table_is_an_input_error_and_leaves_stdout_empty(tmp_path: Path) -> None:
    for options in ([], ["--json"], ["--out", tmp_path / "class.html"]):
        result = run("--table", tmp_path / "nowhere.csv", *options)
        assert isinstance(result.exception, InputError)
        assert result.exception.exit_code == 2
        assert result.stdout == ""
        assert not (tmp_path / "class.html").exists()


def test_the_sample_class_can_be_used() -> None:
    sample = Path(__file__).parents[2] / "samples" / "class.csv"
    found = json.loads(run("--table", sample, "--json").stdout)
    assert len(found["students"]) == 5
    assert len(found["traits"]) == 5


def test_neither_torch_nor_the_page_is_imported_without_out() -> None:
    program = (
        "import sys\n"
        "from inspector.commands.classroom import classroom\n"
        "classroom(['--json'], standalone_mode=False)\n"
        "heavy = {'torch', 'transformers', 'jinja2', 'inspector.report.html.page'}\n"
        "print(*(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("{")
    assert done.stderr.strip() == ""


def test_open_opens_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    out = tmp_path / "class.html"
    assert run("--out", out, "--open").exit_code == 0
    assert opened == [out.resolve().as_uri()]
    refused = run("--open")
    assert isinstance(refused.exception, InputError)
    assert len(opened) == 1


def test_out_replaces_a_page_of_ours_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "class.html"
    for _ in range(2):
        assert run("--out", out).exit_code == 0
    out.write_text("my own page")
    refused = run("--out", out)
    assert isinstance(refused.exception, InputError)
    assert refused.stdout == ""
    assert out.read_text() == "my own page"


def test_a_page_is_written_without_the_words_where_their_model_cannot_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise ModelError("There is no such model.", "Get one.")

    monkeypatch.setattr("inspector.alone.opened", missing)
    out = tmp_path / "class.html"
    result = run("--out", out)
    assert result.exit_code == 0
    assert "without three words of a sentence: There is no such model." in result.stderr
    assert 'id="words"' not in out.read_text()


def test_torch_is_not_imported_for_the_page(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from inspector.commands.classroom import classroom\n"
        "classroom(['--out', sys.argv[1]], standalone_mode=False)\n"
        "print(*({'torch', 'transformers'} & set(sys.modules)), file=sys.stderr)\n"
    )
    out = tmp_path / "class.html"
    done = subprocess.run(
        [sys.executable, "-c", program, out], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == ""
    assert 'id="words"' in out.read_text()
