"""Every registered family: a small random model of each, rebuilt beside transformers' own output.

The oracle is transformers itself, run by a model that transformers loads from the same folder.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from corruptions import APPLIES, CORRUPTIONS
from family_variants import BLOOM, DEBERTA, FALCON, GPT2, NEOX, VARIANTS
from small_models import perturb, save
from transformers import AutoConfig, AutoModel, AutoTokenizer

import inspector
from inspector.analogy.ladder import RUNGS, applies
from inspector.errors import ModelError
from inspector.families.covered import not_rebuilt_because
from inspector.families.registry import FAMILIES, GROUPS, Rows
from inspector.families.small import SMALL
from inspector.forward.core import visible
from inspector.forward.norms import apply_norm
from inspector.forward.rebuilding.recompute import recompute
from inspector.records import AttentionConfig, AttentionLayer, Norm, TracedLayer
from inspector.referee.capture import capture_float64
from inspector.referee.text import encode
from inspector.session import Inspection
from inspector.verify import arbitrate, compare

Made = Callable[[str], tuple[Inspection, Any, Any]]

SENTENCE = "The cat sat on the mat because it was tired and we are here"

#: The tests of a variant follow one another: of two processes only one makes it.
each_variant = pytest.mark.parametrize("variant", VARIANTS, scope="module")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Ours, transformers' own output, and its model of a variant; each is made once."""
    place = tmp_path_factory.mktemp("families")
    known: dict[str, tuple[Inspection, Any, Any]] = {}

    def make(variant: str) -> tuple[Inspection, Any, Any]:
        if variant not in known:
            model_type, options = VARIANTS[variant]
            torch.manual_seed(0)
            model = AutoModel.from_config(AutoConfig.for_model(model_type, **options))
            perturb(model, seed=5)
            folder = save(model, place / variant.replace(" ", "-"))
            found = inspector.inspect(SENTENCE, model=folder)
            theirs = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
            tokens = AutoTokenizer.from_pretrained(folder)(SENTENCE, return_tensors="pt")
            known_inputs = signature(theirs.forward).parameters
            inputs = {name: given for name, given in tokens.items() if name in known_inputs}
            with torch.no_grad():
                outputs = theirs(**inputs, output_attentions=True, output_hidden_states=True)
            known[variant] = found, outputs, theirs
        return known[variant]

    return make


@each_variant
def test_ours_beside_theirs(made: Made, variant: str) -> None:
    ours, theirs, _ = made(variant)
    assert ours.verification.verdict in ("verified", "rounding"), ours.verification
    assert len(ours.trace.layers) == len(theirs.attentions) >= 3
    assert ours.rebuild.layers
    for layer, attention in enumerate(theirs.attentions):
        np.testing.assert_allclose(
            ours.trace.layers[layer].hidden, theirs.hidden_states[layer][0], atol=1e-6
        )
        assert np.abs(ours.rebuild.layers[layer].attention - attention[0].numpy()).max() <= 1e-5
        output = ours.trace.layers[layer].output
        assert output is not None
        assert np.abs(ours.rebuild.layers[layer].output - output).max() <= 1e-4


@each_variant
def test_the_ladder_ends_at_the_model_and_the_shares_sum_to_the_gap(
    made: Made, variant: str
) -> None:
    ours, _, _ = made(variant)
    rungs = {rung.name: rung for rung in ours.ladder}
    last = rungs["model"].all_tokens
    assert last is not None
    assert float(np.max(last.jsd_bits)) <= 1e-6
    first = rungs["softmax"].all_tokens
    assert first is not None
    gap = float(np.mean(first.jsd_bits))
    assert sum(share.bits for share in ours.shares) == pytest.approx(gap, abs=1e-5)
    family = FAMILIES[VARIANTS[variant][0]]
    config = ours.checkpoint.config
    assert rungs["mask"].applies == (family.is_causal(config) or family.window == "both")
    assert ours.rebuild.layers
    placed = [layer.has_positions for layer in ours.rebuild.layers]
    assert rungs["position"].applies == any(placed)
    added = family.added is not None and not variant.endswith("no positions")
    assert any(placed) == (family.turns(config) or added)


def test_every_family_has_a_small_config() -> None:
    assert set(FAMILIES) <= set(SMALL)


def test_every_family_has_a_line_here() -> None:
    """Encoder–decoders have theirs in ``test_encoder_decoders.py``."""
    one_site = {name for name, family in FAMILIES.items() if not family.others}
    assert {model_type for model_type, _ in VARIANTS.values()} == one_site


def test_two_rows_for_one_type_are_an_error() -> None:
    with pytest.raises(ValueError, match="registered twice"):
        Rows({"decoders": ("gpt2",), "llamas": ("gpt2",)})


def test_every_group_has_what_the_registry_says_it_has() -> None:
    """A row, what its config means and a small config of each, and of no other."""
    for group, names in GROUPS.items():
        rows, configs, small = (
            import_module(f"inspector.families.{group}.{part}")
            for part in ("rows", "configs", "small")
        )
        assert tuple(row.model_type for row in rows.ROWS) == names
        assert set(configs.DEFAULTS) == set(small.SMALL) == set(names)
        assert {*configs.NAMES, *configs.DERIVED} <= set(names)


def test_a_row_that_names_a_module_the_model_lacks_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = AutoModel.from_config(AutoConfig.for_model("gpt2", **GPT2))
    folder = save(model, tmp_path / "gpt2")
    monkeypatch.setitem(FAMILIES, "gpt2", replace(FAMILIES["gpt2"], fused="attn.nothing"))
    with pytest.raises(ModelError, match="nothing"):
        inspector.inspect(SENTENCE, model=folder)


def test_two_orders_of_layer_and_module_agree_on_albert(made: Made) -> None:
    ours, _, _ = made("albert in groups")
    assert ours.checkpoint.attention is not None
    weights = [layer.weights for layer in ours.checkpoint.attention]
    first, *_, last = weights
    assert [at is first for at in weights] == [True] * 3 + [False] * 2
    assert last is not first


# --- each part of a dialect, left out, must turn the verdict ----------------------------------


@each_variant
def test_a_corrupted_rebuild_is_caught(made: Made, variant: str) -> None:
    found = made(variant)[0]
    assert found.checkpoint.attention is not None
    for name, corrupt in CORRUPTIONS.items():
        for layer, known in enumerate(found.checkpoint.attention):
            if not APPLIES.get(name, lambda _w, _c: True)(known.weights, known.config):
                continue
            traced = found.trace.layers[layer]
            wrong = AttentionLayer(*corrupt(known.weights, known.config))
            (rebuilt,) = recompute((wrong,), replace(found.trace, layers=(traced,)))
            check = compare.check_layer(traced, rebuilt, "weights")
            assert check.verdict == "mismatch", (name, layer)
            assert "mismatch" in check.head_verdicts, (name, layer)


def test_values_left_as_they_are_are_caught(made: Made) -> None:
    """They change no weight, only what is mixed by it."""
    found = made("roformer, values turned")[0]
    assert found.checkpoint.attention is not None
    for traced, known in zip(found.trace.layers, found.checkpoint.attention, strict=True):
        wrong = replace(known, config=replace(known.config, turns_values=False))
        (rebuilt,) = recompute((wrong,), replace(found.trace, layers=(traced,)))
        check = compare.check_layer(traced, rebuilt, "weights")
        assert check.output_verdict == check.verdict == "mismatch"


# --- the formulas beside plain loops ----------------------------------------------------------


@pytest.mark.parametrize(
    ("causal", "window"), [(False, None), (False, 2), (True, None), (True, 1), (True, 3)]
)
def test_who_may_be_attended_to(causal: bool, window: int | None) -> None:
    config = AttentionConfig(
        heads=1, kv_heads=1, head_dim=1, scale=1.0, causal=causal, window=window
    )
    seen = visible(config, 5)
    for i in range(5):
        for j in range(5):
            near = window is None or abs(i - j) < window
            assert seen[i, j] == (near and (not causal or j <= i))


def test_a_layer_norm() -> None:
    random = np.random.default_rng(1)
    states, weight, bias = random.normal(size=(3, 7)), random.normal(size=7), random.normal(size=7)
    ours = apply_norm(states, Norm(weight, bias, 1e-3))
    theirs = torch.nn.functional.layer_norm(
        torch.from_numpy(states), (7,), torch.from_numpy(weight), torch.from_numpy(bias), 1e-3
    )
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-12)
    bare = apply_norm(states.astype(np.float32), Norm(None, None, 1e-3))
    assert bare.dtype == np.float32
    np.testing.assert_allclose(bare.mean(axis=1), 0, atol=1e-6)


def test_a_falcon_with_alibi_is_flagged(tmp_path: Path) -> None:
    model = AutoModel.from_config(AutoConfig.for_model("falcon", **FALCON | {"alibi": True}))
    found = inspector.inspect(SENTENCE, model=save(model, tmp_path / "falcon"))
    assert found.verification.verdict == "not_recomputed"
    assert "alibi=True" in (found.verification.reason or "")


@pytest.mark.parametrize(
    ("model_type", "options", "said"),
    [
        ("deberta", DEBERTA | {"talking_head": True}, "talking_head=True"),
        ("deberta-v2", DEBERTA | {"pos_att_type": ["c2p", "p2p"]}, "pos_att_type"),
        ("bloom", BLOOM | {"slow_but_exact": True}, "slow_but_exact=True"),
        ("mpnet", SMALL["mpnet"] | {"relative_attention_num_buckets": 40}, "num_buckets=40"),
        ("gpt_neox", NEOX | {"head_dim": 4}, "head_dim=4"),
        ("ctrl", SMALL["ctrl"] | {"layer_norm_epsilon": 1e-5}, "layer_norm_epsilon=1e-05"),
        ("xlm", SMALL["xlm"] | {"causal": True}, "causal=True"),
        ("flaubert", SMALL["flaubert"] | {"pre_norm": True}, "pre_norm=True"),
        ("mpt", SMALL["mpt"] | {"attn_config": {"alibi_bias_max": 16}}, "bias_max=16"),
        ("big_bird", SMALL["big_bird"] | {"attention_type": "block_sparse"}, "'block_sparse'"),
        ("esm", SMALL["esm"] | {"position_embedding_type": "relative_key"}, "'absolute' or"),
    ],
)
def test_what_is_not_covered_is_refused_by_name(
    model_type: str, options: dict[str, Any], said: str
) -> None:
    refusal = not_rebuilt_because(FAMILIES[model_type], AutoConfig.for_model(model_type, **options))
    assert refusal is not None
    assert said in refusal


@pytest.mark.parametrize(
    ("model_type", "name"),
    [("xmod", "default_language"), ("esm", "pad_token_id"), ("roberta", "pad_token_id")],
)
def test_what_a_config_leaves_open_is_asked_for(tmp_path: Path, model_type: str, name: str) -> None:
    config = AutoConfig.for_model(model_type, **SMALL[model_type] | {name: None})
    folder = save(AutoModel.from_config(config), tmp_path / model_type)
    with pytest.raises(ModelError, match=f"leaves {name} open") as caught:
        inspector.inspect(SENTENCE, model=folder)
    assert caught.value.hint == f"Set {name} in its config.json."


def test_a_big_bird_in_blocks_says_why_it_cannot_be_seen(tmp_path: Path) -> None:
    """transformers changes its modules as it runs, and then gives no attention weights."""
    options = SMALL["big_bird"] | {"attention_type": "block_sparse"}
    model = AutoModel.from_config(AutoConfig.for_model("big_bird", **options))
    folder = save(model, tmp_path / "big_bird")
    with pytest.raises(ModelError, match="gives no attention weights") as caught:
        inspector.inspect(SENTENCE, model=folder)
    assert "this checkpoint has attention_type='block_sparse'" in str(caught.value.hint)


def test_softmax_in_float32_is_arbitrated_by_a_bound_of_its_own(made: Made) -> None:
    ours, _, _ = made("opt")
    assert ours.rebuild.layers
    check = replace(
        compare.check_layer(ours.trace.layers[0], ours.rebuild.layers[0], "weights"),
        head_verdicts=("mismatch",) * 4,
    )
    moved = replace(
        ours.rebuild.layers[0],
        attention=ours.trace.layers[0].attention + np.float32(5e-7),
    )
    for flag, expected in ((True, "rounding"), (False, "mismatch")):
        again = replace(moved, float32_softmax=flag)
        judged = arbitrate.arbitrate(check, ours.trace.layers[0], again, "weights")
        assert set(judged.head_verdicts) == {expected}


def test_rungs_of_a_causal_family(made: Made) -> None:
    ours, _, _ = made("gpt2")
    assert ours.rebuild.layers
    assert [rung.name for rung in RUNGS if not applies(rung, ours.rebuild.layers[0])] == [
        "position"
    ]


# --- float64 ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "variant", [name for name in VARIANTS if FAMILIES[VARIANTS[name][0]].added] + ["gpt_oss"]
)
def test_in_float64_nothing_is_left_but_what_the_model_rounds(made: Made, variant: str) -> None:
    loaded = inspector.load(made(variant)[0].model.name)
    encoded = encode(SENTENCE, None, loaded.tokenizer, loaded.model.config, truncate=False)
    trace = capture_float64(loaded, encoded)
    known = loaded.checkpoint.attention
    assert known is not None
    rounds = FAMILIES[VARIANTS[variant][0]].float32_softmax
    bound = arbitrate.FLOAT32_SOFTMAX_BOUND if rounds else arbitrate.ARBITRATION_BOUND
    for theirs, ours in zip(trace.layers, recompute(known, trace, np.float64), strict=True):
        assert np.abs(theirs.attention - ours.attention).max() <= bound


def test_what_bloom_rounds_does_not_grow_with_the_text(tmp_path: Path) -> None:
    """ALiBi's scores are in the hundreds here, and the model rounds them to float32."""
    options = BLOOM | {"n_head": 12, "n_layer": 1}
    model = AutoModel.from_config(AutoConfig.for_model("bloom", **options))
    perturb(model, seed=5)
    loaded = inspector.load(save(model, tmp_path / "bloom"))
    text = "the cat sat on mat " * 100
    encoded = encode(text, None, loaded.tokenizer, loaded.model.config, truncate=False)
    trace = capture_float64(loaded, encoded)
    assert loaded.checkpoint.attention is not None
    (ours,) = recompute(loaded.checkpoint.attention, trace, np.float64)
    difference = np.abs(trace.layers[0].attention - ours.attention).max()
    assert difference <= arbitrate.FLOAT32_SOFTMAX_BOUND


# --- batches with padding ---------------------------------------------------------------------


def batch(side: str, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Two texts, the second padded to the length of the first: ids and mask, (2, length)."""
    ids = torch.randint(5, 20, (2, length), generator=torch.Generator().manual_seed(1))
    mask = torch.ones_like(ids)
    empty = slice(0, 4) if side == "left" else slice(length - 4, length)
    ids[1, empty], mask[1, empty] = 0, 0
    return ids, mask


@pytest.mark.parametrize("side", ["left", "right"])
@each_variant
def test_a_padded_batch_of_two(made: Made, variant: str, side: str) -> None:
    """Text by text from a batch that transformers ran; a row that sees nothing is not compared."""
    found, _, model = made(variant)
    known = found.checkpoint.attention
    assert known is not None
    ids, mask = batch(side, 14)
    outputs: list[torch.Tensor] = []
    inputs: list[torch.Tensor] = []
    family = FAMILIES[VARIANTS[variant][0]]
    with ExitStack() as hooks, torch.no_grad():
        for path in dict.fromkeys(family.layer_paths(model.config)):
            layer = model.get_submodule(path)
            before = layer.register_forward_pre_hook(
                lambda _m, args, named: inputs.append(args[0] if args else named["hidden_states"]),
                with_kwargs=True,
            )
            behind = layer.get_submodule(family.output).register_forward_hook(
                lambda _m, _args, result: outputs.append(result)
            )
            hooks.enter_context(before)
            hooks.enter_context(behind)
        given = model(input_ids=ids, attention_mask=mask, output_attentions=True)
    for text in range(2):
        present = mask[text].numpy().astype(bool)
        layers = tuple(
            TracedLayer("self", n, hidden[text].numpy(), A[text].numpy(), o[text].numpy())
            for n, (hidden, A, o) in enumerate(zip(inputs, given.attentions, outputs, strict=True))
        )
        padded = replace(found.trace, layers=layers, present=None if present.all() else present)
        for theirs, ours in zip(layers, recompute(known, padded), strict=True):
            seeing = present & ours.visible.any(axis=1)
            assert seeing.sum() >= 10
            assert theirs.output is not None
            assert np.abs(ours.attention - theirs.attention)[:, seeing].max() <= 1e-5
            assert np.abs(ours.output - theirs.output)[seeing].max() <= 1e-4
