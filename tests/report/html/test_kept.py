"""What every page carries is made once for the same sources, and never taken from others."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.report.html.kept import kept


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "attention-inspector" / "pages"


def never() -> dict[str, str]:
    raise AssertionError("it is there")


def test_made_once_and_read_after_that() -> None:
    made = {"script": "a\nb", "policy": "é"}
    assert kept("sources", lambda: made) == made
    assert kept("sources", never) == made


def test_other_sources_are_made_anew() -> None:
    kept("sources", lambda: {"script": "old"})
    assert kept("sources.", lambda: {"script": "new"}) == {"script": "new"}
    assert kept("sources", never) == {"script": "old"}


@pytest.mark.parametrize("content", ["", "{}", "0\n{}", '{"script": "evil"}'])
def test_a_file_that_was_damaged_is_made_anew(folder: Path, content: str) -> None:
    kept("sources", lambda: {"script": "good"})
    (path,) = folder.iterdir()
    path.write_text(content)
    assert kept("sources", lambda: {"script": "again"}) == {"script": "again"}
    assert kept("sources", never) == {"script": "again"}


def test_half_of_a_file_is_made_anew(folder: Path) -> None:
    kept("sources", lambda: {"script": "good" * 100})
    (path,) = folder.iterdir()
    path.write_text(path.read_text()[:200])
    assert kept("sources", lambda: {"script": "again"}) == {"script": "again"}


def test_where_nothing_can_be_kept_it_is_made_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert kept("sources", lambda: {"script": "1"}) == {"script": "1"}
    assert kept("sources", lambda: {"script": "2"}) == {"script": "2"}


def test_few_are_left(folder: Path) -> None:
    for version in range(9):
        kept(f"sources {version}", lambda: {"script": ""})
    assert len(list(folder.iterdir())) == 4
    assert kept("sources 8", never) == {"script": ""}
