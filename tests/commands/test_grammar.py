"""Only the first argument decides."""

from __future__ import annotations

import json

import pytest

from inspector.commands import main, route
from inspector.referee.loading import LoadedModel


@pytest.mark.parametrize(
    ("given", "routed"),
    [
        (["a sentence"], ["show", "a sentence"]),
        (["a sentence", "--json"], ["show", "a sentence", "--json"]),
        (["--json", "a sentence"], ["show", "--json", "a sentence"]),
        (["classroom"], ["classroom"]),
        (["classroom", "--json"], ["classroom", "--json"]),
        (["show", "classroom"], ["show", "classroom"]),
        (["Classroom"], ["show", "Classroom"]),
        (["classroom rules"], ["show", "classroom rules"]),
        (["- he said", "--json"], ["show", "--json", "--", "- he said"]),
        (["--well, no"], ["show", "--", "--well, no"]),
        (["-"], ["show", "-"]),
        (["--help"], ["--help"]),
        (["--version"], ["--version"]),
        ([], ["--help"]),
    ],
)
def test_routes(given: list[str], routed: list[str]) -> None:
    assert route(given) == routed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--help"], ["classroom", "models", "show"]),
        (["classroom", "--help"], ["--table"]),
        (["show", "--help"], ["--truncate", "--model", "--debug"]),
        (["--version"], ["0.1.0"]),
    ],
)
def test_help(arguments: list[str], words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    printed = capsys.readouterr()
    assert all(word in printed.out for word in words)
    assert printed.err == ""


def test_a_fault_of_ours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError("one\ntwo")

    monkeypatch.setattr("inspector.session.load", fail)
    assert main(["the cat", "--no-report"]) == 70
    said = capsys.readouterr().err
    assert (
        said.splitlines()[0]
        == "Error: This is a fault of the inspector: ZeroDivisionError: one two"
    )
    assert "Traceback" not in said
    assert main(["the cat", "--no-report", "--debug"]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_no_memory(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise MemoryError

    monkeypatch.setattr("inspector.session.load", fail)
    assert main(["the cat", "--no-report"]) == 4
    assert "memory" in capsys.readouterr().err


def test_links_between_pieces(
    bundled: LoadedModel, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("inspector.session.load", lambda *_names, **_options: bundled)

    def linked(*options: str) -> str:
        assert main(["untie the knottiness", "--no-report", *options]) == 0
        return capsys.readouterr().out

    assert "attention between words" in linked()
    assert "attention between tokens" in linked("--pieces")
    for options, pieces in (((), False), (("--pieces",), True)):
        links = json.loads(linked("--json", *options))["links"]
        assert any(link["source"].startswith("##") for link in links) is pieces
