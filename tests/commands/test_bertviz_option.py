"""`--bertviz`: when the views are written, where, and when the command asks first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inspector.commands import main
from inspector.referee.loading import LoadedModel
from inspector.report.export import bertviz_views


@pytest.fixture
def place(bundled: LoadedModel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr("inspector.session.load", lambda *_given, **_options: bundled)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir())


def test_the_views_stand_beside_the_report(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["the cat", "--bertviz", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"] == {
        "report": "attention.html",
        "bertviz_head": "attention.head.html",
        "bertviz_model": "attention.model.html",
    }
    assert names(place) == ["attention.head.html", "attention.html", "attention.model.html"]


def test_they_need_no_report(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "there").mkdir()
    assert main(["the cat", "--bertviz", "--no-report", "--out", "there/cat.html"]) == 0
    said = capsys.readouterr().out
    assert "Bertviz head: there/cat.head.html" in said
    assert "Bertviz model: there/cat.model.html" in said
    assert names(place / "there") == ["cat.head.html", "cat.model.html"]


def test_without_the_option_there_are_none(place: Path) -> None:
    assert main(["the cat", "--yes"]) == 0
    assert names(place) == ["attention.html"]


def test_a_long_text_is_refused_before_anything_is_written(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cat " * 150, "--bertviz", "--save", "all.safetensors"]) == 2
    said = capsys.readouterr().err
    # 72 heads of 152 × 152 weights, 15 bytes each, and the libraries.
    assert "At 152 tokens" in said
    assert "about 25 MB" in said
    assert "--yes" in said
    assert names(place) == []


def test_with_yes_it_goes_on(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bertviz_views, "MANY_TOKENS", 3)
    assert main(["the cat", "--bertviz", "--no-report"]) == 2
    assert names(place) == []
    assert main(["the cat", "--bertviz", "--no-report", "--yes"]) == 0
    assert names(place) == ["attention.head.html", "attention.model.html"]


def test_a_place_that_cannot_be_is_refused_first(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "attention.model.html").mkdir()
    assert main(["the cat", "--bertviz"]) == 2
    assert "attention.model.html is a folder" in capsys.readouterr().err
    assert names(place) == ["attention.model.html"]
