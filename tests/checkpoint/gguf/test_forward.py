"""GGUF files of every architecture, run beside the models they were made from.

Where the weights are quantised, the oracle is transformers' own loader of GGUF, which brings a name
and an order for every tensor that are none of ours.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from forward_models import differences, run_theirs
from gguf import GGMLQuantizationType
from gguf_models import MODELS, VOCABULARY, blocks, made, plain, write
from transformers import AutoModelForCausalLM
from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

from inspector.checkpoint.opening import open_checkpoint
from inspector.checkpoint.sources import locate
from inspector.forward.model import forward
from inspector.records import Text

TEXT = Text.of_ids(np.random.default_rng(3).integers(5, VOCABULARY, 12))
#: Those whose tensors transformers' loader brings to their places.
KNOWN = ("llama", "qwen2", "qwen3", "gemma2", "gemma3", "phi3", "gpt2", "falcon", "bloom")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def beside(path: Path, model: Any) -> dict[str, float]:
    checkpoint = open_checkpoint(locate(str(path)))
    assert checkpoint.no_rebuild is None
    ours = forward(checkpoint, TEXT, keep=("layers", "logits"))
    theirs = run_theirs(model, TEXT)
    return differences(ours, theirs, slice(None))


def loaded_by_transformers(path: Path, config: Any) -> Any:
    empty = AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    found = load_gguf_checkpoint(str(path), return_tensors=True, model_to_load=empty)
    missing, unknown = empty.load_state_dict(found["tensors"], strict=False)
    assert not unknown
    assert set(missing) <= {"lm_head.weight"}
    empty.tie_weights()
    return empty.eval()


@pytest.mark.parametrize("name", MODELS)
def test_a_file_in_float32_is_the_model_that_it_was_made_from(name: str, tmp_path: Path) -> None:
    model = made(name)
    path = write(model, tmp_path / "model.gguf")
    found = beside(path, model)
    assert max(found.values()) <= 3e-5, found
    # The referee reads the converted folder: its config must mean the same to transformers.
    automatic: Any = AutoModelForCausalLM
    read, loading = automatic.from_pretrained(
        locate(str(path)).path, attn_implementation="eager", output_loading_info=True
    )
    assert not any(loading[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    ours, theirs = run_theirs(read.eval(), TEXT), run_theirs(model, TEXT)
    np.testing.assert_allclose(ours.logits, theirs.logits, atol=3e-5 * abs(theirs.logits).max())


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("kind", ["Q4_0", "Q4_1", "Q8_0", "F16", "BF16"])
def test_quantised_files_are_read_as_transformers_reads_them(
    name: str, kind: str, tmp_path: Path
) -> None:
    model = made(name)
    path = write(model, tmp_path / "model.gguf", blocks(GGMLQuantizationType[kind]))
    found = beside(path, loaded_by_transformers(path, model.config))
    assert max(found.values()) <= 3e-5, found


@pytest.mark.parametrize("name", ["llama", "gpt2", "falcon"])
def test_large_blocks(name: str, tmp_path: Path) -> None:
    wide = {"hidden_size": 256, "intermediate_size": 512}
    if name == "gpt2":
        wide = {"n_embd": 256, "n_inner": 512}
    if name == "falcon":
        wide = {"hidden_size": 256, "ffn_hidden_size": 512}
    model = made(name, **wide)
    path = write(model, tmp_path / "model.gguf", blocks(GGMLQuantizationType.Q4_K))
    found = beside(path, loaded_by_transformers(path, model.config))
    assert max(found.values()) <= 3e-5, found


def test_what_transformers_loads_is_not_what_was_quantised(tmp_path: Path) -> None:
    """Else the tests above would pass for a reader of anything."""
    model = made("llama")
    path = write(model, tmp_path / "model.gguf", blocks(GGMLQuantizationType.Q4_0))
    assert beside(path, model)["states"] > 1e-3


@pytest.mark.parametrize(
    ("kinds", "said", "expected"),
    [
        (plain, None, ("float32",)),
        (blocks(GGMLQuantizationType.F16), None, ("float16", "float32")),
        (blocks(GGMLQuantizationType.Q4_1), "4-bit weights, dequantised", ("4-bit",)),
        (blocks(GGMLQuantizationType.Q8_0), "8-bit weights, dequantised", ("8-bit",)),
    ],
)
def test_what_the_weights_were_is_said(
    kinds: Any, said: str | None, expected: tuple[str, ...], tmp_path: Path
) -> None:
    source = locate(str(write(made("llama"), tmp_path / "tiny.gguf", kinds)))
    assert (None if source.origin is None else source.origin.said) == said
    assert source.title == ("tiny.gguf" if said is None else f"tiny.gguf ({said})")
    assert open_checkpoint(source).stored_dtypes == expected


def test_half_precision_stays_half(tmp_path: Path) -> None:
    model = made("llama")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.half())
    path = write(model, tmp_path / "model.gguf", blocks(GGMLQuantizationType.F16))
    checkpoint = open_checkpoint(locate(str(path)))
    entries = checkpoint.tensors.entries  # type: ignore[attr-defined]
    assert {entry.dtype for name, entry in entries.items() if "proj" in name} == {"F16"}
    assert beside(path, model)["logits"] <= 3e-5
