"""The rebuild beside transformers' own attention, and every way in which it must be caught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

import inspector
from inspector.forward.rebuilding.recompute import recompute
from inspector.records import AttentionLayer, Projection
from inspector.referee.loading import LoadedModel
from inspector.session import Inspection
from inspector.verify import compare

SENTENCE = "The cat sat on the mat because it was tired"
MODELS = ["trained bert", "trained distilbert", "random bert", "random distilbert"]


@pytest.fixture(scope="module")
def inspections(
    bundled: LoadedModel, model_folders: dict[str, Path]
) -> dict[str, tuple[Inspection, Any]]:
    """Ours and transformers' own output, from a model that transformers loads by itself."""
    found = {}
    for name in MODELS:
        loaded = bundled if name == "trained bert" else inspector.load(model_folders[name])
        path = model_folders.get(name, Path(bundled.model.name_or_path))
        theirs = AutoModel.from_pretrained(path, attn_implementation="eager").eval()
        tokens = AutoTokenizer.from_pretrained(path)(SENTENCE, return_tensors="pt")
        with torch.no_grad():
            outputs = theirs(**tokens, output_attentions=True, output_hidden_states=True)
        found[name] = inspector.inspect(SENTENCE, model=loaded), outputs
    return found


@pytest.mark.parametrize("name", MODELS)
def test_ours_beside_theirs(inspections: dict[str, tuple[Inspection, Any]], name: str) -> None:
    ours, theirs = inspections[name]
    assert ours.verification.verdict == "verified"
    assert len(ours.trace.layers) == len(theirs.attentions)
    for layer, attention in enumerate(theirs.attentions):
        np.testing.assert_allclose(ours.trace.layers[layer].hidden, theirs.hidden_states[layer][0])
        for head in range(attention.shape[1]):
            expected = attention[0, head].numpy()
            np.testing.assert_array_equal(ours.attention(layer, head), expected)
            assert np.abs(ours.recomputed(layer, head) - expected).max() <= 1e-5


def test_a_folded_bert_is_the_same_model(
    inspections: dict[str, tuple[Inspection, Any]],
) -> None:
    bert, distilbert = inspections["trained bert"][0], inspections["trained distilbert"][0]
    assert distilbert.model.family == "distilbert"
    for ours, theirs in zip(bert.trace.layers, distilbert.trace.layers, strict=True):
        assert np.abs(ours.attention - theirs.attention).max() <= 1e-5
        assert ours.output is not None
        assert theirs.output is not None
        assert np.abs(ours.output - theirs.output).max() <= 1e-5


def test_long_texts_over_threads_give_the_same(bundled: LoadedModel) -> None:
    found = inspector.inspect(" ".join([SENTENCE] * 20), model=bundled)
    assert len(found.tokens) > 200
    assert found.verification.verdict == "verified"


def test_float64_agrees_to_ten_digits(bundled: LoadedModel) -> None:
    from inspector.referee.capture import capture_float64
    from inspector.referee.text import encode

    encoded = encode(SENTENCE, None, bundled.tokenizer, bundled.model.config, truncate=False)
    trace = capture_float64(bundled, encoded)
    known = bundled.checkpoint.attention
    assert known is not None
    for traced, rebuilt in zip(trace.layers, recompute(known, trace, np.float64), strict=True):
        assert traced.attention.dtype == rebuilt.attention.dtype == np.float64
        assert np.abs(traced.attention - rebuilt.attention).max() <= 1e-10
    assert bundled.model.dtype == torch.float32


# --- a model that does something else must be caught, and exactly there -----------------------


@pytest.fixture
def hooked(bundled: LoadedModel) -> Any:
    """Hook a module of the bundled model for one inspection."""
    handles = []

    def inspect_with(path: str, hook: Callable[..., Any]) -> Inspection:
        handles.append(bundled.model.get_submodule(path).register_forward_hook(hook))
        return inspector.inspect(SENTENCE, model=bundled)

    yield inspect_with
    for handle in handles:
        handle.remove()


def mismatching(found: Inspection) -> tuple[set[tuple[int, int]], set[int]]:
    heads = {
        (check.layer, head)
        for check in found.verification.layers
        for head, verdict in enumerate(check.head_verdicts)
        if verdict != "verified"
    }
    outputs = {
        check.layer for check in found.verification.layers if check.output_verdict != "verified"
    }
    return heads, outputs


def test_an_untouched_model_is_not_accused(cat: Inspection) -> None:
    assert mismatching(cat) == (set(), set())


def test_one_heads_queries_scaled(hooked: Any) -> None:
    def scale(_module: Any, _args: Any, output: torch.Tensor) -> torch.Tensor:
        output = output.clone()
        output[..., 5 * 32 : 6 * 32] *= 1.02
        return output

    found = hooked("encoder.layer.2.attention.self.query", scale)
    assert found.verification.verdict == "mismatch"
    assert mismatching(found) == ({(2, 5)}, {2})
    assert found.verification.layers[2].head_verdicts[5] == "mismatch"
    assert found.verification.layers[2].arbitrated_max_abs_error[5] > 1e-10


def test_one_heads_keys_scaled_unevenly(hooked: Any) -> None:
    def scale(_module: Any, _args: Any, output: torch.Tensor) -> torch.Tensor:
        output = output.clone()
        # All keys moved by the same vector would leave the softmax as it was.
        output[..., 3 * 32 : 4 * 32] *= torch.linspace(1, 1.02, output.shape[1])[:, None]
        return output

    found = hooked("encoder.layer.4.attention.self.key", scale)
    assert mismatching(found) == ({(4, 3)}, {4})


@pytest.mark.parametrize("module", ["self.value", "output.dense"])
def test_values_and_output_changed(hooked: Any, module: str) -> None:
    found = hooked(f"encoder.layer.1.attention.{module}", lambda _m, _a, output: output * 1.02)
    assert found.verification.verdict == "mismatch"
    assert mismatching(found) == (set(), {1})


def test_the_attention_function_changed_for_all(
    bundled: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers.models.bert import modeling_bert

    real = modeling_bert.eager_attention_forward

    def scaled(*args: Any, scaling: float, **options: Any) -> Any:
        return real(*args, scaling=scaling * 1.02, **options)

    monkeypatch.setattr(modeling_bert, "eager_attention_forward", scaled)
    found = inspector.inspect(SENTENCE, model=bundled)
    heads, outputs = mismatching(found)
    assert len(heads) == 72
    assert outputs == set(range(6))


# --- a rebuild that does something else must be caught too ------------------------------------


def corrupted(
    found: Inspection, change: Callable[[AttentionLayer], AttentionLayer]
) -> set[tuple[int, int]]:
    """Rebuild layer 3 from changed weights or config and say which heads no longer agree."""
    known = found.checkpoint.attention
    assert known is not None
    rebuilt = recompute((*known[:3], change(known[3]), *known[4:]), found.trace)
    checks = [
        compare.check_layer(traced, ours, "weights")
        for traced, ours in zip(found.trace.layers, rebuilt, strict=True)
    ]
    return {
        (check.layer, head)
        for check in checks
        for head, verdict in enumerate(check.head_verdicts)
        if verdict != "verified"
    }


LAYER_3 = {(3, head) for head in range(12)}


def swap_heads(projection: Projection) -> Projection:
    order = [1, 0, *range(2, 12)]
    assert projection.bias is not None
    return Projection(
        projection.weight.reshape(12, 32, -1)[order].reshape(projection.weight.shape),
        projection.bias.reshape(12, 32)[order].reshape(-1),
    )


def test_a_rebuild_without_scale(cat: Inspection) -> None:
    found = corrupted(cat, lambda at: replace(at, config=replace(at.config, scale=1.0)))
    assert found == LAYER_3


def test_a_rebuild_with_swapped_heads(cat: Inspection) -> None:
    def swap(layer: AttentionLayer) -> AttentionLayer:
        weights = layer.weights
        query, key = swap_heads(weights.query), swap_heads(weights.key)
        return replace(layer, weights=replace(weights, query=query, key=key))

    assert corrupted(cat, swap) == {(3, 0), (3, 1)}


def test_a_rebuild_without_bias(cat: Inspection) -> None:
    def bare(layer: AttentionLayer) -> AttentionLayer:
        query = Projection(layer.weights.query.weight, None)
        return replace(layer, weights=replace(layer.weights, query=query))

    assert corrupted(cat, bare) == LAYER_3


def test_a_rebuild_from_the_layer_before(cat: Inspection) -> None:
    trace, known = cat.trace, cat.checkpoint.attention
    assert known is not None
    other = replace(trace.layers[3], hidden=trace.layers[2].hidden)
    trace = replace(trace, layers=(*trace.layers[:3], other, *trace.layers[4:]))
    checks = [
        compare.check_layer(traced, ours, "weights")
        for traced, ours in zip(trace.layers, recompute(known, trace), strict=True)
    ]
    assert [check.verdict for check in checks].count("mismatch") == 1
