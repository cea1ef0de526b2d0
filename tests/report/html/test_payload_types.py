"""Real payloads beside their typed description, which tsc holds the pages' JavaScript to."""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import synthetic
import synthetic_comparison
import synthetic_corpus
import synthetic_long
from payload_types import Types
from synthetic_classroom import three_words

from inspector.analogy.classroom import article_class
from inspector.records.generation import Writing
from inspector.report.html.atlas_payload import build_atlas
from inspector.report.html.classroom_page import render_classroom
from inspector.report.html.payload.build import build_payload
from inspector.report.html.payload.comparison import build_comparison
from inspector.report.html.payload.long_text import build_long_payload, head_payload

DESCRIPTION = Path(__file__).parents[3] / "inspector/report/html/assets/payload.d.ts"
TYPES = Types(DESCRIPTION)


def three_sites() -> Any:
    """One layer each of an encoder, of a decoder and between them: source and target."""
    whole = synthetic.inspected("the cat sat", layers=3)
    parts = ("encoder", "decoder", "cross")
    layers = tuple(
        replace(layer, site=site, layer=0)
        for site, layer in zip(parts, whole.trace.layers, strict=True)
    )
    rungs = tuple(replace(rung, matrices=None) for rung in whole.ladder)
    trace = replace(whole.trace, layers=layers, target=whole.trace.text)
    links = tuple(replace(link, site="cross", layer=0) for link in whole.links)
    return replace(whole, trace=trace, ladder=rungs, links=links)


REPORTS = {
    "one text": lambda: synthetic.inspected("the cat sat"),
    "a pair": lambda: synthetic.inspected("the cat sat", pair="a dog"),
    "a long text": lambda: synthetic.inspected("w " * 140, layers=1, causal=True),
    "terms of the scores": lambda: synthetic.inspected("w " * 38, beside="vectors", causal=True),
    "not rebuilt": lambda: synthetic.not_recomputed(synthetic.inspected("w " * 38)),
    "from captured q, k, v": lambda: synthetic.captured(synthetic.inspected("the cat sat")),
    "source and target": three_sites,
    "written": lambda: synthetic.writing(synthetic.inspected("the cat sat")),
    "written, drawn": lambda: synthetic.writing(
        synthetic.inspected("the cat sat"),
        verdict="rounding",
        parts_at=1,
        asked=Writing(3, 0.7, 5, 3),
        probability_max_abs_error=1e-6,
    ),
    "predictions": lambda: synthetic.predicting(synthetic.inspected("the cat sat")),
    "an embedding": lambda: synthetic.answering(synthetic.inspected("the cat sat")),
    "a pair's similarity": lambda: synthetic.answering(
        synthetic.inspected("the cat", pair="a dog"), cosine=0.25
    ),
    "without shares and links": lambda: replace(
        synthetic.inspected(), shares=(), links=(), heads=()
    ),
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_s_header_is_as_it_is_described(name: str) -> None:
    built = build_payload(REPORTS[name](), command=None, version="test")
    assert TYPES.faults(json.loads(built.json), "Header") == []


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"words": True, "causal": True, "patched": False},
        {"second": "w " * 40},
        {"apart": "they are of two families"},
    ],
)
def test_a_comparison_s_header_is_as_it_is_described(how: dict[str, Any]) -> None:
    found = synthetic_comparison.comparison(**how)
    built = build_comparison(found, command="inspect compare", version="test")
    header = json.loads(built.json)
    assert TYPES.faults(header, "CompareHeader") == []
    # What a comparison does not show is not in it.
    kinds = {name.split(".", 2)[2] for name in header["blobs"] if "." in name}
    assert not kinds & {"difference", "value_norm", "thumbnail", "key_state_norm"}
    assert ("query" in kinds) == ("second" in how)


def test_a_long_text_s_header_is_as_it_is_described() -> None:
    for found in (
        synthetic_long.long_text(),
        synthetic_long.long_text(predicts=True).with_effects(),
    ):
        built = build_long_payload(found, command="inspect", version="test")
        header = json.loads(built.json)
        assert TYPES.faults(header, "LongHeader") == []
        assert set(header["later"]) <= set(header["blobs"])
    named = build_long_payload(found, command=None, reading="a" * 32, version="test")
    assert TYPES.faults(json.loads(named.json), "LongHeader") == []


@pytest.mark.parametrize("variant", ["llama", "bloom", "gpt_oss", "deberta-v2"])
def test_a_head_that_is_sent_is_as_it_is_described(variant: str) -> None:
    built = head_payload(synthetic_long.long_text(variant).layers[1], 2)
    assert built is not None
    header = json.loads(built.json)
    assert TYPES.faults(header, "LongHead") == []
    assert list(header["blobs"]) == [blob.name for blob in built.blobs]


def test_an_atlas_header_and_its_examples_are_as_they_are_described() -> None:
    for result in (synthetic_corpus.corpus(), synthetic_corpus.corpus(full=True)):
        built = build_atlas(result)
        assert TYPES.faults(json.loads(built.json), "AtlasHeader") == []
        (packed,) = (blob for blob in built.blobs if blob.name == "examples")
        examples = json.loads(zlib.decompress(packed.deflated, -15))
        assert examples["examples"]
        assert TYPES.faults(examples, "AtlasExamples") == []


def test_a_classroom_s_header_is_as_it_is_described() -> None:
    for words in (None, three_words()):
        page = render_classroom(article_class(), own_table=False, words=words)
        header = json.loads(re.search(r'id="header">([^<]*)<', page)[1])  # type: ignore[index]
        assert TYPES.faults(header, "ClassroomHeader") == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda header: header.update(payload=1), "payload"),
        (lambda header: header.pop("layers"), ".layers is missing"),
        (lambda header: header["layers"][0].update(place=3), ".layers[0].place is not declared"),
        (lambda header: header["layers"][1].update(site="here"), ".layers[1].site"),
        (lambda header: header["links"][0].update(lift="much"), ".links[0].lift"),
        (lambda header: header["model"].update(window=True), ".model.window"),
        (lambda header: header["text"]["tokens"][1].update(span=[1]), ".text.tokens[1].span"),
        (lambda header: header["ladder"][1]["matrices"].update(here="whole"), ".matrices"),
        (lambda header: header.pop("embedding"), ".embedding is missing"),
        (lambda header: header["blobs"]["measures"].update(dtype="int8"), ".measures.dtype"),
    ],
)
def test_what_does_not_fit_is_found(change: Any, fault: str) -> None:
    header = json.loads(build_payload(synthetic.inspected(), command=None, version="test").json)
    change(header)
    assert any(fault in found for found in TYPES.faults(header, "Header"))
