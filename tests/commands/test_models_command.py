"""``inspect models``: what is listed is what is registered."""

from __future__ import annotations

import json

import pytest

from inspector.attention.families.registry import FAMILIES
from inspector.commands import main


def test_every_family_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line[:2] == "  "]
    assert [words[0] for words in lines] == list(FAMILIES)


def test_what_sets_a_family_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--json"]) == 0
    rows = {r["family"]: r["specials"] for r in json.loads(capsys.readouterr().out)["rebuilt"]}
    assert rows["bert"] == []
    assert rows["gpt2"] == ["causal", "layer norm before", "scale by config", "fused q, k, v"]
    assert rows["gemma2"] == [
        "causal", "sliding window in some layers", "rotary", "RMS norm before",
        "scale by config", "soft cap",
    ]  # fmt: skip
    assert rows["albert"] == ["layers share weights"]
    assert "norms on q and k" in rows["qwen3"]
    assert "norms on q and k where set" in rows["phi"]
    assert "ALiBi" in rows["bloom"]
    assert "sinks" in rows["gpt_oss"]
    assert rows["mpnet"] == ["distance buckets"]
    assert rows["deberta-v2"] == ["disentangled positions", "scale by the number of terms"]


def test_the_word_models_can_still_be_inspected() -> None:
    from inspector.commands import route

    assert route(["models"]) == ["models"]
    assert route(["models of the sun"]) == ["show", "models of the sun"]
