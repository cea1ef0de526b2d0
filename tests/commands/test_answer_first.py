"""The screenful and the report are there before torch is imported; then the verdict."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from processes import killed_before_torch
from small_models import random_bert

from inspector.commands import main

SENTENCE = "The cat sat on the mat because it was tired"


def test_killed_before_the_proof_all_is_there_and_says_unproved(tmp_path: Path) -> None:
    done = killed_before_torch(tmp_path, SENTENCE)
    assert done.returncode == 9, done.stderr
    assert "softmax(Q_h·K_hᵀ/√d)" in done.stdout
    assert done.stdout.endswith("Report: attention.html\n")
    assert "verified" not in done.stdout
    assert '"verdict":"unproved"' in (tmp_path / "attention.html").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["attention.html"]


def test_the_verdict_comes_last_and_the_report_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([SENTENCE]) == 0
    *said, verdict, first, second = capsys.readouterr().out.splitlines()
    # What was measured meanwhile stands between the report and the verdict.
    behind = said[said.index("Report: attention.html") + 1 :]
    assert behind[0] == "What the answer rests on" and behind[1].startswith("Tokens, blocked: ")
    assert verdict.startswith("✓ verified  72 of 72 heads")
    assert first.startswith("  largest difference: ")
    assert second.startswith("  from the token ids alone: ")
    page = (tmp_path / "attention.html").read_text()
    assert '"end_to_end":{"verdict":"verified"' in page
    assert '"verdict":"unproved"' not in page


def test_what_only_the_real_model_can_run_is_asked_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = random_bert(tmp_path / "decoder", is_decoder=True)
    assert main(["the cat", "--model", str(folder), "--no-report"]) == 0
    said = capsys.readouterr().out
    assert "from the token ids alone" not in said
    assert said.count("tokens · ") == 1


def test_a_tokenizer_file_that_reads_otherwise_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = random_bert(tmp_path / "bert")
    from inspector.checkpoint import tokens

    read = tokens.read_tokenizer

    def other(place: Path, title: str) -> object:
        tokenizer = read(place, title)
        from tokenizers.normalizers import Replace

        tokenizer.normalizer = Replace("cat", "mat")
        return tokenizer

    monkeypatch.setattr("inspector.checkpoint.opening.read_tokenizer", other)
    assert main(["the cat", "--model", str(folder), "--no-report"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "tokenizer.json alone reads this text as" in said
    # What was measured of another text is measured again.
    blocked = said.split("Tokens, blocked: ")[1].split("Heads, silenced")[0]
    assert "cat" in blocked and "mat" not in blocked
    assert re.search(r"from the token ids alone: .*, embedding \d\.\de-\d\d$", said)
