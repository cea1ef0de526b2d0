"""A couple of hundred damaged checkpoints, each ending in a sentence or in a right result."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import torch
from hostile.checkpoints import damaged, ends_well
from seq2seq_models import random_encoder_decoder
from small_models import perturb, random_bert, save
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM

from inspector.families.small import SMALL

#: Each of the workers takes its own; together with the five models every change comes often.
PARTS, EACH = 8, 30


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """An encoder, a causal model with its head, an encoder–decoder, and one without a row."""
    place = tmp_path_factory.mktemp("good")
    torch.manual_seed(0)
    llama = AutoModelForCausalLM.from_config(AutoConfig.for_model("llama", **SMALL["llama"]))
    unknown = AutoModel.from_config(AutoConfig.for_model("roformer", **SMALL["bert"]))
    for model in (llama, unknown):
        perturb(model, seed=5)
    return [
        random_bert(place / "bert"),
        save(llama, place / "llama"),
        random_encoder_decoder("bart", place / "bart"),
        save(unknown, place / "roformer"),
    ]


@pytest.mark.parametrize("part", range(PARTS))
def test_every_damage_ends_well(good: list[Path], tmp_path: Path, part: int) -> None:
    ends: Counter[str] = Counter()
    for seed in range(part * EACH, (part + 1) * EACH):
        ends[ends_well(damaged(good[seed % len(good)], tmp_path / str(seed), seed))] += 1
    # Most damage is found out, and some of it is none.
    assert ends["refused"] > EACH / 3
    assert ends.total() - ends["refused"] >= 1


def test_the_same_seed_is_the_same_damage(good: list[Path], tmp_path: Path) -> None:
    one, other = (damaged(good[0], tmp_path / name, seed=11) for name in ("one", "other"))
    assert one.what == other.what
    for path in one.folder.iterdir():
        assert path.read_bytes() == (other.folder / path.name).read_bytes()


def test_a_wrong_end_is_noticed(
    good: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is no error of ours goes through, and so does a result that is wrong."""
    damage = damaged(good[0], tmp_path / "any", seed=0)

    def broken(*_arguments: object, **_options: object) -> None:
        raise IndexError("list index out of range")

    monkeypatch.setattr("inspector.load", broken)
    with pytest.raises(IndexError):
        ends_well(damage)
