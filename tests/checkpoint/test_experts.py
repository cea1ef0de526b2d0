"""Experts out of a file: in whichever way they lie there, and no more of them than are chosen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from forward_models import random_model, run_theirs
from safetensors.torch import load_file, save_file
from small_models import save

from inspector.checkpoint import weights as weights_module
from inspector.checkpoint.opening import open_checkpoint
from inspector.checkpoint.sources import Source
from inspector.errors import ModelError
from inspector.families.registry import GROUPS
from inspector.families.small import SMALL
from inspector.forward.model import forward
from inspector.forward.routing import route
from inspector.records import Array, Checkpoint, Experts, Text

IDS = np.random.default_rng(3).integers(5, 32, 12)
MIXTURES = GROUPS["mixtures"]


def opened(folder: Path) -> Checkpoint:
    return open_checkpoint(Source(str(folder), "m", str(folder), local=True, sha256=None))


def final(checkpoint: Checkpoint) -> Array:
    found = forward(checkpoint, Text.of_ids(IDS)).final
    assert found is not None
    return found


@pytest.mark.parametrize("model_type", MIXTURES)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_beside_transformers(
    model_type: str, dtype: torch.dtype, tmp_path: Path
) -> None:
    """The oracle loads the same file, widened to float32."""
    model = random_model(model_type, SMALL[model_type]).to(dtype)
    folder = save(model, tmp_path / "model")
    loaded = type(model).from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)
    theirs = run_theirs(loaded.eval(), Text.of_ids(IDS))
    ours = final(opened(folder))
    assert ours.dtype == np.float32
    size = max(1.0, float(np.abs(theirs.final).max()))
    assert np.abs(ours - theirs.final).max() <= 3e-5 * size


@pytest.mark.parametrize("model_type", MIXTURES)
def test_a_file_that_has_them_as_memory_does(model_type: str, tmp_path: Path) -> None:
    """Older files have experts apart, memory has them together: both come to the same."""
    model = random_model(model_type, SMALL[model_type])
    folder = save(model, tmp_path / "model")
    apart = set(load_file(folder / "model.safetensors"))
    before = final(opened(folder))
    together = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    save_file(together, folder / "model.safetensors")
    assert (apart != set(together)) is (model_type != "gpt_oss")
    np.testing.assert_allclose(final(opened(folder)), before, atol=1e-6)


class Counted(weights_module.Weights):
    """Weights that note what is brought to float32."""

    brought: list[str]

    def __getitem__(self, name: str) -> Any:
        self.brought.append(name)
        return super().__getitem__(name)

    def one_of(self, name: str, index: int) -> Any:
        self.brought.append(f"{name}[{index}]")
        return super().one_of(name, index)


def named(brought: list[str], layer: int) -> Iterator[int]:
    """The numbers of the experts among the tensors of a layer."""
    for name in brought:
        if f"layers.{layer}." not in name or "experts" not in name:
            continue
        if name.endswith("]"):
            yield int(name.rpartition("[")[2][:-1])
        else:
            yield int(name.partition("experts.")[2].partition(".")[0])


@pytest.mark.parametrize("model_type", ["mixtral", "qwen3_moe", "gpt_oss"])
def test_only_what_the_router_chooses_is_read(
    model_type: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oracle: the router's product by hand, and the best of it."""
    many = {"num_local_experts": 24} if model_type != "qwen3_moe" else {"num_experts": 24}
    model = random_model(model_type, SMALL[model_type] | many).to(torch.bfloat16)
    folder = save(model, tmp_path / "model")
    Counted.brought = []
    monkeypatch.setattr(weights_module, "Weights", Counted)
    monkeypatch.setattr("inspector.checkpoint.model.modules.Weights", Counted)
    checkpoint = opened(folder)
    assert not list(named(Counted.brought, 1)), "experts are read before a text is"
    final(checkpoint)
    read = set(named(Counted.brought, 1))
    states: list[Array] = []
    theirs = type(model).from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)
    router = next(
        module for name, module in theirs.named_modules()
        if name.endswith(("layers.1.mlp.gate", "layers.1.mlp.router"))
    )  # fmt: skip
    router.register_forward_pre_hook(lambda _m, args: states.append(args[0].detach().numpy()))
    with torch.no_grad():
        theirs(input_ids=torch.from_numpy(IDS)[None])
    scores = states[0].reshape(len(IDS), -1) @ router.weight.detach().numpy().T
    if (bias := getattr(router, "bias", None)) is not None:
        scores = scores + bias.detach().numpy()
    chosen = {int(at) for row in scores for at in np.argsort(row)[-2:]}
    assert read == chosen
    assert len(chosen) < 24


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    model = random_model("glm4_moe", SMALL["glm4_moe"])
    folder = save(model, tmp_path / "model")
    file = folder / "config.json"
    said = json.loads(file.read_text())
    for changes, sentence in (
        ({"n_routed_experts": 4}, "4 experts"),
        ({"n_group": 3}, "2 of 3 groups"),
        ({"topk_group": 5}, "5 of 4 groups"),
        ({"num_experts_per_tok": 5}, "5 of 4 experts"),
        ({"mlp_only_layers": 3}, "a list of numbers of layers"),
        ({"norm_topk_prob": "yes"}, "true or false"),
    ):
        file.write_text(json.dumps(said | changes))
        with pytest.raises(ModelError, match=sentence):
            final(opened(folder))


def test_an_expert_that_is_missing_is_named(tmp_path: Path) -> None:
    folder = save(random_model("mixtral", SMALL["mixtral"]), tmp_path / "model")
    weights = folder / "model.safetensors"
    gone = "model.layers.1.block_sparse_moe.experts.2.w3.weight"
    save_file({name: t for name, t in load_file(weights).items() if name != gone}, weights)
    checkpoint = opened(folder)
    assert checkpoint.model is not None
    experts = checkpoint.model.stack.blocks[1].feed_forward
    assert isinstance(experts, Experts)
    assert len(experts.each) == 4
    with pytest.raises(ModelError, match=gone):
        _ = experts.each[2]


def test_shares_are_by_hand(tmp_path: Path) -> None:
    """glm4_moe's router in plain loops, from its own scores."""
    model = random_model("glm4_moe", SMALL["glm4_moe"])
    checkpoint = opened(save(model, tmp_path / "model"))
    assert checkpoint.model is not None
    experts = checkpoint.model.stack.blocks[1].feed_forward
    assert isinstance(experts, Experts)
    states = np.random.default_rng(1).normal(size=(9, 32)).astype(np.float32)
    chosen, shares = route(states, experts.router)
    assert experts.router.correction is not None
    for row, its, counts in zip(states, chosen, shares, strict=True):
        liked = [1 / (1 + np.exp(-float(row @ one))) for one in experts.router.scores.weight]
        ranked = [one + float(by) for one, by in zip(liked, experts.router.correction, strict=True)]
        groups = sorted(range(4), key=lambda g: -sum(ranked[2 * g : 2 * g + 2]))[:2]
        left = [at for at in range(8) if at // 2 in groups]
        best = sorted(left, key=lambda at: -ranked[at])[:2]
        assert its.tolist() == best
        total = sum(liked[at] for at in best)
        np.testing.assert_allclose(counts, [1.5 * liked[at] / total for at in best], rtol=1e-5)


def test_widths_of_latent_attention_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    folder = save(random_model("deepseek_v3", SMALL["deepseek_v3"]), tmp_path / "model")
    file = folder / "config.json"
    said = json.loads(file.read_text())
    for name, path in (
        ("qk_nope_head_dim", "q_b_proj"),
        ("kv_lora_rank", "kv_a_proj_with_mqa"),
        ("v_head_dim", "kv_b_proj"),
    ):
        file.write_text(json.dumps(said | {name: said[name] + 1}))
        with pytest.raises(ModelError, match=path):
            opened(folder)
    for changes, sentence in (
        ({"head_dim": 6}, "head_dim=6"),
        ({"v_head_dim": 0}, "v_head_dim = 0"),
    ):
        file.write_text(json.dumps(said | changes))
        try:
            reason = opened(folder).no_rebuild or ""
        except ModelError as error:
            reason = str(error)
        assert sentence in reason


def test_a_way_to_choose_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    folder = save(random_model("deepseek_v2", SMALL["deepseek_v2"]), tmp_path / "model")
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"topk_method": "noaux_tc"}))
    with pytest.raises(ModelError, match="noaux_tc"):
        final(opened(folder))
