"""Only the first argument decides."""

from __future__ import annotations

import json

import pytest

from inspector.commands import main
from inspector.commands.program import cli, route
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
        (["--help"], ["classroom", "compare", "models", "show"]),
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
        whole = ["untie", "the", "knottiness"]
        assert any(link["source"] not in whole for link in links) is pieces


@pytest.mark.parametrize(
    ("word", "verb"),
    [
        ("modles", "models"),
        ("model", "models"),
        ("Classroom", "classroom"),
        ("clasroom", "classroom"),
        ("corpsu", "corpus"),
        ("CORPUS", "corpus"),
        ("lives", "live"),
    ],
)
def test_a_word_that_is_nearly_a_verb_is_asked_about(
    capsys: pytest.CaptureFixture[str], word: str, verb: str
) -> None:
    for arguments in ([word], [word, "s.txt", "--json"]):
        assert main(arguments) == 2
        error, hint = capsys.readouterr().err.splitlines()
        assert error == f"Error: There is no command {word}. Did you mean inspect {verb}?"
        assert hint.endswith(f"inspect show {word}")


def test_the_word_itself_is_inspected_as_the_hint_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "modles", "--no-proof", "--no-report"]) == 0
    assert capsys.readouterr().out.startswith("modles\n")


@pytest.mark.parametrize("text", ["cat", "snow", "classroom rules", "models of birds", "-", "--x"])
def test_other_words_are_no_verbs(text: str) -> None:
    cli.refuse_near([text])


def test_without_anything_on_a_terminal_it_says_what_can_be_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out.startswith("Usage: ")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main([]) == 0
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 7
    assert all(line.startswith("inspect ") for line in said)


def test_the_help_is_clean_and_names_the_sentences_options(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert "\\b" not in said
    assert "\b" not in said
    lines = [line.strip() for line in said.splitlines()]
    # One example a line.
    assert {"inspect classroom", "inspect live", "inspect models"} <= set(lines)
    for option in ("--pair", "--out", "--save", "--version"):
        assert any(line.startswith(option) for line in lines), option


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["cl"], {"classroom"}),
        ([""], {"classroom", "compare", "corpus", "figure", "live", "models", "show"}),
        (["--trun"], {"--truncate"}),
        (["'The cat'", "--mod"], {"--model"}),
        (["'The cat'", "--json", "--trun"], {"--truncate"}),
        (["corpus", "s.txt", "--rest"], {"--restart"}),
        (["'The cat'", "--device", "c"], {"cpu", "cuda"}),
    ],
)
@pytest.mark.parametrize("program", ["inspect", "attention-inspector"])
def test_completion(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    program: str,
    words: list[str],
    offered: set[str],
) -> None:
    monkeypatch.setattr("sys.argv", [f"/somewhere/bin/{program}"])
    monkeypatch.setenv(f"_{program}_COMPLETE".replace("-", "_").upper(), "bash_complete")
    monkeypatch.setenv("COMP_WORDS", " ".join([program, *words]))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    assert main([]) == 0
    found = capsys.readouterr().out.splitlines()
    assert {line.removeprefix("plain,") for line in found} == offered


def test_a_program_of_the_other_name_has_a_script_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["attention-inspector"])
    monkeypatch.setenv("_ATTENTION_INSPECTOR_COMPLETE", "zsh_source")
    assert main([]) == 0
    assert "#compdef attention-inspector" in capsys.readouterr().out


def test_places_that_are_no_places(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ["the cat", "--out", ""],
        ["the cat", "--save", "-"],
        ["corpus", "s.txt", "--out", ""],
        ["corpus", "s.txt", "--out", "-"],
        ["compare", "a", "b", "--out", "-"],
        ["classroom", "--out", "-"],
    ):
        assert main(arguments) == 2
        assert len(capsys.readouterr().err.splitlines()) == 2
