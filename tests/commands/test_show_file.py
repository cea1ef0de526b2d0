"""A file of sentences: a folder of reports, and nothing lost whatever a line holds."""

from __future__ import annotations

import io
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import inspector
from inspector.commands import main, streams
from inspector.commands.sentence_file import Line
from inspector.errors import MachineError
from inspector.files import folders
from inspector.referee.loading import LoadedModel

Printed = pytest.CaptureFixture[str]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundled: LoadedModel) -> Path:
    """An empty folder to work in; the model is loaded once for all tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("inspector.session.load", lambda *_name, **_device: bundled)
    return tmp_path


class Links(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.targets += [value or "" for name, value in attributes if tag == "a" and name == "href"]


def test_a_folder_of_reports(place: Path, capsys: Printed) -> None:
    (place / "s.txt").write_text("The cat sat.\n\nA dog barked.\tWho barked?\r\n")
    assert main(["--file", "s.txt", "--out", "reports"]) == 0
    assert "2 lines inspected: 2 verified" in capsys.readouterr().out
    names = sorted(path.name for path in (place / "reports").iterdir())
    assert names == ["1.html", "3.html", "index.html", "run.json"]
    page = (place / "reports" / "index.html").read_text()
    assert Links(page).targets == ["1.html", "3.html"]
    assert "Who barked?" in page
    run = json.loads((place / "reports" / "run.json").read_text())
    assert run["complete"]
    assert run["lines"] == 2
    for entry in run["reports"]:
        report = place / "reports" / entry["report"]
        assert entry["bytes"] == report.stat().st_size
        assert entry["verdict"] == "verified"
    assert "A dog barked." in (place / "reports" / "3.html").read_text()


def test_a_line_that_cannot_be_inspected_is_named_and_skipped(place: Path, capsys: Printed) -> None:
    (place / "s.txt").write_bytes(
        b"The cat sat.\nbad \xe9\na\tb\tc\n" + b"cat " * 600 + "\n\u200b\n".encode() + b"The end."
    )
    assert main(["--file", "s.txt", "--json"]) == 2
    printed = capsys.readouterr()
    found = [json.loads(line) for line in printed.out.splitlines()]
    assert [record["line"] for record in found] == [1, 6]
    assert all(record["verification"]["verdict"] == "verified" for record in found)
    said = printed.err.splitlines()
    assert len(said) == 4
    for number, line, words in zip(
        (2, 3, 4, 5),
        said,
        ("UTF-8 at byte 4", "2 tabs", "602 tokens", "nothing to read"),
        strict=True,
    ):
        assert line.startswith(f"Line {number} skipped: ")
        assert words in line
    run = json.loads((place / "attention" / "run.json").read_text())
    assert [entry["line"] for entry in run["skipped"]] == [2, 3, 4, 5]
    page = (place / "attention" / "index.html").read_text()
    assert "Line 3: " in page


def test_json_lines_without_reports(place: Path, capsys: Printed) -> None:
    (place / "s.txt").write_text("The cat sat.\nA dog barked.\n")
    assert main(["--file", "s.txt", "--json", "--no-report"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert [path.name for path in place.iterdir()] == ["s.txt"]


def test_an_interrupt_keeps_what_is_finished(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    """A file of 10,000 lines, stopped after two."""
    real = inspector.inspect
    seen = []

    def until_the_third(text: str, **options: Any) -> Any:
        seen.append(text)
        if len(seen) > 2:
            raise KeyboardInterrupt
        return real(text, **options)

    monkeypatch.setattr("inspector.session.inspect", until_the_third)
    (place / "s.txt").write_text("".join(f"Sentence {i}.\n" for i in range(10_000)))
    assert main(["--file", "s.txt"]) == 130
    assert "Interrupted" in capsys.readouterr().err
    names = sorted(path.name for path in (place / "attention").iterdir())
    assert names == ["00001.html", "00002.html", "index.html", "run.json"]
    assert not json.loads((place / "attention" / "run.json").read_text())["complete"]
    page = (place / "attention" / "index.html").read_text()
    assert "2 of 10000 lines" in page
    assert "interrupted" in page


def test_a_mismatch_ends_with_1_even_beside_a_skipped_line(
    place: Path, bundled: LoadedModel, capsys: Printed
) -> None:
    module = bundled.model.get_submodule("encoder.layer.1.attention.self.value")
    hook = module.register_forward_hook(lambda _module, _arguments, output: output * 1.02)
    (place / "s.txt").write_text("The cat sat.\na\tb\tc\n")
    try:
        assert main(["--file", "s.txt"]) == 1
    finally:
        hook.remove()
    assert "✗ line 1 disagrees" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "no file"), (b"", "no sentence"), (b" \n\t\n", "no sentence"), (b"a\0b", "binary")],
)
def test_files_that_hold_nothing(
    place: Path, capsys: Printed, content: bytes | None, said: str
) -> None:
    if content is not None:
        (place / "s.txt").write_bytes(content)
    assert main(["--file", "s.txt"]) == 2
    assert said in capsys.readouterr().err
    assert not (place / "attention").exists()


def test_no_line_is_good(place: Path, capsys: Printed) -> None:
    (place / "s.txt").write_bytes(b"\xff\n")
    assert main(["--file", "s.txt", "--no-report"]) == 2
    assert "No line of s.txt" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--file", "s.txt", "--out", "taken"], "is a file"),
        (["--file", "s.txt", "--out", "no/where"], "no folder"),
        (["--file", "."], "is a folder"),
        (["--file", "s.txt", "--pair", "b"], "--pair"),
        (["--file", "s.txt", "--save", "x"], "--save"),
        (["The cat sat.", "--file", "s.txt"], "no sentence"),
    ],
)
def test_what_does_not_go_together(
    place: Path, capsys: Printed, arguments: list[str], said: str
) -> None:
    (place / "s.txt").write_text("The cat sat.\n")
    (place / "taken").write_text("somebody's")
    assert main(arguments) == 2
    assert said in capsys.readouterr().err
    assert (place / "taken").read_text() == "somebody's"


def test_hostile_lines_are_only_text(place: Path) -> None:
    (place / "s.txt").write_text("</title></script><script>alert(1)</script>\n")
    assert main(["--file", "s.txt"]) == 0
    page = (place / "attention" / "index.html").read_text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_byte_order_mark_and_other_line_ends(place: Path, capsys: Printed) -> None:
    (place / "s.txt").write_bytes(b"\xef\xbb\xbfThe cat\xe2\x80\xa8sat.\r\n")
    assert main(["--file", "s.txt", "--json", "--no-report"]) == 0
    (record,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert [token["text"] for token in record["tokens"]][1:4] == ["the", "cat", "sat"]


def test_a_pair(place: Path, capsys: Printed) -> None:
    assert main(["A dog barked.", "--pair", "Who barked?", "--json", "--no-report"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [token["text"] for token in found["tokens"]].count("[SEP]") == 2


def test_a_pair_and_a_model_without_segments(
    model_folders: dict[str, Path], capsys: Printed
) -> None:
    folder = str(model_folders["random distilbert"])
    assert main(["the cat", "--pair", "it sat", "--model", folder, "--json", "--no-report"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [token["text"] for token in found["tokens"]].count("[SEP]") == 2


# --- the folder -------------------------------------------------------------------------------


def test_a_shorter_second_run_leaves_nothing_of_the_first(place: Path) -> None:
    (place / "s.txt").write_text("The cat sat.\nA dog barked.\nIt ran.\n")
    assert main(["--file", "s.txt"]) == 0
    (place / "s.txt").write_text("\nThe cat sat.\n")
    assert main(["--file", "s.txt"]) == 0
    names = sorted(path.name for path in (place / "attention").iterdir())
    assert names == ["2.html", "index.html", "run.json"]
    assert Links((place / "attention" / "index.html").read_text()).targets == ["2.html"]


def test_somebodys_own_index_is_not_replaced(place: Path, capsys: Printed) -> None:
    (place / "s.txt").write_text("The cat sat.\n")
    (place / "index.html").write_text("my own page")
    assert main(["--file", "s.txt", "--out", "."]) == 2
    assert "index.html is there already" in capsys.readouterr().err
    assert sorted(path.name for path in place.iterdir()) == ["index.html", "s.txt"]
    assert (place / "index.html").read_text() == "my own page"


def test_a_full_disk_is_said_of_the_lines_report(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    """And not of the index, for which there is no room either."""
    real = folders.write_whole

    def full(path: Path, data: bytes) -> None:
        if path.suffix == ".html" and path.name != "1.html":
            raise MachineError(f"{path} could not be written: no space left.", "Make room.")
        real(path, data)

    monkeypatch.setattr(folders, "write_whole", full)
    (place / "s.txt").write_text("The cat sat.\nA dog barked.\n")
    assert main(["--file", "s.txt"]) == 4
    assert "attention/2.html could not be written" in capsys.readouterr().err


def test_a_refused_line_first_leaves_the_older_run(place: Path) -> None:
    (place / "s.txt").write_text("The cat sat.\n")
    assert main(["--file", "s.txt"]) == 0
    before = sorted(path.name for path in (place / "attention").iterdir())
    (place / "s.txt").write_text("a\tb\tc\n")
    assert main(["--file", "s.txt"]) == 2
    assert sorted(path.name for path in (place / "attention").iterdir()) == before


def test_when_its_reader_has_gone_no_more_lines_are_read(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    """Unless there are reports to be written."""
    monkeypatch.setattr(streams, "reader_has_gone", lambda: bool(seen))
    seen: list[str] = []
    monkeypatch.setattr("click.echo", lambda said, **_: seen.append(said))
    (place / "s.txt").write_text("The cat sat.\nA dog barked.\nIt ran.\n")
    assert main(["--file", "s.txt", "--json", "--no-report"]) == 0
    assert len(seen) == 1
    assert main(["--file", "s.txt", "--json"]) == 0
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("line", "text", "second"),
    [
        ("\tThe cat sat.", "\tThe cat sat.", None),
        ("\t\tThe cat sat.", "\t\tThe cat sat.", None),
        ("  The cat sat.", "  The cat sat.", None),
        ("The cat sat.\t", "The cat sat.", None),
        ("\tThe cat\tsat.", "\tThe cat", "sat."),
        ("The cat\tsat.", "The cat", "sat."),
    ],
)
def test_indented_lines(line: str, text: str, second: str | None) -> None:
    assert Line(1, line.encode()).split() == (text, second)


def test_lines_from_standard_input(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    given = io.TextIOWrapper(io.BytesIO(b"The cat sat.\n\tA dog barked.\n"))
    monkeypatch.setattr("sys.stdin", given)
    assert main(["--file", "-", "--json", "--no-report"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["line"] for record in found] == [1, 2]
