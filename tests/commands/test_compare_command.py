"""``inspect compare``: what it prints, writes and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from processes import without_torch

from inspector.commands import main
from inspector.records import Verification

BIG, SMALL = "It was far too big", "It was far too small"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_answer_page_and_both_proofs_in_this_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", BIG, SMALL]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [f"A  {BIG}", f"B  {SMALL}"]
    at = [
        next(n for n, line in enumerate(lines) if line.startswith(start))
        for start in ("Heads that changed", "Which head carries", "Answers: cosine", "Report: ")
    ]
    assert at == sorted(at)
    verdicts = [n for n, line in enumerate(lines) if line.startswith("✓ verified")]
    assert len(verdicts) == 2 and verdicts[0] > at[-1]
    assert lines[verdicts[1] - 1] == f"B  {SMALL}"
    page = Path("comparison.html").read_text(encoding="utf-8")
    assert "“verified”" not in page and '"verdict":"verified"' in page


def test_json_alone_and_without_torch(tmp_path: Path) -> None:
    more = ("--no-proof", "--json", "--no-report")
    done = without_torch(tmp_path, "compare", BIG, SMALL, *more)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found["kind"] == "texts" and found["files"] == {}
    assert found["first"]["verification"]["verdict"] == "unproved"
    assert len(found["heads"]) == len(found["patches"]["heads"]) == 72
    assert not Path("comparison.html").exists()


def test_a_mismatch_on_one_side_is_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from dataclasses import replace

    from inspector import session

    asked = session.prove_text

    def wrong(model: object, text: object, *rest: object, **more: object) -> object:
        trace, rebuilt, found = asked(model, text, *rest, **more)  # type: ignore[arg-type]
        assert isinstance(found, Verification)
        verdict = "mismatch" if "small" in trace.text.text else found.verdict
        return trace, rebuilt, replace(found, verdict=verdict)

    monkeypatch.setattr(session, "prove_text", wrong)
    assert main(["compare", BIG, SMALL, "--no-report"]) == 1
    assert "✗ mismatch" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "No text was given."),
        (["one"], "nothing to compare it with"),
        (["one", "one"], "The two texts are the same."),
        (["one", "two", "three"], "Two texts are compared, and 3 came."),
        (["one", "two", "--models", "a", "b"], "too many"),
        (["one", "--models", "bundled", "bundled"], "The two models are the same."),
        (["one", "--models", "a", "b", "--model", "smollm2"], "--model and --models"),
        (["one", "two", "--open", "--no-report"], "--open needs a page."),
        (["one", "two", "--target", "three"], "target"),
        (["one", "two " * 600, "--no-proof"], "tokens"),
        (["one", "two", "--out", "nowhere/page.html"], "nowhere"),
        (["one", "\udcff", "--no-proof"], "Unicode"),
    ],
)
def test_what_is_no_comparison_is_one_sentence(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", *arguments]) == 2
    out = capsys.readouterr()
    assert complaint in " ".join(out.err.split())
    assert "Traceback" not in out.err and out.out == ""
