"""``inspect figure`` from the outside: what is drawn, said and refused, and with which code."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from processes import run_python, without_torch

from inspector.commands import main
from inspector.referee.loading import LoadedModel
from inspector.session import Inspection

SENTENCE = "The cat sat on the mat because it was tired"
TOKENS = ["[CLS]", *SENTENCE.split(), "[SEP]"]
HEAD = ("--layer", "2", "--head", "8")

Printed = pytest.CaptureFixture[str]


@pytest.fixture
def place(tmp_path: Path, bundled: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, where the real model is loaded already."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("inspector.session.load", lambda *_names, **_options: bundled)
    return tmp_path


def words(path: Path) -> list[str]:
    root = ET.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 - our own
    return [one.text or "" for one in root.iter("{http://www.w3.org/2000/svg}text")]


def test_it_is_proved_and_drawn_as_in_python(place: Path, cat: Inspection, capsys: Printed) -> None:
    assert main(["figure", SENTENCE, *HEAD, "--out", "head.svg"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Figure: head.svg\n✓ verified  72 of 72 heads rebuilt")
    assert (place / "head.svg").read_text(encoding="utf-8") == cat.figure(layer=2, head=8).svg
    there = words(place / "head.svg")
    assert [word for word in there if word in TOKENS] == TOKENS + TOKENS
    assert any(word.endswith("· verified") for word in there)


def test_a_model_that_disagrees_ends_with_1(
    place: Path, bundled: LoadedModel, capsys: Printed
) -> None:
    module = bundled.model.get_submodule("encoder.layer.1.attention.self.value")
    hook = module.register_forward_hook(lambda _module, _arguments, output: output * 1.02)
    try:
        assert main(["figure", "The cat sat", "--kind", "ladder"]) == 1
    finally:
        hook.remove()
    assert "✗ mismatch" in capsys.readouterr().out
    assert any(word.endswith("· mismatch") for word in words(place / "attention.svg"))


def test_without_the_proof_no_torch_is_imported(tmp_path: Path) -> None:
    done = without_torch(
        tmp_path,
        "figure",
        "The cat 猫 sat",
        "--kind",
        "lines",
        *HEAD,
        "--no-proof",
        "--out",
        "a.pdf",
    )
    assert done.returncode == 0, done.stderr
    assert "… not yet proved" in done.stdout
    assert "No TrueType font of this machine has 猫" in done.stderr
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


def test_what_is_refused_is_refused_before_matplotlib_or_torch(tmp_path: Path) -> None:
    """And without matplotlib everything else works: it is looked for when a figure is drawn."""
    code = """
import sys
from importlib import util
real = util.find_spec
util.find_spec = lambda name, *more: None if name == "matplotlib" else real(name, *more)
from inspector.commands import main
assert main(["figure", "cat", "--out", "a.gif"]) == 2
assert main(["figure", "cat", "--out", "none/a.svg"]) == 2
assert main(["figure", "cat", "--kind", "grid"]) == 2
assert not {"matplotlib", "torch"} & set(sys.modules)
"""
    done = run_python(tmp_path, code)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [
        "Error: The figure's name, a.gif, ends in .gif, and figures are .svg, .pdf or .png.",
        "Hint: Name it such as head.svg.",
        "Error: There is no folder none.",
        "Hint: Make it first, or name another one.",
        "Error: matplotlib, which draws figures, is not installed.",
        'Hint: Install it: pip install "attention-inspector[figures]"',
    ]
    assert list(tmp_path.iterdir()) == []


def test_where_no_head_is_named_all_are_drawn(tmp_path, capsys):
    drawn = []
    for name, kind in (("a.svg", []), ("b.svg", ["--kind", "grid"])):
        assert main(["figure", "cat", "--no-proof", "--out", str(tmp_path / name), *kind]) == 0
        drawn.append((tmp_path / name).read_bytes())
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        ([], "No sentence was given.", 'Give one: inspect figure "The cat sat on the mat."'),
        (
            ["The", "cat"],
            "The sentence needs quotes: 2 words came one by one.",
            'Put the sentence in quotes: inspect figure "The cat"',
        ),
        (
            ["cat", "--kind", "matrix"],
            "A figure of the kind matrix is of one head, and none was named.",
            "Say which: --layer 0 --head 0; --kind grid draws every head.",
        ),
        (
            ["cat", "--layer", "9", "--head", "0"],
            "sentence-transformers/all-MiniLM-L6-v2 has no layer 9: its layers are 0 to 5 and its "
            "heads 0 to 11.",
            "Take one of those, such as --layer 0 --head 0.",
        ),
        (
            ["cat", *HEAD, "--site", "cross"],
            "sentence-transformers/all-MiniLM-L6-v2 has no attention 'cross'.",
            "Leave it out.",
        ),
        (
            ["cat " * 47, *HEAD],
            "With 49 tokens the figure's words would be too small to read; up to 48 have room.",
            "Give a shorter text, draw --kind grid, which has no words, or take the report.",
        ),
        (
            ["cat", *HEAD, "--out", "theirs.svg"],
            "theirs.svg is there already and is not a figure of the inspector.",
            "Name another file, or move that one away.",
        ),
    ],
)
def test_errors_are_a_sentence_and_a_hint(
    place: Path, capsys: Printed, arguments: list[str], error: str, hint: str
) -> None:
    (place / "theirs.svg").write_text("<svg/>")
    assert main(["figure", *arguments, "--no-proof"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"Error: {error}\nHint: {hint}\n")
    assert [path.name for path in place.iterdir()] == ["theirs.svg"]


def test_a_place_that_the_machine_refuses(place: Path, capsys: Printed) -> None:
    (place / "old.png").touch(mode=0o444)
    assert main(["figure", "cat", *HEAD, "--out", "old.png", "--no-proof"]) == 4
    assert "old.png is read-only" in capsys.readouterr().err


def test_a_pair_has_both_texts(place: Path) -> None:
    asked = ["figure", "The cat sat", "--pair", "It slept", *HEAD, "--no-proof"]
    assert main([*asked, "--columns", "2", "--theme", "dark", "--out", "pair.svg"]) == 0
    there = words(place / "pair.svg")
    assert there.count("slept") == there.count("cat") == 2
    assert 'width="504pt"' in (place / "pair.svg").read_text(encoding="utf-8")
