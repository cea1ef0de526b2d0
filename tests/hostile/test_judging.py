"""The judges see what is wrong: each is shown an end that is not as it must be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hostile import checkpoints, sentences, signals
from hostile.judging import wrong_changes, wrong_end, wrong_file, wrong_json
from hostile.program import End, look

GOOD = "Error: There is no file x.\nHint: Check the name.\n"
PAGE = '<html><script>run()</script><script type="application/json" id="header">{}</script></html>'


@pytest.mark.parametrize(
    ("end", "wrong"),
    [
        (End(2, "", GOOD), None),
        (End(0, "done\n", ""), None),
        (End(3, "", GOOD), "exit 3 and not 0 or 2"),
        (End(70, "", GOOD), "exit 70 and not"),
        (End(-15, "", ""), "exit -15 and not"),
        (End(2, "", ""), "no sentence and hint"),
        (End(2, "", "Traceback (most recent call last):\n" + GOOD), "a traceback"),
        (End(2, "", "a warning\n" + GOOD), "more than a sentence and a hint"),
        (End(2, "", "Error: 'weight_map'\nHint: None.\n"), "no sentence: "),
        (End(2, "", GOOD.replace("x", "\x1b[31m")), "a terminal may obey"),
        (End(0, "the \u202e cat\n", ""), "a terminal may obey"),
    ],
)
def test_ends(end: End, wrong: str | None) -> None:
    found = wrong_end(end, {0, 2})
    assert found is None if wrong is None else wrong in str(found)


def test_one_and_seventy_are_never_right() -> None:
    for code in (1, 70):
        assert wrong_end(End(code, "", GOOD), {code}) == f"exit {code}"


def test_changes(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "gone").mkdir()
    before = look(tmp_path)
    assert wrong_changes(before, look(tmp_path), set()) is None
    (tmp_path / "gone").rmdir()
    assert wrong_changes(before, look(tmp_path), set()) == "'gone' was removed"
    (tmp_path / "gone").mkdir()
    (tmp_path / ".inspector.1.x").touch()
    assert wrong_changes(before, look(tmp_path), {"out"}) == "'.inspector.1.x' was made"
    assert wrong_changes(before, look(tmp_path), {".inspector.1.x"}) is None
    (tmp_path / ".inspector.1.x").unlink()
    (tmp_path / "mine").chmod(0o600)
    assert wrong_changes(before, look(tmp_path), set()) == "'mine' was changed"


def test_files_and_json() -> None:
    whole = (
        (len(header := b'{"x":{"data_offsets":[0,4]}}')).to_bytes(8, "little") + header + b"1234"
    )
    assert wrong_file("t.safetensors", whole) is None
    assert wrong_file("t.safetensors", whole[:-1]) == "t.safetensors is half a file"
    assert wrong_file("p.html", b"<html></html>\n") is None
    assert wrong_file("p.html", b"<html></ht") == "p.html is half a page"
    assert wrong_json('{"a": "\x85 \u2028"}\n') is None
    assert "NaN" in str(wrong_json('{"a": NaN}\n'))
    assert wrong_json("") is not None


@pytest.mark.parametrize(
    ("page", "wrong"),
    [
        (PAGE, None),
        (PAGE.replace("run()", "alert(1)"), "a script got into the page"),
        (PAGE.replace("</html>", "<script>alert(1)</script>"), "a script got into the page"),
        (PAGE.replace("</html>", "<b>x</b>"), "elements got into the page"),
        (PAGE.replace("<html>", "<html onload=x>"), "elements got into the page"),
        (PAGE.replace("{}", '{"a": "<!--"}'), "what may end them"),
        (PAGE.replace("{}", '{"a": Infinity}'), "Infinity"),
    ],
)
def test_pages(page: str, wrong: str | None) -> None:
    found = sentences._wrong_page(sentences._Elements(page), sentences._Elements(PAGE))
    assert found is None if wrong is None else wrong in str(found)


@pytest.mark.parametrize(
    ("text", "codes"),
    [("the cat", {0}), (" \n", {2}), ("a \ud800", {2}), ("\u200b", {0, 2}), ("the " * 90, {0, 2})],
)
def test_which_sentences_may_be_refused(text: str, codes: set[int]) -> None:
    asked: Any = SimpleNamespace(text=text, options=())
    assert sentences._codes(asked) == codes


def test_a_folder_that_an_interrupt_leaves(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    assert signals._wrong_record(folder, End(130, "", "")) is None
    assert signals._wrong_record(folder, End(0, "", "")) == "the folder is not finished"
    (folder / "1.html").write_text("page")
    assert signals._wrong_record(folder, End(130, "", "")) == "['1.html'] are nobody's"
    (folder / "run.json").write_text('{"written": {}}')
    assert "do not stand in the record" in str(signals._wrong_record(folder, End(130, "", "")))
    (folder / "run.json").write_text('{"written": {"1.html": "00"}}')
    assert "another than the record" in str(signals._wrong_record(folder, End(130, "", "")))


def test_a_checkpoint_s_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert checkpoints._wrong_words("list index out of range", "Sorry.") is not None
    assert checkpoints._wrong_words("It is damaged.", "") is not None
    assert checkpoints._wrong_words("It is damaged.", "Take another.") is None
    verdict = SimpleNamespace(verification=SimpleNamespace(verdict="mismatch"))
    monkeypatch.setattr("inspector.load", lambda *_, **__: SimpleNamespace(takes_target=False))
    monkeypatch.setattr("inspector.inspect", lambda *_, **__: verdict)
    assert checkpoints.judge(checkpoints.Damage("", tmp_path)) == "a mismatch"


TELLS = """
import os
import subprocess
import sys
from pathlib import Path
from hostile.program import Streams, run

def tell():
    told = []
    for number in (0, 1, 2):
        try:
            told.append(str(Path(f"/proc/self/fd/{number}").readlink()))
        except OSError:
            told.append("closed")
    Path("told").write_text("\\n".join(told))
    os._exit(7)

for streams in (Streams(Path("given"), "full", "closed"), Streams(None, "gone", "kept")):
    assert run([], Path.cwd(), streams, tell).code == 7
    print(*Path("told").read_text().split("\\n"))
"""


def test_the_streams_are_what_they_say(tmp_path: Path) -> None:
    """A program that says where its streams lead, in the place of ours."""
    here = tmp_path / "here"
    here.mkdir()
    (here / "given").write_text("text")
    done = subprocess.run(
        [sys.executable, "-c", TELLS],
        cwd=here,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = (line.split() for line in done.stdout.splitlines())
    assert first == [str(here / "given"), "/dev/full", "closed"]
    assert [second[0], second[1][:4], second[2]] == ["closed", "pipe", str(tmp_path / "err")]
