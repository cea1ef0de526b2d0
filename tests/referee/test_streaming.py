"""Attention read while the model runs, beside plain loops over what transformers itself returns.

The oracle runs every sentence alone, without padding, asks for the attention weights, and goes over
them query by query and key by key. The null is the mean over every permutation there is.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from math import log2
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_models import perturb, save
from transformers import AutoConfig, AutoModel
from transformers.models.roformer.modeling_roformer import RoFormerSelfAttention

import inspector
from inspector.errors import InputError, ModelError
from inspector.families.attention_numbers import fused_rows
from inspector.records import Batch, Text, pad
from inspector.referee import attention_hook, head_sums
from inspector.referee.encoding import encode_many
from inspector.referee.head_sums import STATISTICS
from inspector.referee.loading import LoadedModel
from inspector.referee.streaming import Stream, refuse_dtype

SIZES: dict[str, Any] = {
    "vocab_size": 32, "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4,
    "intermediate_size": 32, "max_position_embeddings": 40, "pad_token_id": 0,
}  # fmt: skip
MODELS: dict[str, dict[str, Any]] = {
    "bert": SIZES,
    "roberta": SIZES,
    # One module for all layers.
    "albert": SIZES | {"embedding_size": 12},
    "distilbert": {"vocab_size": 32, "dim": 24, "n_layers": 3, "n_heads": 4, "hidden_dim": 32},
    "gpt2": {"vocab_size": 32, "n_embd": 24, "n_layer": 3, "n_head": 4, "n_positions": 40},
    # Shared keys and values, and a window.
    "mistral": SIZES | {"num_key_value_heads": 2, "sliding_window": 3},
    # Two kinds of layers, norms of q and k.
    "gemma3_text": SIZES | {
        "num_key_value_heads": 2, "head_dim": 8, "sliding_window": 3,
        "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
    },
    "modernbert": SIZES | {
        "local_attention": 4, "cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2,
        "eos_token_id": 3,
    },
    # Past transformers' interface, at least in some of its versions.
    "gpt_neo": {
        "vocab_size": 32, "hidden_size": 24, "num_layers": 3, "num_heads": 4, "window_size": 3,
        "max_position_embeddings": 40, "attention_types": [[["global", "local", "global"], 1]],
    },
    "gptj": {
        "vocab_size": 32, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 40,
        "rotary_dim": 4,
    },
    "falcon": {
        "vocab_size": 32, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
        "alibi": False, "new_decoder_architecture": True, "num_kv_heads": 2,
    },
    "roformer": SIZES | {"rotary_value": True},
    "xlm": {"vocab_size": 32, "emb_dim": 24, "n_layers": 2, "n_heads": 4, "pad_token_id": 0},
    "mpt": {"vocab_size": 32, "d_model": 24, "n_layers": 2, "n_heads": 4, "max_seq_len": 40},
}  # fmt: skip
TEXTS = ["the cats sat", "it was tired because the mat sat on cats", "the"]


@pytest.fixture(scope="module", params=MODELS)
def small(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return build(request.param, tmp_path_factory.mktemp("model"))


def build(model_type: str, place: Path) -> LoadedModel:
    torch.manual_seed(3)
    model: Any = AutoModel.from_config(AutoConfig.for_model(model_type, **MODELS[model_type]))
    perturb(model, seed=3)
    return inspector.load(save(model, place / model_type), device="cpu")


def sentences(loaded: LoadedModel, texts: list[str] = TEXTS) -> list[Text]:
    return encode_many(loaded.tokenizer, texts, limit=None, truncate=False)


def alone(loaded: LoadedModel, one: Text) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Every layer's attention (H, T, T), and ‖v·Wo‖ (H, T), of one sentence without padding."""
    family, config = loaded.family, loaded.model.config
    assert family is not None
    assert loaded.checkpoint.attention is not None
    caught: list[torch.Tensor] = []
    hooks = [
        loaded.model.get_submodule(path)
        .get_submodule(family.fused or family.value)
        .register_forward_hook(lambda _module, _given, made: caught.append(made[0].detach()))
        for path in dict.fromkeys(family.layer_paths(config))
    ]
    with torch.no_grad():
        # As the tokenizer gives it, segments included: GPT-2 adds an embedding for them.
        ids = torch.from_numpy(one.ids)[None]
        segments = {"token_type_ids": torch.zeros_like(ids)}
        given = loaded.model(ids, output_attentions=True, **segments)
    for hook in hooks:
        hook.remove()
    moved = []
    for made, path, known in zip(
        caught, family.layer_paths(config), loaded.checkpoint.attention, strict=True
    ):
        numbers = known.config
        size, shared = numbers.head_dim, numbers.heads // numbers.kv_heads
        values = turned(loaded.model, made) if numbers.turns_values else made.numpy()
        if family.fused:
            values = values[:, fused_rows(family, config)[2]]
        output = loaded.model.get_submodule(path).get_submodule(family.output).weight
        weight = (output.T if family.conv1d else output).detach().numpy()
        lengths = np.zeros((numbers.heads, len(one.ids)))
        for head in range(numbers.heads):
            into = weight[:, head * size : (head + 1) * size]
            at = head // shared * size
            for token in range(len(one.ids)):
                lengths[head, token] = np.linalg.norm(into @ values[token, at : at + size])
        moved.append(lengths)
    return [layer[0].numpy() for layer in given.attentions], moved


def turned(model: Any, values: torch.Tensor) -> np.ndarray:
    """RoFormer's values, (T, D), turned by their places by its own function."""
    tokens, heads = len(values), model.config.num_attention_heads
    table = model.encoder.embed_positions.weight[:tokens]
    parted = values.view(1, tokens, heads, -1).transpose(1, 2)
    turn = RoFormerSelfAttention.apply_rotary_position_embeddings
    *_, result = turn(table[None, None], parted, parted, parted)
    return result.transpose(1, 2).reshape(tokens, -1).detach().numpy()


def by_loops(weights: np.ndarray, one: Text) -> list[float]:
    """The sums of all statistics over the content queries of one head: (T, T) → K numbers."""
    special = np.flatnonzero(one.special)
    last = max((at for at in special if at > 0), default=None)
    sums = dict.fromkeys(STATISTICS, 0.0)
    for i in range(len(weights)):
        if one.special[i]:
            continue
        for j in range(len(weights)):
            share = float(weights[i, j])
            sums["entropy_bits"] -= share * log2(share) if share > 0 else 0
            sums["distance"] += share * abs(i - j)
            sums["previous"] += share * (j == i - 1)
            sums["next"] += share * (j == i + 1)
            sums["self"] += share * (j == i)
            sums["first"] += share * (j == 0)
            sums["separator"] += share * (j == last)
            same = one.words[i] >= 0 and one.words[i] == one.words[j]
            sums["same_word"] += share * (same and i != j)
    return list(sums.values())


def test_every_statistic_is_what_plain_loops_say(small: LoadedModel) -> None:
    stream = Stream(small)
    encoded = sentences(small)
    found = stream.read(pad(encoded, stream.padding))
    assert found.values.shape[1] == 2
    for row, one in enumerate(encoded):
        attentions, lengths = alone(small, one)
        assert len(attentions) == stream.layers
        for layer, (weights, long) in enumerate(zip(attentions, lengths, strict=True)):
            for head in range(stream.heads):
                moved = weights[head] * long[head]
                moved = moved / moved.sum(axis=1, keepdims=True)
                for reading, shares in enumerate((weights[head], moved)):
                    np.testing.assert_allclose(
                        found.values[row, reading, layer, head],
                        by_loops(shares, one),
                        rtol=2e-5,
                        atol=2e-5,
                        err_msg=f"{row} {layer} {head} {reading}",
                    )


def test_both_ways_of_reading_say_the_same(small: LoadedModel) -> None:
    """Which families go through transformers' interface changes with its version."""
    stream = Stream(small)
    batch = pad(sentences(small), stream.padding)
    found = stream.read(batch)
    stream._routed = False
    again = stream.read(batch)
    np.testing.assert_allclose(again.values, found.values, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(again.permuted, found.permuted, rtol=1e-5, atol=1e-5)


def test_the_null_is_the_mean_over_all_permutations(tmp_path: Path) -> None:
    """On a model that hears all and on one that hears what came before."""
    for model_type in ("bert", "mistral"):
        loaded = build(model_type, tmp_path)
        stream = Stream(loaded)
        (one,) = sentences(loaded, ["the cats sat"])
        found = stream.read(pad([one], stream.padding))
        attentions, lengths = alone(loaded, one)
        sees = np.array(attentions[0][0] > 0)
        for layer, (weights, long) in enumerate(zip(attentions, lengths, strict=True)):
            moved = weights * long[:, None]
            moved /= moved.sum(axis=-1, keepdims=True)
            for head in range(stream.heads):
                for reading, shares in enumerate((weights[head], moved[head])):
                    np.testing.assert_allclose(
                        found.permuted[0, reading, layer, head, 1:],
                        permuted_by_loops(shares, one, sees)[1:],
                        rtol=2e-5,
                        atol=2e-5,
                    )
        assert np.isnan(found.permuted[..., 0]).all()


def permuted_by_loops(shares: np.ndarray, one: Text, sees: np.ndarray) -> np.ndarray:
    total = np.zeros(len(STATISTICS))
    for i in np.flatnonzero(~one.special):
        movable = np.flatnonzero(sees[i] & ~one.special)
        orders = list(permutations(movable))
        for order in orders:
            row = shares.copy()
            row[i, movable] = shares[i, list(order)]
            # The sums of this query alone.
            others = [at for at in range(len(shares)) if at != i]
            row[others] = 0
            total += np.array(by_loops(row, one)) / len(orders)
    return total


def test_long_texts_are_gone_over_in_blocks_of_queries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = build("mistral", tmp_path)
    stream = Stream(loaded)
    batch = pad(sentences(loaded), stream.padding)
    whole = stream.read(batch)
    monkeypatch.setattr(head_sums, "_ENTRIES", 2000)
    parts = stream.read(batch)
    np.testing.assert_allclose(parts.values, whole.values, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(parts.permuted, whole.permuted, rtol=1e-5, atol=1e-6)


def test_who_watches_sees_the_weights_themselves(tmp_path: Path) -> None:
    loaded = build("bert", tmp_path)
    stream = Stream(loaded)
    encoded = sentences(loaded)
    seen: dict[int, np.ndarray] = {}
    stream.read(pad(encoded, stream.padding), lambda at, weights: seen.update({at: weights}))
    assert sorted(seen) == [0, 1, 2]
    for row, one in enumerate(encoded):
        size = len(one.ids)
        for layer, weights in enumerate(alone(loaded, one)[0]):
            mine = seen[layer][row, :, :size, :size]
            np.testing.assert_allclose(mine, weights, atol=1e-6)


def test_nothing_behind_the_last_attention_runs(tmp_path: Path) -> None:
    loaded = build("bert", tmp_path)
    stream = Stream(loaded)
    ran: list[str] = []
    for layer in (1, 2):
        block = loaded.model.encoder.layer[layer]
        block.intermediate.register_forward_hook(lambda *_, at=layer: ran.append(f"mlp {at}"))
        block.attention.output.register_forward_hook(lambda *_, at=layer: ran.append(f"Wo {at}"))
    stream.read(pad(sentences(loaded), stream.padding))
    assert ran == ["Wo 1", "mlp 1"]


def test_the_model_is_left_as_it_was(tmp_path: Path) -> None:
    loaded = build("bert", tmp_path)
    before = inspector.inspect("the cat sat", model=loaded)
    Stream(loaded).read(pad(sentences(loaded), 0))
    assert loaded.model.config._attn_implementation == "eager"
    after = inspector.inspect("the cat sat", model=loaded)
    np.testing.assert_array_equal(before.attention(1, 1), after.attention(1, 1))


def test_a_mask_that_is_lost_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a mask of its own an attention function lets a causal model see the future."""
    loaded = build("mistral", tmp_path)
    monkeypatch.setattr(attention_hook, "eager_mask", lambda *given, **named: None)
    with pytest.raises(ModelError, match="is not what it gives as its attention"):
        Stream(loaded)


def without_a_row(loaded: LoadedModel) -> LoadedModel:
    return replace(loaded, family=None, checkpoint=replace(loaded.checkpoint, attention=None))


def test_a_model_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """Past the interface, and without a row that says where its values are made."""
    loaded = without_a_row(build("gpt_neo", tmp_path))
    with pytest.raises(ModelError, match="cannot be read while it runs"):
        Stream(loaded)


def test_an_encoder_decoder_is_refused(tmp_path: Path) -> None:
    config = AutoConfig.for_model(
        "bart", vocab_size=32, d_model=16, encoder_layers=1, decoder_layers=1,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=16,
        decoder_ffn_dim=16, max_position_embeddings=40,
    )  # fmt: skip
    loaded = inspector.load(save(AutoModel.from_config(config), tmp_path / "bart"), device="cpu")
    with pytest.raises(ModelError, match="reads a source and a target"):
        Stream(loaded)


def test_without_known_weights_nothing_is_said_of_what_moves(tmp_path: Path) -> None:
    loaded = build("bert", tmp_path)
    known = Stream(loaded)
    unknown = Stream(without_a_row(loaded))
    assert known.moved
    assert not unknown.moved
    batch = pad(sentences(loaded), known.padding)
    assert unknown.read(batch).values.shape[1] == 1
    np.testing.assert_array_equal(unknown.read(batch).values[:, 0], known.read(batch).values[:, 0])


def test_bfloat16_comes_near_float32(tmp_path: Path) -> None:
    loaded = build("bert", tmp_path)
    batch = pad(sentences(loaded), 0)
    exact = mean(Stream(loaded).read(batch).values, batch)
    rough = mean(Stream(loaded, dtype="bfloat16").read(batch).values, batch)
    assert 1e-5 < np.abs(rough - exact).max() < 0.2
    # The model itself stays as it is.
    assert loaded.model.dtype == torch.float32


def mean(values: np.ndarray, batch: Batch) -> np.ndarray:
    total: np.ndarray = values.sum(axis=0) / batch.queries.sum()
    return total


def test_imitated_bfloat16_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)
    refuse_dtype("float32", "cpu")
    with pytest.raises(InputError, match="no bfloat16"):
        refuse_dtype("bfloat16", "cpu")
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: True)
    refuse_dtype("bfloat16", "cpu")


def test_a_first_special_token_is_no_separator(tmp_path: Path) -> None:
    """As in models that put a token before a text and none after it."""
    loaded = build("bert", tmp_path)
    (one,) = sentences(loaded, ["the cats sat"])
    special = np.zeros_like(one.special)
    special[0] = True
    stream = Stream(loaded)
    found = stream.read(pad([replace(one, special=special)], stream.padding)).values
    assert (found[..., STATISTICS.index("separator")] == 0).all()
    assert (found[..., STATISTICS.index("first")] > 0).all()
