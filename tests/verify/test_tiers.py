"""The weaker tier: families without a row, rebuilt from the queries, keys and values they computed.

The oracle is transformers: its own eager attention, and the eager functions of families that cap
their scores, add positions to them or let a sink take its share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from small_models import perturb, random_bert, save
from transformers import CONFIG_MAPPING, AutoConfig, AutoModel, AutoTokenizer
from transformers.models.gemma2.modeling_gemma2 import eager_attention_forward as gemma2
from transformers.models.gpt_oss.modeling_gpt_oss import eager_attention_forward as gpt_oss
from transformers.models.t5.modeling_t5 import eager_attention_forward as t5

import inspector
from inspector.errors import InputError
from inspector.families.registry import FAMILIES
from inspector.families.small import SMALL
from inspector.forward.rebuilding.replay import replay
from inspector.records import CapturedAttention, LayerCheck
from inspector.referee import attention_hook as hook
from inspector.referee import capture
from inspector.report.export.summary import summarise
from inspector.session import Inspection
from inspector.verify import arbitrate, compare

SENTENCE = "The cat sat on the mat because it was tired and we are here"
LLAMA = dict(SMALL["llama"])
#: Families as if nobody had written a row for them: one of each kind of look into the interface.
UNKNOWN = {
    "granite": LLAMA,
    "cohere": LLAMA,
    "olmo2": LLAMA,
    "glm": LLAMA | {"head_dim": 6},
    "nomic_bert": dict(SMALL["bert"]),
}


@pytest.fixture(autouse=True)
def without_rows() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for model_type in UNKNOWN:
            patch.delitem(FAMILIES, model_type, raising=False)
        yield


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, dict[str, Any]], Path]:
    place = tmp_path_factory.mktemp("tiers")

    def make(model_type: str, options: dict[str, Any]) -> Path:
        folder = place / model_type
        if not folder.exists():
            torch.manual_seed(0)
            model = AutoModel.from_config(AutoConfig.for_model(model_type, **options))
            perturb(model, seed=5)
            save(model, folder)
        return folder

    return make


@pytest.fixture
def granite(folders: Callable[[str, dict[str, Any]], Path]) -> Path:
    return folders("granite", LLAMA)


@pytest.mark.parametrize("model_type", UNKNOWN)
def test_ours_beside_theirs(
    folders: Callable[[str, dict[str, Any]], Path], model_type: str
) -> None:
    folder = folders(model_type, UNKNOWN[model_type])
    ours = inspector.inspect(SENTENCE, model=folder)
    assert ours.verification.verdict == "consistent"
    assert ours.verification.tier == "captured"
    assert model_type in (ours.verification.reason or "")
    theirs = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    tokens = AutoTokenizer.from_pretrained(folder)(SENTENCE, return_tensors="pt")
    with torch.no_grad():
        outputs = theirs(**tokens, output_attentions=True)
    assert len(ours.trace.layers) == len(outputs.attentions) == 3
    for layer, attention in enumerate(outputs.attentions):
        # The attention is the model's own to the last bit: being watched changes nothing.
        np.testing.assert_array_equal(ours.trace.layers[layer].attention, attention[0].numpy())
        for head in range(attention.shape[1]):
            rebuilt = ours.recomputed(layer, head)
            assert np.abs(rebuilt - attention[0, head].numpy()).max() <= 1e-5
            assert rebuilt is not ours.attention(layer, head)


def test_what_is_not_known_is_not_measured(granite: Path) -> None:
    found = inspector.inspect(SENTENCE, model=granite)
    assert not found.rebuild.from_weights
    assert not any(rung.applies for rung in found.ladder)
    assert found.shares == ()
    with pytest.raises(InputError, match="from the weights"):
        found.mix("heads", 0)


def test_the_tier_is_said_everywhere(granite: Path, tmp_path: Path) -> None:
    found = inspector.inspect(SENTENCE, model=granite)
    said = summarise(found, {})["verification"]
    assert (said["verdict"], said["tier"]) == ("consistent", "captured")
    assert [site["verdict"] for site in said["sites"]] == ["consistent"]
    assert {head["verdict"] for head in said["sites"][0]["layers"][2]["heads"]} == {"consistent"}
    found.save(tmp_path / "all.safetensors")
    tensors = load_file(tmp_path / "all.safetensors")
    assert tensors["self.1.query"].shape == (4, 16, 6)
    assert tensors["self.1.key"].shape == (2, 16, 6)
    assert "self.1.output" not in tensors
    np.testing.assert_array_equal(tensors["self.1.recomputed"][3], found.recomputed(1, 3))


def test_a_refused_config_falls_into_the_weaker_tier_with_its_reason(tmp_path: Path) -> None:
    found = inspector.inspect(SENTENCE, model=random_bert(tmp_path / "decoder", is_decoder=True))
    assert found.verification.verdict == "consistent"
    assert "is_decoder" in (found.verification.reason or "")
    # A decoder's mask is the model's own: nobody hears what comes after.
    assert np.triu(found.attention(0, 0), 1).max() == 0


def changed(
    found: Inspection, change: Callable[[CapturedAttention], CapturedAttention]
) -> LayerCheck:
    """The check of layer 1, rebuilt from something else than what the model was given."""
    layer = found.trace.layers[1]
    assert layer.captured is not None
    other = replace(layer, captured=change(layer.captured))
    (again,) = replay(replace(found.trace, layers=(other,)))
    return compare.check_layer(layer, again, "captured")


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("scale", lambda e: replace(e, scale=e.scale * 1.05)),
        ("mask", lambda e: replace(e, bias=None)),
        ("heads", lambda e: replace(e, query=e.query[[1, 0, 2, 3]])),
        ("keys", lambda e: replace(e, key=e.key[::-1])),
        ("cap", lambda e: replace(e, softcap=1.0)),
    ],
)
def test_a_changed_part_turns_the_verdict(
    granite: Path, part: str, change: Callable[[CapturedAttention], CapturedAttention]
) -> None:
    found = inspector.inspect(SENTENCE, model=granite)
    assert changed(found, lambda captured: captured).verdict == "consistent"
    check = changed(found, change)
    assert check.verdict == "mismatch", part
    if part == "heads":
        assert check.head_verdicts == ("mismatch", "mismatch", "consistent", "consistent")


def test_changed_values_turn_the_mixture(granite: Path) -> None:
    found = inspector.inspect(SENTENCE, model=granite)
    check = changed(found, lambda captured: replace(captured, value=captured.value * 1.01))
    assert check.output_verdict == check.verdict == "mismatch"
    assert set(check.head_verdicts) == {"consistent"}


def test_float64_decides_here_too(granite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "WEIGHT_BOUND", 0.0)
    found = inspector.inspect(SENTENCE, model=granite)
    assert found.verification.verdict == "consistent"
    arbitrated = np.concatenate([c.arbitrated_max_abs_error for c in found.verification.layers])
    assert np.nanmax(arbitrated) <= 1e-6
    assert not np.isnan(arbitrated).all()
    monkeypatch.setattr(arbitrate, "FLOAT32_SOFTMAX_BOUND", -1.0)
    assert inspector.inspect(SENTENCE, model=granite).verification.verdict == "mismatch"


# --- what cannot be watched -------------------------------------------------------------------


@pytest.mark.parametrize("model_type", ["visual_bert", "luke"])
def test_outside_the_interface(
    folders: Callable[[str, dict[str, Any]], Path], model_type: str
) -> None:
    found = inspector.inspect(SENTENCE, model=folders(model_type, dict(SMALL["bert"])))
    assert (found.verification.verdict, found.verification.tier) == ("not_recomputed", "none")
    assert found.attention(2, 3).shape == (16, 16)
    assert all(layer.captured is None for layer in found.trace.layers)


def test_no_captures_are_no_proof(
    folders: Callable[[str, dict[str, Any]], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A family that takes the name and then goes its own way."""
    monkeypatch.setattr(capture, "routes", lambda _model: True)
    found = inspector.inspect(SENTENCE, model=folders("visual_bert", dict(SMALL["bert"])))
    assert found.verification.verdict == "not_recomputed"


@pytest.mark.parametrize("how", ["fails", "gives another attention", "calls twice"])
def test_a_capture_that_is_not_the_models_attention_is_not_used(
    granite: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = hook._attend

    def attend(*args: Any, **named: Any) -> Any:
        if how == "fails":
            raise KeyError("no such attention")
        mixed, attention = real(*args, **named)
        if how == "calls twice":
            return real(*args, **named)
        return mixed, attention * 0.5

    loaded = inspector.load(granite)
    monkeypatch.setattr(hook, "_attend", attend)
    found = inspector.inspect(SENTENCE, model=loaded)
    assert found.verification.verdict == "not_recomputed"
    assert loaded.model.config._attn_implementation == "eager"
    monkeypatch.undo()
    assert inspector.inspect(SENTENCE, model=loaded).verification.verdict == "consistent"


def beside_its_sink(
    module: Any, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor, **how: Any
) -> tuple[torch.Tensor, torch.Tensor]:
    """As in families that take the softmax without the sink, and then of A·V what it leaves."""
    k, v = (one.repeat_interleave(module.num_key_value_groups, dim=1) for one in (k, v))
    scores = q @ k.transpose(2, 3) * how["scaling"] + mask
    left = torch.sigmoid(torch.logsumexp(scores, dim=-1) - module.sinks.view(1, -1, 1))
    attention = torch.softmax(scores, dim=-1)
    return (attention @ v * left[..., None]).transpose(1, 2), attention


@pytest.mark.skipif("granite_swa" not in CONFIG_MAPPING, reason="an older transformers")
def test_a_family_whose_sink_stands_beside_its_attention(
    folders: Callable[[str, dict[str, Any]], Path],
) -> None:
    found = inspector.inspect(SENTENCE, model=folders("granite_swa", LLAMA))
    assert found.verification.verdict == "consistent"
    for layer in found.trace.layers:
        np.testing.assert_allclose(layer.attention.sum(axis=-1), 1, atol=1e-5)


# --- the formula beside the families' own functions -------------------------------------------


@pytest.mark.parametrize(
    ("theirs", "options"),
    [
        (gemma2, {"softcap": 2.0}),
        (gpt_oss, {"s_aux": torch.tensor([0.5, -1.0, 2.0, 0.0])}),
        (beside_its_sink, {"s_aux": torch.tensor([0.5, -1.0, 2.0, 0.0])}),
        (t5, {"position_bias": torch.linspace(-2, 2, 4 * 49).reshape(1, 4, 7, 7)}),
    ],
)
def test_caps_sinks_and_positions(
    theirs: Any, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = torch.Generator().manual_seed(1)
    shared = 4 if theirs is t5 else 2
    q, k, v = (torch.randn(1, n, 7, 5, generator=generator) for n in (4, shared, shared))
    hidden = torch.ones(7, 7).triu(1).bool()
    mask = torch.zeros(1, 1, 7, 7).masked_fill(hidden, torch.finfo(torch.float32).min)
    module = SimpleNamespace(
        training=False, num_key_value_groups=4 // shared, sinks=options.get("s_aux")
    )
    monkeypatch.setattr(hook, "sys", SimpleNamespace(modules={"types": SimpleNamespace()}))
    monkeypatch.setattr(hook.sys.modules["types"], hook._EAGER, theirs, raising=False)
    calls: list[hook.Call] = []
    token = hook._listener.set(calls.append)
    mixed, attention = hook._attend(module, q, k, v, mask, scaling=0.7, dropout=0.0, **options)
    hook._listener.reset(token)
    (call,) = calls

    traced = SimpleNamespace(site="self", layer=0, captured=hook.captured(call))
    (ours,) = replay(SimpleNamespace(layers=(traced,), text=range(7)))  # type: ignore[arg-type]
    np.testing.assert_allclose(ours.attention, attention[0].numpy(), atol=1e-6)
    np.testing.assert_allclose(ours.output, mixed[0].flatten(1).numpy(), atol=1e-6)
    np.testing.assert_array_equal(ours.visible, ~hidden.numpy())
    assert (ours.sink is not None) == (theirs is gpt_oss)
