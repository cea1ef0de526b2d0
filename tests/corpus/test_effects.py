"""Effects over a corpus: beside each sentence by itself, on a sample, taken up again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from small_models import random_bert

import inspector
from inspector.commands import main
from inspector.corpus.measured.effects import sampled

SENTENCES = (
    "the cat sat on the mat",
    "it was tired",
    "the dog ran to the cat",
    "a bird saw it",
    "the mat was red",
)


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_bert(tmp_path_factory.mktemp("effects") / "bert")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("effects") / "corpus.txt"
    path.write_text("\n".join(SENTENCES) + "\n")
    return path


def run(corpus: Path, bert: Path, out: Path, *more: str) -> int:
    command = ["corpus", str(corpus), "--model", str(bert), "--out", str(out)]
    return main([*command, "--statistics", "effects", *more])


def effects_of(out: Path) -> dict[tuple[int, int], dict[str, float]]:
    rows = pq.read_table(out / "heads.parquet").to_pylist()
    return {(row["layer"], row["head"]): row for row in rows if row["statistic"] == "effect"}


def test_means_are_those_of_the_sentences_one_by_one(
    corpus: Path, bert: Path, tmp_path: Path
) -> None:
    assert run(corpus, bert, tmp_path / "out") == 0
    each = [inspector.inspect(text, model=bert, prove=False).effects() for text in SENTENCES]
    found = effects_of(tmp_path / "out")
    for place in range(len(each[0].heads or ())):
        heads = [(of.heads or ())[place] for of in each]
        row = found[heads[0].layer, heads[0].head]
        assert row["value"] == pytest.approx(np.mean([one.effect.size for one in heads]), abs=1e-6)
        assert row["low"] <= row["value"] <= row["high"] and row["n"] == len(SENTENCES)
        assert row["null"] is None
    told = {
        row["rung"]: row for row in pq.read_table(tmp_path / "out/explanations.parquet").to_pylist()
    }
    assert list(told) == ["last_layer", "all_layers", "rollout", "value_weighted", "alti"]
    for rung, row in told.items():
        there = [
            one
            for of in each
            for one in of.explanations
            if one.rung == rung and one.rank_correlation is not None
        ]
        assert row["n"] == len(there)
        ranks = [one.rank_correlation for one in there]
        assert row["rank_correlation"] == pytest.approx(np.mean(ranks), abs=1e-6)
        assert row["top1"] == pytest.approx(np.mean([one.top1 for one in there]), abs=1e-6)


def test_only_a_sample_is_measured(
    corpus: Path, bert: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(corpus, bert, tmp_path / "out", "--sample", "2", "--json") == 0
    found = json.loads(capsys.readouterr().out)["effects"]
    assert {row["n"] for row in found["heads"]} == {2}
    drawn = [SENTENCES[at] for at in sampled(len(SENTENCES), 2, 0) or ()]
    each = [inspector.inspect(text, model=bert, prove=False).effects() for text in drawn]
    first = found["heads"][0]
    sizes = [(of.heads or ())[0].effect.size for of in each]
    assert first["value"] == pytest.approx(np.mean(sizes), abs=1e-6)
    rows = pq.read_table(tmp_path / "out/heads.parquet").to_pylist()
    # The other statistics are of every sentence.
    words = sum(len(text.split()) for text in SENTENCES)
    assert {row["n"] for row in rows if row["statistic"] == "distance"} == {words}


def test_a_sample_is_the_same_each_time_and_follows_the_seed() -> None:
    assert sampled(1000, 10, 3) == sampled(1000, 10, 3)
    assert sampled(1000, 10, 3) != sampled(1000, 10, 4)
    assert sampled(5, 9, 0) is sampled(5, None, 0) is None


def test_another_sample_is_another_run(
    corpus: Path, bert: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(corpus, bert, tmp_path / "out", "--sample", "2") == 0
    assert "Does it matter?" in capsys.readouterr().out
    assert "Does it matter?" in (tmp_path / "out/atlas.html").read_text()
    assert run(corpus, bert, tmp_path / "out", "--sample", "2") == 0
    assert "5 were on disk" in " ".join(capsys.readouterr().out.split())
    assert run(corpus, bert, tmp_path / "out", "--sample", "3") == 2
    assert "another --sample" in capsys.readouterr().err


def test_what_does_not_go_together_is_refused(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["corpus", str(corpus), "--sample", "2"]) == 2
    assert "--sample is for --statistics effects" in capsys.readouterr().err
    decoder = random_bert(tmp_path / "decoder", is_decoder=True)
    assert run(corpus, decoder, tmp_path / "out") == 3
    assert "has no effects" in capsys.readouterr().err
