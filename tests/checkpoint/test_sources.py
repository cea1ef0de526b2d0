"""Where a model's name leads, and names that lead nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_models import random_bert

from inspector.checkpoint.sources import locate
from inspector.commands import main
from inspector.errors import ModelError


@pytest.mark.parametrize("name", ["x" * 5000, "~nouser", "~nouser/models", "a\0b", "/etc/passwd/x"])
def test_names_that_no_folder_can_have(name: str) -> None:
    with pytest.raises(ModelError) as caught:
        locate(name)
    assert len(caught.value.message) < 200


def test_a_folder_that_nobody_may_look_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not by chmod: root may look anywhere.
    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(ModelError, match="permission denied"):
        locate(str(tmp_path))


def test_a_folder_comes_before_a_short_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert locate("bert").path == "google-bert/bert-base-uncased"
    # A folder that holds no model is not what is meant by the short name.
    (tmp_path / "distilbert").mkdir()
    random_bert(tmp_path / "bert")
    assert locate("bert").path == "bert"
    assert locate("bert").local
    assert locate("distilbert").path == "distilbert/distilbert-base-uncased"
    # A folder called bundled is not what is meant where nothing was said.
    (tmp_path / "bundled").mkdir()
    assert locate("bundled").path != "bundled"
    capsys.readouterr()
    assert main(["the cat", "--model", "bert", "--no-report"]) == 0
    said = capsys.readouterr().err.splitlines()[0]
    assert (
        said
        == "--model bert is the folder ./bert here; the other is google-bert/bert-base-uncased."
    )
