"""The answer of our own forward alone: without torch, the same numbers, never called proved."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from processes import without_torch
from seq2seq_models import random_encoder_decoder
from small_models import random_bert

import inspector
from inspector.commands import main
from inspector.errors import ModelError
from inspector.referee.loading import LoadedModel
from inspector.session import Inspection

SENTENCE = "The cat sat on the mat because it was tired"


def test_it_says_what_the_proved_run_says(cat: Inspection) -> None:
    ours = inspector.inspect(SENTENCE, prove=False)
    assert ours.verification.verdict == "unproved"
    assert ours.verification.layers == ()
    assert ours.trace.text.ids.tolist() == cat.trace.text.ids.tolist()
    assert ours.tokens == cat.tokens
    for layer in range(6):
        for head in range(12):
            difference = np.abs(ours.attention(layer, head) - cat.attention(layer, head))
            assert difference.max() <= 1e-4
    assert [(at.source, at.target, at.head) for at in ours.links] == [
        (at.source, at.target, at.head) for at in cat.links
    ]
    for mine, theirs in zip(ours.ladder, cat.ladder, strict=True):
        if theirs.all_tokens is not None and mine.all_tokens is not None:
            for name, value in theirs.all_tokens.means().items():
                assert mine.all_tokens.means()[name] == (
                    None if value is None else pytest.approx(value, abs=2e-3)
                )


def test_it_can_be_proved_later() -> None:
    later = inspector.inspect(SENTENCE, pair="It slept.", prove=False).prove()
    assert later.verification.verdict == "verified"
    assert later.trace.text.pair == "It slept."


def test_what_is_open_is_not_opened_again(
    bundled: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inspector.alone.open_checkpoint", None)
    monkeypatch.setattr("inspector.alone.locate", None)
    first = inspector.inspect(SENTENCE, model=bundled, prove=False)
    again = inspector.inspect(SENTENCE, model=first.checkpoint, prove=False)
    for ours in (first, again):
        assert ours.verification.verdict == "unproved"
        assert np.array_equal(ours.attention(3, 1), first.attention(3, 1))
    with pytest.raises(TypeError):
        inspector.inspect(SENTENCE, prove=False)


def test_the_command_imports_no_torch_and_says_unproved(tmp_path: Path) -> None:
    done = without_torch(tmp_path, SENTENCE, "--no-proof", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["verification"]["verdict"] == "unproved"
    assert found["verification"]["end_to_end"] is None
    assert len(found["heads"]) == 72
    page = (tmp_path / "attention.html").read_text()
    assert '"verdict":"unproved"' in page


def test_the_terminal_says_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([SENTENCE, "--no-proof", "--no-report"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "not yet proved 72 heads computed from the weights" in said
    assert "verified" not in said


def test_an_encoder_decoder(tmp_path: Path) -> None:
    folder = random_encoder_decoder("t5", tmp_path / "t5")
    ours = inspector.inspect("the cat sat", target="we are here", model=folder, prove=False)
    theirs = ours.prove()
    assert theirs.verification.verdict == "verified"
    for mine, real in zip(ours.trace.layers, theirs.trace.layers, strict=True):
        assert (mine.site, mine.layer) == (real.site, real.layer)
        assert np.abs(mine.attention - real.attention).max() <= 1e-4


def test_a_model_that_only_transformers_can_run_is_said(tmp_path: Path) -> None:
    folder = random_bert(tmp_path / "decoder", is_decoder=True)
    with pytest.raises(ModelError, match="is_decoder"):
        inspector.inspect("the cat", model=folder, prove=False)
