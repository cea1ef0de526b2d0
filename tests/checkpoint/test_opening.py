"""Checkpoints opened from their files, beside transformers that loads the same folders."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import seq2seq_models
import torch
from family_variants import VARIANTS
from forward_models import random_model, run_theirs
from safetensors.torch import load_file, save_file
from small_models import save
from transformers import AutoTokenizer

from inspector.checkpoint.opening import open_checkpoint
from inspector.checkpoint.pooling import read_pooling
from inspector.checkpoint.sources import Source, locate, weights_checked
from inspector.checkpoint.tokens import encode, encode_target
from inspector.checkpoint.weights import read_weights
from inspector.errors import InputError, ModelError
from inspector.families.registry import FAMILIES
from inspector.families.small import SMALL
from inspector.forward.model import forward
from inspector.records import Pooling, Text
from inspector.referee.loading import LoadedModel
from inspector.referee.text import encode as encode_by_referee
from inspector.session import inspect, load

ALL = VARIANTS | seq2seq_models.VARIANTS
IDS = np.random.default_rng(3).integers(5, 32, 12)


def source(folder: Path) -> Source:
    return Source(str(folder), folder.name, str(folder), local=True, sha256=None)


def saved(model_type: str, folder: Path) -> tuple[Any, Path]:
    model = random_model(model_type, SMALL[model_type])
    return model, save(model, folder)


@pytest.mark.parametrize("variant", ALL)
def test_a_saved_folder_is_run_as_transformers_runs_it(variant: str, tmp_path: Path) -> None:
    model_type, options = ALL[variant]
    model = random_model(model_type, options)
    folder = save(model, tmp_path / "model")
    loaded = type(model).from_pretrained(folder, attn_implementation="eager").eval()
    target = Text.of_ids(IDS[:7]) if FAMILIES[model_type].others else None
    theirs = run_theirs(loaded, Text.of_ids(IDS), target)
    ours = forward(
        open_checkpoint(source(folder)), Text.of_ids(IDS), target, keep=("layers", "logits")
    )
    for found, expected in ((ours.final, theirs.final), (ours.logits, theirs.logits)):
        assert found is not None
        size = max(1.0, float(np.abs(expected).max()))
        assert np.abs(found - expected).max() <= 3e-5 * size


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_dtypes_are_brought_to_float32(dtype: torch.dtype, tmp_path: Path) -> None:
    model = random_model("llama", SMALL["llama"]).to(dtype)
    folder = save(model, tmp_path / "model")
    loaded = type(model).from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)
    theirs = run_theirs(loaded.eval(), Text.of_ids(IDS))
    checkpoint = open_checkpoint(source(folder))
    ours = forward(checkpoint, Text.of_ids(IDS))
    assert ours.final is not None
    assert ours.final.dtype == np.float32
    np.testing.assert_allclose(ours.final, theirs.final, atol=3e-5)
    assert checkpoint.model is not None
    blocks = checkpoint.model.stack.blocks
    assert blocks[0] is not blocks[0], "a block that was widened is kept"


def test_that_of_the_most_numbers_is_named_first(tmp_path: Path) -> None:
    """And not that of the most tensors; whole numbers are no weights."""
    few = {name: torch.zeros(3, dtype=torch.bfloat16) for name in "abcd"}
    ids = torch.arange(4000)
    save_file(few | {"most": torch.zeros(13), "ids": ids}, tmp_path / "model.safetensors")
    assert read_weights(tmp_path).stored_dtypes == ("float32", "bfloat16")


def test_weights_in_several_files(tmp_path: Path) -> None:
    model, whole = saved("gpt2", tmp_path / "whole")
    parted = tmp_path / "parted"
    shutil.copytree(whole, parted)
    (parted / "model.safetensors").unlink()
    model.save_pretrained(parted, max_shard_size="10KB")
    assert len(list(parted.glob("*.safetensors"))) > 1
    one, several = (
        forward(open_checkpoint(source(folder)), Text.of_ids(IDS)) for folder in (whole, parted)
    )
    assert one.final is not None and several.final is not None
    np.testing.assert_array_equal(one.final, several.final)


@pytest.mark.parametrize("model_type", ["bert", "gpt2", "llama", "bart"])
def test_a_base_model_without_its_head(model_type: str, tmp_path: Path) -> None:
    model = random_model(model_type, SMALL[model_type])
    folder = save(model.base_model, tmp_path / "base")
    target = Text.of_ids(IDS[:7]) if FAMILIES[model_type].others else None
    theirs = run_theirs(model, Text.of_ids(IDS), target)
    ours = forward(
        open_checkpoint(source(folder)), Text.of_ids(IDS), target, keep=("layers", "logits")
    )
    assert ours.final is not None
    np.testing.assert_allclose(ours.final, theirs.final, atol=3e-5)
    assert ours.logits is None


@pytest.mark.parametrize("model_type", ["bert", "roberta", "albert", "deberta"])
def test_words_of_their_own_have_a_bias_of_their_own(model_type: str, tmp_path: Path) -> None:
    """A file then has two, and the model adds that of the words' own module."""
    model = random_model(model_type, SMALL[model_type] | {"tie_word_embeddings": False})
    folder = save(model, tmp_path / "model")
    theirs = run_theirs(model, Text.of_ids(IDS))
    ours = forward(open_checkpoint(source(folder)), Text.of_ids(IDS), keep=("layers", "logits"))
    assert ours.logits is not None
    assert np.abs(ours.logits - theirs.logits).max() <= 1e-4


def test_as_many_tokens_as_mpt_has_positions_for(tmp_path: Path) -> None:
    """It makes its ALiBi for so many, and cannot read one more."""
    model, folder = saved("mpt", tmp_path / "model")
    model(torch.zeros(1, 40, dtype=torch.long))
    with pytest.raises(RuntimeError):
        model(torch.zeros(1, 41, dtype=torch.long))
    assert open_checkpoint(source(folder)).window == 40
    assert load(str(folder)).checkpoint.window == 40


def test_norms_by_their_older_names(tmp_path: Path) -> None:
    _, folder = saved("bert", tmp_path / "model")
    before = forward(open_checkpoint(source(folder)), Text.of_ids(IDS))
    weights = folder / "model.safetensors"
    renamed = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): tensor
        for name, tensor in load_file(weights).items()
    }
    save_file(renamed, weights)
    after = forward(open_checkpoint(source(folder)), Text.of_ids(IDS))
    assert before.final is not None and after.final is not None
    np.testing.assert_array_equal(after.final, before.final)


def test_a_tensor_that_is_missing_is_named(tmp_path: Path) -> None:
    _, folder = saved("bert", tmp_path / "model")
    weights = folder / "model.safetensors"
    gone = "bert.encoder.layer.1.intermediate.dense.weight"
    save_file({n: t for n, t in load_file(weights).items() if n != gone}, weights)
    with pytest.raises(ModelError, match=gone):
        forward(open_checkpoint(source(folder)), Text.of_ids(IDS))


def test_a_family_without_a_row_says_so(tmp_path: Path) -> None:
    _, folder = saved("bert", tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "splinter"}))
    checkpoint = open_checkpoint(source(folder))
    assert checkpoint.model is None
    assert "no row for splinter" in (checkpoint.no_rebuild or "")
    with pytest.raises(ModelError, match="no row for splinter"):
        forward(checkpoint, Text.of_ids(IDS))


def test_an_activation_that_is_not_known_leaves_the_attention(tmp_path: Path) -> None:
    _, folder = saved("bert", tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"hidden_act": "laplace"}))
    checkpoint = open_checkpoint(source(folder))
    assert checkpoint.attention is not None
    with pytest.raises(ModelError, match="'laplace', which this checkpoint has as hidden_act"):
        forward(checkpoint, Text.of_ids(IDS))


def test_the_bundled_model(bundled: LoadedModel) -> None:
    checkpoint = open_checkpoint(locate("bundled"))
    assert checkpoint.window == bundled.checkpoint.window
    assert checkpoint.pooling == Pooling("mean", normalised=True)
    text = encode(checkpoint, "The cat sat on the mat.", truncate=False)
    theirs = bundled.model(
        torch.from_numpy(text.ids)[None], output_hidden_states=True, output_attentions=True
    )
    ours = forward(checkpoint, text)
    assert ours.final is not None
    assert len(ours.layers) * len(ours.layers[0].attention) == 72
    np.testing.assert_allclose(ours.final, theirs.last_hidden_state[0].detach().numpy(), atol=3e-5)


@pytest.mark.parametrize(
    ("left", "begun"), [(None, False), (None, True), (0, False), (100_000, False)]
)
def test_bundled_weights_that_are_not_the_published_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int | None, begun: bool
) -> None:
    """Changed, empty or cut; and the same where the check was begun before the model was asked."""
    from inspector.checkpoint import bundled

    shutil.copytree(bundled.place(), tmp_path / "model")
    with (tmp_path / "model" / "model.safetensors").open("r+b") as file:
        if left is None:
            file.seek(-4, 2)
            file.write(b"\x00\x00\x00\x00")
        else:
            file.truncate(left)
    monkeypatch.setattr(bundled, "place", lambda: tmp_path / "model")
    if left is not None:
        with pytest.raises(ModelError, match="SHA-256"):
            bundled.check(tmp_path / "model")
        return
    if begun:
        bundled.begin_check()
    with pytest.raises(ModelError, match="SHA-256"), weights_checked(locate("bundled")):
        # Whatever the changed weights lead to.
        raise ValueError
    with pytest.raises(ModelError, match="SHA-256"):
        inspect("The cat sat.", prove=False)
    with pytest.raises(ModelError, match="SHA-256"):
        load("bundled")


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("The cat's mat, unbelievably tired!", None),
        ("naïve café — 日本語 🙂", None),
        ("Two cats sat.", "We are here."),
        ("a" * 40, None),
    ],
)
def test_a_text_is_cut_as_the_referee_cuts_it(
    bundled: LoadedModel, text: str, pair: str | None
) -> None:
    checkpoint = open_checkpoint(locate("bundled"))
    ours = encode(checkpoint, text, pair, truncate=False)
    theirs = encode_by_referee(text, pair, bundled.tokenizer, bundled.model.config, truncate=False)
    assert str(ours) == str(theirs)
    assert ours.tokens == theirs.tokens


def test_a_text_that_does_not_fit(bundled: LoadedModel) -> None:
    checkpoint = open_checkpoint(locate("bundled"))
    long = "the cat sat " * 300
    with pytest.raises(InputError, match="The text has 902 tokens and 512 fit"):
        encode(checkpoint, long, truncate=False)
    cut = encode(checkpoint, long, truncate=True)
    theirs = encode_by_referee(long, None, bundled.tokenizer, bundled.model.config, truncate=True)
    assert cut.tokens == theirs.tokens
    assert cut.truncated_from == theirs.truncated_from == 902
    # The tokenizer is as it was.
    assert len(encode(replace(checkpoint, window=None), long, truncate=False)) == 902


def test_what_a_decoder_reads(tmp_path: Path) -> None:
    folder = seq2seq_models.random_encoder_decoder("t5", tmp_path / "t5")
    read, _ = seq2seq_models.theirs(folder)
    ours = encode_target(open_checkpoint(source(folder)), seq2seq_models.TARGET, truncate=False)
    assert ours is not None
    assert ours.ids.tolist() == read


def test_a_folder_without_a_tokenizer_file_has_no_tokenizer(tmp_path: Path) -> None:
    _, folder = saved("bert", tmp_path / "model")
    assert AutoTokenizer.from_pretrained(folder).is_fast
    (folder / "tokenizer.json").unlink()
    assert open_checkpoint(source(folder)).tokenizer is None


@pytest.mark.parametrize(
    ("modules", "config", "expected"),
    [
        (["Transformer", "Pooling"], {"pooling_mode_cls_token": True}, ("cls", False)),
        (
            ["Transformer", "Pooling", "Normalize"],
            {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False},
            ("mean", True),
        ),
        (["Transformer", "Pooling", "Dense"], {"pooling_mode_mean_tokens": True}, None),
        (
            ["Transformer", "Pooling"],
            {"pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": True},
            None,
        ),
        (["Transformer", "Pooling"], {"pooling_mode_lasttoken": True}, None),
        (["Transformer", "Pooling"], {"pooling_mode": "max"}, ("max", False)),
        (
            ["Transformer", "Pooling", "Normalize"],
            {"pooling_mode": ["mean_sqrt_len_tokens"]},
            ("mean_sqrt_len", True),
        ),
        (["Transformer", "Pooling"], {"pooling_mode": ["cls", "max"]}, None),
        (["Transformer", "Pooling"], {"pooling_mode": "lasttoken"}, None),
        (["Transformer", "Pooling"], {"pooling_mode": 7}, None),
        (["Transformer", "Pooling"], {"pooling_mode_cls_token": False}, ("mean", False)),
    ],
)
def test_pooling(
    tmp_path: Path, modules: list[str], config: dict[str, Any], expected: tuple[Any, bool] | None
) -> None:
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps(config))
    listed = [
        {"type": f"sentence_transformers.models.{kind}", "path": f"{at}_{kind}" if at else ""}
        for at, kind in enumerate(modules)
    ]
    (tmp_path / "modules.json").write_text(json.dumps(listed))
    assert read_pooling(tmp_path) == (expected and Pooling(*expected))
    (tmp_path / "modules.json").unlink()
    assert read_pooling(tmp_path) == Pooling("mean", normalised=True)


def test_neither_torch_nor_transformers_is_imported() -> None:
    script = (
        "import sys\n"
        "from inspector.checkpoint.opening import open_checkpoint\n"
        "from inspector.checkpoint.sources import locate, weights_checked\n"
        "from inspector.checkpoint.tokens import encode\n"
        "from inspector.forward.model import forward\n"
        "source = locate('bundled')\n"
        "with weights_checked(source):\n"
        "    checkpoint = open_checkpoint(source)\n"
        "    trace = forward(checkpoint, encode(checkpoint, 'The cat sat.', truncate=False))\n"
        "assert sum(len(layer.attention) for layer in trace.layers) == 72\n"
        "wrong = {'torch', 'transformers', 'safetensors', 'scipy'} & set(sys.modules)\n"
        "assert not wrong, wrong\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
