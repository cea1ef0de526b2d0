"""The files that names mean: patterns, a pipe, and what is said of those that are none."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from inspector.corpus.inputs import inputs, opened
from inspector.errors import InputError


def read(*names: Path | str) -> list[bytes]:
    found = []
    with inputs(map(str, names)) as files:
        for one in files:
            with opened(one) as file:
                found.append(file.read())
    return found


def test_several_files_patterns_and_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b", "a", "c"):
        (tmp_path / f"{name}.txt").write_text(f"From {name}.\n")
    (tmp_path / "d[1].txt").write_text("From d.\n")
    pipe = SimpleNamespace(buffer=io.BytesIO(b"From a pipe.\n"))
    monkeypatch.setattr(sys, "stdin", pipe)
    found = read(tmp_path / "c.txt", tmp_path / "[ab].txt", "-", tmp_path / "d[1].txt")
    assert found == [b"From c.\n", b"From a.\n", b"From b.\n", b"From a pipe.\n", b"From d.\n"]


def test_the_ending_says_what_a_file_holds(tmp_path: Path) -> None:
    names = [str(tmp_path / name) for name in ("a.txt", "b.JSONL", "c.conllu")]
    with inputs(names) as files:
        assert [(one.name, one.kind) for one in files] == [
            (name, kind) for name, kind in zip(names, ("text", "jsonl", "conllu"), strict=True)
        ]
    (tmp_path / "a.csv").write_bytes(b"a,b\n")
    with pytest.raises(InputError, match="of no kind") as caught:
        read(tmp_path / "a.csv")
    assert "a.csv" in caught.value.message


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        read(tmp_path / "none.txt")
    with pytest.raises(InputError, match="No file matches"):
        read(tmp_path / "none*.txt")
    for name in ("x" * 300 + ".txt", "file.txt/inner.txt"):
        (tmp_path / "file.txt").touch()
        with pytest.raises(InputError, match="There is no file"):
            read(tmp_path / name)
    with pytest.raises(InputError, match="No file matches"):
        read(tmp_path / ("x" * 300 + "*.txt"))
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        read(tmp_path / "folder.txt")
