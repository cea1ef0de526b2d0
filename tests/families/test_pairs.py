"""Models put together of two families, beside transformers' own: every half there may be."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from forward_models import Theirs, differences, random_model, run_theirs
from seq2seq_models import VARIANTS, random_encoder_decoder
from transformers import AutoConfig

from inspector.checkpoint.adapter import merging
from inspector.checkpoint.config import Config
from inspector.checkpoint.folder import CheckpointFiles
from inspector.checkpoint.model.assemble import assemble
from inspector.checkpoint.opening import open_checkpoint
from inspector.checkpoint.sources import Source
from inspector.errors import ModelError
from inspector.families.config import FamilyConfig
from inspector.families.described import kind
from inspector.families.pairs import HALVES, PAIR, pair
from inspector.families.registry import FAMILIES, family_of, row_of
from inspector.families.small import SMALL
from inspector.forward.model import forward
from inspector.proof import prove_text
from inspector.records import Checkpoint, Model, Text
from inspector.referee import small_models
from inspector.session import inspect, load

#: What some encoders and decoders have in common is tried with one other half alone.
PAIRS = [
    *((encoder, "bert") for encoder in HALVES["encoder"]),
    *(("bert", decoder) for decoder in HALVES["decoder"] if decoder != "bert"),
]
TEXT = Text.of_ids(np.random.default_rng(3).integers(5, 32, 14))
TARGET = Text.of_ids(np.random.default_rng(4).integers(5, 32, 9))
Changed = Callable[[dict[str, Any]], object]


def halves(encoder: str, decoder: str, **of_decoder: Any) -> dict[str, Any]:
    reads = {} if decoder == "gpt2" else {"is_decoder": True}
    return {
        "encoder": {**SMALL[encoder], "model_type": encoder},
        "decoder": {
            **SMALL[decoder], **reads, "add_cross_attention": True, "model_type": decoder,
            **of_decoder,
        },
        "pad_token_id": 0,
        "decoder_start_token_id": 2,
    }  # fmt: skip


def put_together(model: Any) -> Checkpoint:
    config = model.config
    family, refused = row_of(config)
    assert family is not None, refused
    tensors = {name: one.numpy().copy() for name, one in model.state_dict().items()}
    built = assemble(tensors, family, config, "m", architectures=config.architectures)
    return Checkpoint("m", "m", PAIR, None, None, (), None, model=built)


def off(checkpoint: Checkpoint, theirs: Theirs, present: Any = None) -> float:
    ours = forward(checkpoint, TEXT, TARGET, present=present, keep=("layers", "logits"))
    real: Any = slice(None) if present is None else present
    return max(differences(ours, theirs, real).values())


@pytest.mark.parametrize(("encoder", "decoder"), PAIRS)
def test_every_half_there_may_be(encoder: str, decoder: str) -> None:
    model = random_model(PAIR, halves(encoder, decoder))
    assert off(put_together(model), run_theirs(model, TEXT, TARGET)) <= 3e-5


def test_the_halves_are_those_whose_rows_say_so() -> None:
    rows = {name: row for name, row in FAMILIES.items() if not row.others}
    assert set(HALVES["decoder"]) == {name for name, row in rows.items() if row.crossed}
    reads_both_ways = {name for name, row in rows.items() if kind(row).startswith("encoder")}
    assert set(HALVES["encoder"]) == reads_both_ways
    with pytest.raises(ValueError, match="distilbert has no cross-attention"):
        pair(FAMILIES["bert"], FAMILIES["distilbert"])


def test_a_file_without_halves_is_transformers_own_default() -> None:
    ours, theirs = family_of(FamilyConfig(PAIR, {})), AutoConfig.for_model(PAIR)
    assert ours == pair(FAMILIES[theirs.encoder.model_type], FAMILIES[theirs.decoder.model_type])
    assert row_of(theirs) == (ours, None)


@pytest.mark.parametrize("corrupted", ["bridge", "cross", "head"])
def test_a_part_that_is_wrong_is_seen_from_the_ids_alone(
    corrupted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = halves("bert", "gpt2", n_embd=32)
    monkeypatch.setattr(small_models, "SMALL", {PAIR: wide})
    loaded, text, target = small_models.small_model(PAIR)
    assert prove_text(loaded, text, target)[2].verdict in ("verified", "rounding")
    model = loaded.checkpoint.model
    assert model is not None
    wrong = replace(loaded, checkpoint=replace(loaded.checkpoint, model=spoilt(model, corrupted)))
    proved = prove_text(wrong, text, target)[2]
    assert proved.end_to_end is not None
    assert proved.end_to_end.verdict == proved.verdict == "mismatch"


def spoilt(model: Model, part: str) -> Model:
    """Return a model of which one weight is another."""
    if part == "head":
        assert model.head is not None
        return replace(model, head=replace(model.head, words=model.head.words * 1.01))
    if part == "bridge":
        assert model.stack.projection is not None
        bridge = replace(model.stack.projection, bias=None)
        return replace(model, stack=replace(model.stack, projection=bridge))
    assert model.decoder is not None
    first, *rest = model.decoder.blocks
    assert first.cross is not None
    weights = replace(first.cross.weights, key=first.cross.weights.value)
    first = replace(first, cross=replace(first.cross, weights=weights))
    return replace(model, decoder=replace(model.decoder, blocks=[first, *rest]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_encoder_decoder("bert to bert", tmp_path_factory.mktemp("pair") / "model")


def changed(folder: Path, place: Path, change: Changed) -> Path:
    """Copy a checkpoint, with another config."""
    shutil.copytree(folder, place)
    config = json.loads((place / "config.json").read_text())
    change(config)
    (place / "config.json").write_text(json.dumps(config))
    return place


def opened(folder: Path) -> Checkpoint:
    return open_checkpoint(Source(str(folder), "m", str(folder), local=True, sha256=None))


def nested(times: int) -> dict[str, Any]:
    config: dict[str, Any] = {"model_type": "bert"}
    for _ in range(times):
        config = {"model_type": PAIR, "encoder": config, "decoder": {"model_type": "bert"}}
    return config


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.pop("decoder"), "says decoder = null, and it is a config with"),
        (lambda c: c.update(encoder=None), "says encoder = null, and it is a config with"),
        (
            lambda c: c["encoder"].update(model_type=["bert"]),
            "and it is a config with a model_type",
        ),
        (lambda c: c.update(encoder=[1]), "an object with a config of its own"),
        (lambda c: c.update(decoder="bert"), "an object with a config of its own"),
        (lambda c: c.update(encoder=nested(1)), "within its encoder another encoder"),
        (lambda c: c.update(decoder=nested(300)), "within its decoder another encoder"),
        (lambda c: c["encoder"].update(decoder={}), "within its encoder another decoder"),
        (lambda c: c["encoder"].update(model_type="t5"), 'encoder .* is a "t5", .* not covered'),
        (lambda c: c["encoder"].update(model_type="gpt2"), 'encoder .* is a "gpt2"'),
        (lambda c: c["encoder"].update(model_type="longformer"), 'is a "longformer"'),
        (lambda c: c["decoder"].update(model_type="distilbert"), 'decoder .* is a "distilbert"'),
        (lambda c: c["decoder"].update(add_cross_attention=False), "hears nothing of the encoder"),
        (lambda c: c["decoder"].pop("add_cross_attention"), "hears nothing of the encoder"),
        (lambda c: c.update(decoder_start_token_id=-2), "vocabulary has 32 entries"),
        (lambda c: c.update(decoder_start_token_id=32), "vocabulary has 32 entries"),
        (lambda c: c["decoder"].update(hidden_size="24"), 'hidden_size = "24"'),
        (lambda c: c["decoder"].update(is_decoder="yes"), 'is_decoder = "yes"'),
        (lambda c: c["decoder"].update(num_hidden_layers=9), "have 3 layers of that kind"),
        (
            lambda c: c["encoder"].update(model_type="roberta", pad_token_id=None),
            "leaves encoder.pad_token_id open",
        ),
    ],
)
def test_what_is_no_pair_is_refused_in_a_sentence(
    folder: Path, tmp_path: Path, change: Changed, said: str
) -> None:
    place = changed(folder, tmp_path / "m", change)
    with pytest.raises(ModelError, match=said):
        opened(place)
    with pytest.raises(ModelError, match=said):
        load(str(place))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c["decoder"].update(is_decoder=False), "decoder.is_decoder=True"),
        (
            lambda c: c["encoder"].update(position_embedding_type="relative_key"),
            "encoder.position_embedding_type='absolute'",
        ),
        (
            lambda c: c["decoder"].update(cross_attention_hidden_size=24),
            "decoder.cross_attention_hidden_size=None",
        ),
    ],
)
def test_a_value_that_is_not_covered_is_named(
    folder: Path, tmp_path: Path, change: Changed, said: str
) -> None:
    assert said in (opened(changed(folder, tmp_path / "m", change)).no_rebuild or "")


def test_two_vocabularies_are_refused(tmp_path: Path) -> None:
    """One tokenizer reads for both."""
    apart = dict(VARIANTS["bert to bert"][1])
    apart["decoder"] = {**apart["decoder"], "vocab_size": 40}
    VARIANTS["two vocabularies"] = (PAIR, apart)
    try:
        folder = random_encoder_decoder("two vocabularies", tmp_path / "m")
    finally:
        del VARIANTS["two vocabularies"]
    with pytest.raises(ModelError, match="of 32 entries and the decoder one of 40"):
        opened(folder)


def test_both_texts_fit_into_the_shorter_half(tmp_path: Path) -> None:
    """RoBERTa's places begin behind its padding's."""
    folder = random_encoder_decoder("roberta to roberta", tmp_path / "m")
    said = opened(folder)
    assert said.window == load(str(folder)).checkpoint.window == 40 - 1 - 1


def test_it_writes_what_the_real_model_writes(folder: Path) -> None:
    found = inspect("The cat sat on the mat", model=folder, generate=5)
    assert found.generation is not None
    assert found.generation.verdict in ("verified", "rounding")
    assert found.verification.end_to_end is not None
    assert found.verification.end_to_end.probability_max_abs_error is not None


def test_it_writes_where_it_feeds_forward_in_pieces(tmp_path: Path) -> None:
    folder = random_encoder_decoder("roberta to roberta", tmp_path / "m")
    said = json.loads((folder / "config.json").read_text())
    for half in ("encoder", "decoder"):
        said[half]["chunk_size_feed_forward"] = 4
    (folder / "config.json").write_text(json.dumps(said))
    found = inspect("The cat sat on the mat", model=folder, generate=3)
    assert found.generation is not None
    assert found.generation.verdict in ("verified", "rounding")


def test_what_it_writes_behind_padding_has_two_answers(tmp_path: Path) -> None:
    """transformers' own: its positions differ with its cache and without."""
    folder = random_encoder_decoder("roberta to roberta", tmp_path / "m")
    for name in ("config.json", "generation_config.json"):
        said = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps(said | {"decoder_start_token_id": 1}))
    read = inspect("The cat sat", target="we are here", model=folder)
    assert read.target_tokens is not None
    assert (read.target_tokens[0].id, read.verification.verdict) == (1, "verified")
    with pytest.raises(ModelError, match="padding token, 1, has two answers"):
        inspect("The cat sat", model=folder, generate=5)


def test_no_adapter_is_merged_into_one(folder: Path) -> None:
    values: Mapping[str, Any] = json.loads((folder / "config.json").read_text())
    files: Any = CheckpointFiles(folder, Config(folder / "config.json", PAIR, values), None)  # type: ignore[arg-type]
    nothing: Any = None
    with pytest.raises(ModelError, match="put together of two models"):
        merging.plan(files, nothing, nothing)
