"""``inspect models``: what is listed is what is registered."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from seq2seq_models import automatic
from transformers import AutoConfig

from inspector.commands import main
from inspector.families import registry, small
from inspector.families.registry import FAMILIES
from inspector.families.small import SMALL


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_every_family_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line[:2] == "  "]
    assert [words[0] for words in lines] == list(FAMILIES)


def test_words_choose_families(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "rotary", "encoder"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = {line.split()[0] for line in lines if line[:2] == "  "}
    assert {"modernbert", "nomic_bert", "roformer"} <= names
    assert not names & {"bert", "llama", "t5"}
    assert lines[-1] == f"{len(names)} of {len(FAMILIES)} families."
    assert main(["models", "MPT"]) == 0
    assert "covered where attn_config.qk_ln is False" in capsys.readouterr().out
    assert main(["models", "alibi", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rebuilt"]
    assert {row["family"] for row in rows} == {"bloom", "mpt"}
    assert {row["kind"] for row in rows} == {"decoder"}
    assert main(["models", "rotary", "teapot"]) == 2
    assert "No family's line has 'rotary' and 'teapot'" in capsys.readouterr().err
    assert main(["models", "bert", "--forget"]) == 2


def test_the_tiers_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    said = capsys.readouterr().out
    places = [said.index(tier) for tier in ("from the weights", "captured q, k, v", "Not recomp")]
    assert places == sorted(places)
    assert "never verified" in " ".join(said.split())


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
    from inspector.commands.program import route

    assert route(["models"]) == ["models"]
    assert route(["models of the sun"]) == ["show", "models of the sun"]


# --- a check on the spot ----------------------------------------------------------------------


def test_a_family_is_checked_on_the_spot(capsys: pytest.CaptureFixture[str]) -> None:
    state = torch.get_rng_state()
    assert main(["models", "--check", "gpt2"]) == 0
    assert torch.equal(torch.get_rng_state(), state)
    said = capsys.readouterr().out
    assert said.startswith("✓ gpt2  verified  self: 12 of 12 heads agree, within ")
    assert len(said.splitlines()) == 1


def test_a_check_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--check", "albert", "--json"]) == 0
    (checked,) = json.loads(capsys.readouterr().out)["checked"]
    assert (checked["family"], checked["verdict"], checked["tier"]) == (
        "albert", "verified", "weights",
    )  # fmt: skip
    assert 0 < checked["attention_max_abs_error"] <= 1e-5
    assert [len(site["layers"]) for site in checked["sites"]] == [3]


def test_all_are_checked_and_one_that_disagrees_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = replace(FAMILIES["llama"], rope="interleaved")
    for name in set(FAMILIES) - {"bert", "llama"}:
        monkeypatch.delitem(FAMILIES, name)
    monkeypatch.setitem(FAMILIES, "llama", wrong)
    assert main(["models", "--check", "all"]) == 1
    bert, llama = capsys.readouterr().out.splitlines()
    assert bert.startswith("✓ bert   verified")
    assert llama.startswith("✗ llama  mismatch  self: 0 of 12 heads agree")


@pytest.mark.parametrize(
    ("name", "hint"),
    [("lama", "llama"), ("qwen", "qwen2 or qwen3"), ("bert-base", "bert"), ("zzz", "CONTRIBUTING")],
)
def test_a_family_that_nobody_registered(
    name: str, hint: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["models", "--check", name]) == 2
    error, suggestion = capsys.readouterr().err.splitlines()
    assert error == (
        f"Error: There is no family '{name}' among those that are rebuilt from their weights."
    )
    assert all(near in suggestion for near in hint.split(" or "))


def test_a_family_without_a_small_config(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.FAMILIES, "own", replace(FAMILIES["bert"], model_type="own"))
    assert main(["models", "--check", "own"]) == 3
    assert "small.py" in capsys.readouterr().err
    assert "own" not in small.SMALL


@pytest.mark.parametrize("model_type", SMALL)
def test_small_configs_make_small_models(model_type: str) -> None:
    config = AutoConfig.for_model(model_type, **SMALL[model_type])
    assert all(len(row.layer_paths(config)) >= 3 for row in FAMILIES[model_type].sites)
    model = automatic(model_type).from_config(config)
    assert sum(parameter.numel() for parameter in model.parameters()) < 100_000
