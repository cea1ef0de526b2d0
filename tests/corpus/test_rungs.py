"""The ladder over many sentences, and induction, beside plain loops and beside one inspection."""

from __future__ import annotations

from math import log2
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_models import perturb, random_bert, save
from transformers import LlamaConfig, LlamaModel

import inspector
from inspector.corpus.measured.induction import HALF, TEXTS, measure_induction, repeated
from inspector.corpus.measured.rungs import NAMES, ladder_sums
from inspector.forward.rebuilding.recompute import recompute
from inspector.records import RebuiltLayer, Trace
from inspector.referee.loading import LoadedModel

SENTENCE = "The cat sat on the mat because it was tired"


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    config = LlamaConfig(
        vocab_size=32,
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=32,
        max_position_embeddings=90,
        pad_token_id=0,
    )
    torch.manual_seed(2)
    model: Any = LlamaModel(config)
    perturb(model, seed=2)
    return inspector.load(save(model, tmp_path_factory.mktemp("rungs") / "llama"), device="cpu")


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return inspector.load(random_bert(tmp_path_factory.mktemp("rungs") / "bert"), device="cpu")


def rebuilt_of(loaded: LoadedModel, trace: Trace) -> tuple[RebuiltLayer, ...]:
    assert loaded.checkpoint.attention is not None
    return recompute(loaded.checkpoint.attention, trace)


def test_queries_are_content_and_keys_are_all(bert: LoadedModel) -> None:
    """``uniform``, row by row: divergence, favourite and nothing to rank."""
    trace = inspector.inspect(SENTENCE, model=bert).trace
    content = ~trace.text.special
    sums, counts = ladder_sums(trace, rebuilt_of(bert, trace))
    size = len(content)
    for layer, traced in enumerate(trace.layers):
        for head, weights in enumerate(traced.attention):
            divergence = top = 0.0
            for row in weights[content]:
                for share in row.astype(float) / row.sum():
                    middle = (share + 1 / size) / 2
                    divergence += (share * log2(share / middle)) / 2 if share else 0
                    divergence += log2(1 / size / middle) / size / 2
                top += 1 / size
            found = {
                name: (sums[layer, head, at], counts[layer, head, at])
                for at, name in enumerate(NAMES)
            }
            assert found["uniform_jsd_bits"][0] == pytest.approx(divergence, abs=1e-5)
            assert found["uniform_jsd_bits"][1] == content.sum()
            assert found["uniform_top1"][0] == pytest.approx(top, abs=1e-9)
            assert found["uniform_rank_correlation"][1] == 0
            assert found["model_jsd_bits"][0] == pytest.approx(0, abs=1e-6)
            assert found["model_rank_correlation"][0] == pytest.approx(content.sum(), abs=1e-1)


def test_induction_is_what_loops_say(llama: LoadedModel) -> None:
    found = measure_induction(llama, seed=4, replicates=50)
    assert found is not None
    sums, null = found
    assert sums.queries.min() == TEXTS * HALF
    ids = llama.tokenizer("a")["input_ids"]
    before = [ids[0]]  # this tokenizer puts [CLS] first
    texts = repeated(
        np.setdiff1d(np.arange(len(llama.tokenizer)), llama.tokenizer.all_special_ids), HALF, 4
    )
    assert (texts[:, :HALF] == texts[:, HALF:]).all()
    hit, chance = np.zeros((2, 4)), np.zeros((2, 4))
    for text in texts:
        with torch.no_grad():
            given = llama.model(
                torch.tensor([[*before, *text.tolist()]]), output_attentions=True
            ).attentions
        for layer, weights in enumerate(given):
            for place in range(1 + HALF, 1 + 2 * HALF):
                # What came after the same token the last time.
                hit[layer] += weights[0, :, place, place - HALF + 1].numpy()
                chance[layer] += weights[0, :, place, 1 : place + 1].mean(dim=-1).numpy()
    queries = TEXTS * HALF
    np.testing.assert_allclose(sums.means[..., 0], hit / queries, atol=1e-6)
    np.testing.assert_allclose(null[..., 0], chance / queries, atol=1e-6)


def test_who_hears_what_comes_has_no_induction(bert: LoadedModel) -> None:
    assert measure_induction(bert, seed=0, replicates=5) is None


def test_the_command_writes_them(
    llama: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyarrow.parquet as pq

    from inspector.commands import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.txt").write_text("the cat sat on the mat\nit was tired\n")
    assert main(["corpus", "s.txt", "--model", llama.checkpoint.name, "--statistics", "full"]) == 0
    rows = pq.read_table(tmp_path / "corpus" / "heads.parquet").to_pylist()
    names = {row["statistic"] for row in rows}
    assert {"induction", "heads_jsd_bits", "mask_top1", "uniform_jsd_bits"} <= names
    assert {row["n"] for row in rows if row["statistic"] == "heads_jsd_bits"} == {9}
    for row in rows:
        if row["statistic"] == "model_jsd_bits":
            assert row["value"] < 1e-6
        # A permutation says nothing of a formula.
        if row["statistic"].endswith("_jsd_bits"):
            assert row["null"] is None
