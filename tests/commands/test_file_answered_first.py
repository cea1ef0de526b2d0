"""A file of sentences: all answers before torch is imported, then all proofs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from processes import killed_before_torch, without_torch
from seq2seq_models import random_encoder_decoder
from small_models import random_bert

import inspector
from inspector.checkpoint import opening
from inspector.commands import main
from inspector.errors import InputError
from inspector.referee.loading import LoadedModel
from inspector.session import Inspection

Printed = pytest.CaptureFixture[str]

LINES = "The cat sat.\nA dog barked.\tWho barked?\nIt ran.\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a file of three lines."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.txt").write_text(LINES)
    return tmp_path


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch, bundled: LoadedModel) -> list[str]:
    """What is done with the model, in its order; it is loaded once for all tests."""
    found: list[str] = []
    real = inspector.inspect

    def inspect(text: str, *, prove: bool, **options: Any) -> Inspection:
        found.append(f"{'proof' if prove else 'answer'} {text}")
        return real(text, prove=prove, **options)

    def load(*_name: str, **_device: str) -> LoadedModel:
        found.append("load")
        return bundled

    monkeypatch.setattr("inspector.session.inspect", inspect)
    monkeypatch.setattr("inspector.session.load", load)
    return found


def verdict(page: Path) -> str:
    """Return the verdict that a whole report gives."""
    text = page.read_text()
    assert text.rstrip().endswith("</html>")
    return text.split('"verification":{"verdict":"', 1)[1].split('"', 1)[0]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def recorded(folder: Path) -> tuple[list[str], bool]:
    """Return the verdicts of ``run.json``, and whether it calls the run complete."""
    run = json.loads((folder / "run.json").read_text())
    return [entry["verdict"] for entry in run["reports"]], run["complete"]


def failing_at(
    text: str, *, proved: bool, error: Callable[[], BaseException]
) -> Callable[..., Inspection]:
    real = inspector.inspect

    def inspect(given: str, *, prove: bool, **options: Any) -> Inspection:
        if (given, prove) == (text, proved):
            raise error()
        return real(given, prove=prove, **options)

    return inspect


# --- the order --------------------------------------------------------------------------------


def test_all_answers_then_one_import_then_all_proofs(
    place: Path, events: list[str], capsys: Printed
) -> None:
    assert main(["--file", "s.txt"]) == 0
    texts = ["The cat sat.", "A dog barked.", "It ran."]
    answers, proofs = ([f"{kind} {text}" for text in texts] for kind in ("answer", "proof"))
    assert events == [*answers, "load", *proofs]
    assert capsys.readouterr().out.splitlines() == [
        "s.txt: 3 lines inspected: 3 unproved",
        "Index: attention/index.html",
        "s.txt: 3 lines inspected: 3 verified",
    ]
    assert names(place / "attention") == ["1.html", "2.html", "3.html", "index.html", "run.json"]
    assert {verdict(place / "attention" / f"{line}.html") for line in (1, 2, 3)} == {"verified"}
    assert recorded(place / "attention") == (["verified"] * 3, True)


@pytest.mark.parametrize("options", [["--json"], ["--no-report"], ["--device", "cuda"]])
def test_where_an_answer_would_not_be_seen_or_would_be_another_only_proofs(
    events: list[str], place: Path, options: list[str]
) -> None:
    assert main(["--file", "s.txt", *options]) == 0
    assert events[0] == "load"
    assert [event.split()[0] for event in events[1:]] == ["proof"] * 3


def test_the_checkpoint_is_opened_once(
    place: Path, events: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, opened = opening.open_checkpoint, []

    def count(source: Any) -> Any:
        opened.append(source)
        return real(source)

    monkeypatch.setattr(opening, "open_checkpoint", count)
    monkeypatch.setattr("inspector.alone.open_checkpoint", count)
    assert main(["--file", "s.txt", "--no-proof"]) == 0
    assert len(opened) == 1
    assert len(events) == 3


def test_a_bar_says_what_is_waited_for(
    place: Path, events: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert main(["--file", "s.txt"]) == 0
    said = capsys.readouterr().err
    stages = [said.index(stage) for stage in ("Answering", "Importing torch", "Proving")]
    assert stages == sorted(stages)
    assert "3/3" in said


# --- without proof ----------------------------------------------------------------------------


def test_no_proof_imports_no_torch(place: Path) -> None:
    done = without_torch(place, "--file", "s.txt", "--no-proof")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "s.txt: 3 lines inspected: 3 unproved",
        "Index: attention/index.html",
    ]
    folder = place / "attention"
    assert names(folder) == ["1.html", "2.html", "3.html", "index.html", "run.json"]
    assert {verdict(folder / f"{line}.html") for line in (1, 2, 3)} == {"unproved"}
    assert recorded(folder) == (["unproved"] * 3, True)
    page = (folder / "index.html").read_text()
    assert "3 of 3 lines inspected, 0 of them verified head by head, 3 not yet proved." in page


def test_json_without_proof(place: Path, events: list[str], capsys: Printed) -> None:
    (place / "s.txt").write_text("The cat sat.\na\tb\tc\n")
    assert main(["--file", "s.txt", "--json", "--no-proof"]) == 2
    (found,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert found["line"] == 1
    assert found["verification"]["verdict"] == "unproved"
    assert found["files"] == {"report": "attention/1.html"}
    assert "load" not in events


def test_json_waits_for_the_proof(place: Path, events: list[str], capsys: Printed) -> None:
    assert main(["--file", "s.txt", "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["verification"]["verdict"] for line in found] == ["verified"] * 3
    assert [line["files"] for line in found] == [
        {"report": f"attention/{number}.html"} for number in (1, 2, 3)
    ]


def test_a_later_proof_replaces_the_reports(place: Path, events: list[str]) -> None:
    assert main(["--file", "s.txt", "--no-proof"]) == 0
    assert verdict(place / "attention" / "2.html") == "unproved"
    assert main(["--file", "s.txt"]) == 0
    assert {verdict(place / "attention" / f"{line}.html") for line in (1, 2, 3)} == {"verified"}
    assert recorded(place / "attention") == (["verified"] * 3, True)
    assert "not yet proved" not in (place / "attention" / "index.html").read_text()


# --- what ends it early -----------------------------------------------------------------------


def test_killed_before_the_proofs(place: Path, events: list[str], capsys: Printed) -> None:
    done = killed_before_torch(place, "--file", "s.txt")
    assert done.returncode == 9, done.stderr
    assert done.stdout.splitlines()[-1] == "Index: attention/index.html"
    folder = place / "attention"
    # The lock goes with the process; what is ours stands in the other file.
    there = [name for name in names(folder) if name != ".inspector.lock"]
    assert there == [".inspector.json", "1.html", "2.html", "3.html", "index.html"]
    assert {verdict(folder / f"{line}.html") for line in (1, 2, 3)} == {"unproved"}
    page = (folder / "index.html").read_text()
    assert "3 of 3 lines inspected, 0 of them verified head by head, 3 not yet proved." in page
    assert main(["--file", "s.txt"]) == 0
    assert names(folder) == ["1.html", "2.html", "3.html", "index.html", "run.json"]
    assert recorded(folder) == (["verified"] * 3, True)


def test_an_interrupt_among_the_proofs(
    place: Path, events: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    stop = failing_at("A dog barked.", proved=True, error=KeyboardInterrupt)
    monkeypatch.setattr("inspector.session.inspect", stop)
    assert main(["--file", "s.txt"]) == 130
    folder = place / "attention"
    assert [verdict(folder / f"{line}.html") for line in (1, 2, 3)] == [
        "verified", "unproved", "unproved"
    ]  # fmt: skip
    assert recorded(folder) == (["verified", "unproved", "unproved"], False)
    page = (folder / "index.html").read_text()
    assert "3 of 3 lines inspected, 1 of them verified head by head, 2 not yet proved." in page


def test_a_line_that_the_real_model_refuses_is_taken_back(
    place: Path, events: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    refuse = failing_at("It ran.", proved=True, error=lambda: InputError("It is odd.", "Mend it."))
    monkeypatch.setattr("inspector.session.inspect", refuse)
    assert main(["--file", "s.txt"]) == 2
    out, err = capsys.readouterr()
    assert err == "Line 3 skipped: It is odd. Mend it.\n"
    assert out.splitlines()[-1] == "s.txt: 2 lines inspected: 2 verified; 1 skipped"
    folder = place / "attention"
    assert names(folder) == ["1.html", "2.html", "index.html", "run.json"]
    assert recorded(folder) == (["verified"] * 2, True)
    assert json.loads((folder / "run.json").read_text())["skipped"][0]["line"] == 3


def test_lines_that_nobody_can_read_need_no_torch(
    place: Path, events: list[str], capsys: Printed
) -> None:
    (place / "s.txt").write_bytes(b"\xff\na\tb\tc\n")
    assert main(["--file", "s.txt"]) == 2
    assert "No line of s.txt" in capsys.readouterr().err
    assert events == []
    assert names(place) == ["s.txt"]


# --- other models -----------------------------------------------------------------------------


def test_a_model_that_only_transformers_can_run(place: Path, capsys: Printed) -> None:
    folder = random_bert(place / "decoder", is_decoder=True)
    (place / "s.txt").write_text("the cat\na\tb\tc\nit sat\n")
    command = ["--file", "s.txt", "--model", str(folder)]
    assert main([*command, "--no-proof"]) == 3
    assert "is_decoder" in capsys.readouterr().err
    assert not (place / "attention").exists()
    assert main(command) == 2
    assert "2 unproved" not in capsys.readouterr().out
    verdicts, complete = recorded(place / "attention")
    assert len(verdicts) == 2
    assert complete
    assert "unproved" not in verdicts


def test_a_second_text_is_the_target_of_an_encoder_decoder(place: Path, capsys: Printed) -> None:
    folder = random_encoder_decoder("t5", place / "t5")
    (place / "s.txt").write_text("the cat sat\twe are here\nthe cat\n")
    command = ["--file", "s.txt", "--model", str(folder), "--no-proof", "--json", "--no-report"]
    assert main(command) == 2
    out, err = capsys.readouterr()
    (found,) = map(json.loads, out.splitlines())
    assert [site["site"] for site in found["sites"]] == ["encoder", "decoder", "cross"]
    assert "Line 2 skipped" in err
