"""Files to sentences: what is read, what is left out, and what stops a run with a line number."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.corpus.inputs import inputs
from inspector.corpus.reading import Sentence, Survey, place_of, sentences, survey
from inspector.errors import InputError

TREE = "1\tWe\twe\t_\t_\t_\t2\tnsubj\t_\t_\n2\tsat\tsit\t_\t_\t_\t0\troot\t_\t_\n"


def read(*names: Path | str, column: str = "text", strict: bool = False) -> list[Sentence]:
    with inputs(map(str, names)) as files:
        return list(sentences(files, column=column, strict=strict))


def look_through(*names: Path | str, column: str = "text", strict: bool = False) -> Survey:
    with inputs(map(str, names)) as files:
        return survey(files, column=column, strict=strict)


def test_a_sentence_a_line(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes("\ufeffThe cat sat.\r\n\n  \nA\u2028dog\u0085barked.\nEnd".encode())
    assert read(file) == [
        Sentence(0, 1, "The cat sat."),
        Sentence(0, 4, "A\u2028dog\u0085barked."),
        Sentence(0, 5, "End"),
    ]
    seen = look_through(file)
    assert (seen.sentences, seen.blank, seen.first_blank) == (3, 2, f"{file}:2")


def test_a_column_of_json_lines(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"id": 1, "said": "Hello\\nthere"}\n\n{"said": " "}\n{"said": "Bye"}\n')
    assert read(file, column="said") == [
        Sentence(0, 1, "Hello\nthere"),
        Sentence(0, 4, "Bye"),
    ]
    assert look_through(file, column="said").blank == 2


def test_a_treebank(tmp_path: Path) -> None:
    file = tmp_path / "a.conllu"
    file.write_text(f"# text = We sat.\n{TREE}\n1\tbroken\n\n{TREE}")
    found = read(file)
    assert [(one.row, one.text) for one in found] == [(0, "We sat"), (2, "We sat")]
    assert found[0].tree is not None
    assert found[0].tree.words == ("We", "sat")
    seen = look_through(file)
    assert (seen.sentences, seen.broken, seen.first_broken) == (2, 1, f"{file}:5")
    assert "2 columns" in seen.reasons[0]
    with pytest.raises(InputError, match="line 5"):
        look_through(file, strict=True)


@given(file=st.integers(0, 2**20), row=st.integers(0, 2**40 - 1))
def test_a_key_holds_file_and_row(file: int, row: int) -> None:
    assert place_of(Sentence(file, row, "").key) == (file, row)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", b"", "no sentence in"),
        ("a.txt", b"\n  \n", "no sentence in"),
        ("a.txt", b"good\ngood\nb\xe9d\n", "line 3: it is not valid UTF-8 at byte 1"),
        ("a.txt", b"good\nb\0d\n", "is binary"),
        ("a.jsonl", b'{"text": "a"}\n{"text": ', "line 2: it is not JSON"),
        ("a.jsonl", b'["a"]\n', "line 1: it is no JSON object"),
        ("a.jsonl", b'{"body": "a", "id": 1}\n', "no column 'text'"),
        ("a.jsonl", b'{"text": 3}\n', "'text' holds no text"),
        ("a.jsonl", b'{"text": "\\ud800"}\n', "not valid Unicode at character 0"),
        ("a.conllu", b"1\tbroken\n", "no sentence in"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=said) as caught:
        look_through(tmp_path / name)
    assert name in caught.value.message


def test_a_missing_column_names_those_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"body": "a", "id": 1}))
    with pytest.raises(InputError) as caught:
        look_through(tmp_path / "a.jsonl")
    assert caught.value.hint == "Name one with --column; it has body, id."


def test_the_hash_is_of_every_byte_and_of_their_order(tmp_path: Path) -> None:
    one, two = tmp_path / "1.txt", tmp_path / "2.txt"
    one.write_text("a\n")
    two.write_text("b\n")
    first = look_through(one, two).sha256
    assert look_through(two, one).sha256 != first
    two.write_text("b \n")
    assert look_through(one, two).sha256 != first
