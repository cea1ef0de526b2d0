"""The JSON summary and the saved tensors, read back and beside the inspection."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

import inspector
from inspector.report.export.summary import summarise
from inspector.session import Inspection


def test_the_summary_of_the_cat(cat: Inspection) -> None:
    found = json.loads(json.dumps(summarise(cat, {"report": "a.html"}), allow_nan=False))
    assert found["schema"] == 1
    assert found["model"] == {
        "name": "sentence-transformers/all-MiniLM-L6-v2",
        "family": "bert",
        "layers": 6,
        "heads": 12,
        "stored_dtypes": ["float32"],
        "computing_dtype": "float32",
    }
    assert [token["text"] for token in found["tokens"][:3]] == ["[CLS]", "the", "cat"]
    assert set(found["tokens"][0]) == {"id", "text", "shown", "word", "special", "span"}
    assert [token["shown"] for token in found["tokens"][:3]] == ["[CLS]", "The", "cat"]
    assert [token["span"] for token in found["tokens"][:3]] == [None, [0, 3], [4, 7]]
    verification = found["verification"]
    assert verification["verdict"] == "verified"
    worst = max(
        np.abs(cat.attention(layer, head) - cat.recomputed(layer, head)).max()
        for layer in range(6)
        for head in range(12)
    )
    assert verification["attention_max_abs_error"] == pytest.approx(float(worst))
    assert verification["output_max_abs_error"] <= 1e-5
    (site,) = verification["sites"]
    assert site["site"] == "self"
    assert [len(layer["heads"]) for layer in site["layers"]] == [12] * 6
    assert {rung["rung"] for rung in found["ladder"]} >= {"classroom", "uniform", "layer_mean"}
    for rung in found["ladder"]:
        for measures in (rung, rung["content"]):
            assert {"jsd_bits", "rank_correlation", "top1_agreement"} <= set(measures)
        assert rung["applies"] or rung["jsd_bits"] is None
    assert len(found["heads"]) == 72
    assert set(found["heads"][0]) == {
        "site", "layer", "head", "entropy_bits", "distance", "masses", "label", "score"
    }  # fmt: skip
    for head, reading in zip(found["heads"], cat.heads, strict=True):
        assert head["distance"] == reading.distance
        assert head["masses"] == reading.masses
        assert list(head["masses"]) == ["previous", "next", "self", "first", "separator"]
    bits = {rung["rung"]: rung["jsd_bits"] for rung in found["ladder"]}
    assert list(found["shares"]) == ["learned", "heads", "scale"]
    assert sum(found["shares"].values()) == pytest.approx(bits["softmax"] - bits["model"], abs=1e-9)
    assert [link["lift"] for link in found["links"]] == [link.lift for link in cat.links]
    assert found["files"] == {"report": "a.html"}
    assert cat.embedding is not None
    assert found["embedding"]["pooling"] == "mean"
    assert found["embedding"]["normalised"] is True
    assert found["embedding"]["values"] == cat.embedding.values.tolist()
    assert math.hypot(*found["embedding"]["values"]) == pytest.approx(1, abs=1e-12)
    assert found["predictions"] is found["similarity"] is None
    assert 0 < verification["end_to_end"]["embedding_max_abs_error"] <= 1e-4
    assert verification["end_to_end"]["similarity_abs_error"] is None


def test_numbers_that_json_cannot_write_are_null(cat: Inspection) -> None:
    broken = replace(
        cat,
        verification=replace(
            cat.verification, verdict="mismatch", attention_max_abs_error=math.nan
        ),
    )
    found = summarise(broken, {})
    json.dumps(found, allow_nan=False)
    assert found["verification"]["attention_max_abs_error"] is None


def test_without_a_rebuild_the_shares_are_empty(cat: Inspection) -> None:
    assert summarise(replace(cat, shares=()), {})["shares"] == {}


def test_saved_tensors(cat: Inspection, tmp_path: Path) -> None:
    cat.save(tmp_path / "cat.safetensors")
    with safe_open(tmp_path / "cat.safetensors", "numpy") as file:
        names = set(file.keys())
        assert names == {
            f"self.{layer}.{name}"
            for layer in range(6)
            for name in (
                "hidden",
                "query",
                "key",
                "value",
                "attention",
                "recomputed",
                "output",
            )
        }
        metadata = json.loads(file.metadata()["inspector"])
        for name in names:
            assert file.get_tensor(name).dtype == np.float32
        query, key = file.get_tensor("self.3.query"), file.get_tensor("self.3.key")
        attention = file.get_tensor("self.3.attention")
        shapes = {file.get_tensor(f"self.0.{n}").shape for n in ("hidden", "output")}
    assert metadata["verification"]["verdict"] == "verified"
    assert shapes == {(12, 384)}
    assert query.shape == key.shape == (12, 12, 32)
    # The saved q and k are enough to make the model's attention again.
    powers = np.exp(query @ key.swapaxes(1, 2) / math.sqrt(32))
    np.testing.assert_allclose(powers / powers.sum(2, keepdims=True), attention, atol=1e-5)
    np.testing.assert_array_equal(attention[1], cat.attention(3, 1))


def test_pages_and_frames(cat: Inspection, tmp_path: Path) -> None:
    cat.to_html(tmp_path / "cat.html")
    page = (tmp_path / "cat.html").read_text()
    assert page.startswith("<!doctype html>")
    frame = cat._repr_html_()
    assert frame.startswith('<iframe sandbox="allow-scripts" srcdoc="&lt;!doctype html&gt;')
    assert frame.count("<") == 2


def test_a_place_that_is_not_there(cat: Inspection) -> None:
    for layer, head in ((6, 0), (0, 12), (-1, 0), (0, -1)):
        with pytest.raises(IndexError, match="6 layers of 12 heads"):
            cat.attention(layer, head)
    with pytest.raises(IndexError):
        cat.attention(0, 0, site="cross")
    with pytest.raises(inspector.InputError, match="no rung 'position'"):
        cat.mix("position", 0)
