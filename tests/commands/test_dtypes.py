"""What weights are stored as and what a model is run in: said for a sentence and for a corpus."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from small_models import perturb, random_bert, save
from transformers import AutoConfig, AutoModel

from inspector.commands import main
from inspector.families.registry import FAMILIES
from inspector.families.small import SMALL

Printed = pytest.CaptureFixture[str]

TEXT = "the cat sat on the mat"


def stored_as(folder: Path, dtype: torch.dtype, *, but: str | None = None) -> Path:
    """Store a model's weights anew; those with ``but`` in their names stay as they are."""
    path = folder / "model.safetensors"
    tensors = {
        name: tensor if but is not None and but in name else tensor.to(dtype)
        for name, tensor in load_file(path).items()
    }
    save_file(tensors, path, metadata={"format": "pt"})
    return folder


def told(capsys: Printed, *arguments: str) -> tuple[str, dict[str, Any]]:
    """What is printed for a sentence, and its JSON."""
    assert main([TEXT, *arguments]) == 0
    printed = capsys.readouterr().out
    assert main([TEXT, *arguments, "--json"]) == 0
    return printed, json.loads(capsys.readouterr().out)


def header(page: Path) -> dict[str, Any]:
    found = re.search(r'id="header">(.*?)</script>', page.read_text())
    assert found
    return json.loads(found[1])


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("proof", [[], ["--no-proof"]])
@pytest.mark.parametrize("name", ["bfloat16", "float16", "float64"])
def test_a_sentence(tmp_path: Path, capsys: Printed, name: str, proof: list[str]) -> None:
    model = stored_as(random_bert(tmp_path / "bert"), getattr(torch, name))
    printed, said = told(capsys, "--model", str(model), *proof)
    assert f"\nWeights stored as {name}, computed in float32.\n" in printed
    for one in (said["model"], header(tmp_path / "attention.html")["model"]):
        assert one["stored_dtypes"] == [name]
        assert one["computing_dtype"] == "float32"


def test_what_is_run_as_it_is_stored_needs_no_line(tmp_path: Path, capsys: Printed) -> None:
    model = random_bert(tmp_path / "bert")
    printed, said = told(capsys, "--model", str(model), "--no-report")
    assert "stored" not in printed
    assert said["model"]["stored_dtypes"] == ["float32"]


def test_of_several_that_of_the_most_numbers_comes_first(tmp_path: Path, capsys: Printed) -> None:
    """As quantising tools leave norms alone."""
    model = stored_as(random_bert(tmp_path / "bert"), torch.float16, but="LayerNorm")
    printed, said = told(capsys, "--model", str(model), "--no-report")
    assert "Weights stored as float16 and float32, computed in float32." in printed
    assert said["model"]["stored_dtypes"] == ["float16", "float32"]


def test_a_family_without_a_row(
    tmp_path: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(FAMILIES, "granite", raising=False)
    torch.manual_seed(0)
    model: Any = AutoModel.from_config(AutoConfig.for_model("granite", **SMALL["llama"]))
    perturb(model, seed=5)
    folder = stored_as(save(model, tmp_path / "granite"), torch.bfloat16)
    printed, said = told(capsys, "--model", str(folder), "--no-report")
    assert "Weights stored as bfloat16, computed in float32." in printed
    assert said["verification"]["tier"] == "captured"
    assert said["model"]["stored_dtypes"] == ["bfloat16"]


def test_a_corpus(tmp_path: Path, capsys: Printed) -> None:
    model = stored_as(random_bert(tmp_path / "bert"), torch.bfloat16)
    Path("s.txt").write_text(f"{TEXT}\n")
    assert main(["corpus", "s.txt", "--model", str(model), "--device", "cpu"]) == 0
    assert "stored as bfloat16, computed in float32" in " ".join(capsys.readouterr().out.split())
    atlas = (tmp_path / "corpus" / "atlas.html").read_text()
    assert "weights stored as bfloat16, computed in float32" in atlas
    record = json.loads((tmp_path / "corpus" / "run.json").read_text())
    assert record["model"]["stored_dtypes"] == ["bfloat16"]
    assert record["model"]["computing_dtype"] == record["dtype"] == "float32"
    assert main(["corpus", "s.txt", "--model", str(model), "--device", "cpu", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["model"]
    assert (said["stored_dtypes"], said["computing_dtype"]) == (["bfloat16"], "float32")
