"""The atlas as a file, and its payload beside the records."""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from shlex import split

import numpy as np
import pytest
import synthetic_corpus
from page_text import unpacked

from inspector.records.corpus import CorpusResult, ExplanationStatistics, HeadStatistics
from inspector.report.html.atlas_page import render_atlas
from inspector.report.html.atlas_payload import build_atlas

HOSTILE = "</script><script>alert(1)</script> <!-- ' \" & <b>x</b> {{ 7*7 }} \ud800"


class Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def header(page: str) -> dict:
    found = re.search(r'id="header">(.*?)</script>', page)
    assert found
    return json.loads(found[1])


def blob(page: str, name: str) -> np.ndarray:
    """Read a blob with nothing but zlib and NumPy."""
    entry = header(page)["blobs"][name]
    found = re.search(rf'id="blob-{name}">([^<]*)<', page)
    assert found
    raw = unpacked(found[1])
    assert (len(raw), zlib.crc32(raw)) == (entry["length"], entry["crc32"])
    dtype = np.dtype(entry["dtype"]).newbyteorder("<")
    planes = np.frombuffer(raw, np.uint8).reshape(dtype.itemsize, -1)
    return planes.T.copy().view(dtype).reshape(entry["shape"])


@pytest.mark.parametrize("full", [False, True])
def test_every_number_of_the_tables_is_in_the_page(full: bool) -> None:
    result = synthetic_corpus.corpus(full=full, sites=("encoder", "cross"), layers=2, heads=3)
    page = render_atlas(result)
    told = header(page)
    measures = [one["name"] for one in told["measures"]]
    laid = {name: blob(page, name) for name in ("value", "low", "high", "null", "n")}
    assert laid["value"].shape == (len(measures), len(told["heads"]))
    assert result.relations is not None
    rows = 0
    for table, key, columns in (
        (result.heads, lambda t, i: t.statistic[i], ("value", "low", "high", "null", "n")),
        (
            result.relations,
            lambda t, i: f"{t.relation[i]} {t.direction[i]}",
            ("accuracy", "low", "high", "baseline", "n"),
        ),
    ):
        for i in range(len(table)):
            m = measures.index(key(table, i))
            h = told["heads"].index([table.site[i], table.layer[i], table.head[i]])
            for name, column in zip(laid, columns, strict=True):
                np.testing.assert_allclose(
                    laid[name][m, h], getattr(table, column)[i], rtol=1e-6, equal_nan=True
                )
            rows += 1
    assert rows == laid["value"].size


def test_a_number_that_was_not_measured_stays_away() -> None:
    result = synthetic_corpus.corpus(layers=1, heads=2, treebank=False)
    keep = np.arange(len(result.heads)) != 3
    columns = {n: getattr(result.heads, n)[keep] for n in type(result.heads).__dataclass_fields__}
    page = render_atlas(replace(result, heads=type(result.heads)(**columns)))
    value = blob(page, "value")
    m = [one["name"] for one in header(page)["measures"]].index(result.heads.statistic[3])
    assert np.isnan(value).sum() == 1 and np.isnan(value[m, 0])
    assert blob(page, "n")[m, 0] == 0


def test_labels_follow_their_rule() -> None:
    result = synthetic_corpus.corpus(layers=1, heads=2, treebank=False)
    heads, n = result.heads, len(result.heads)
    value, low, null = (np.zeros(n), np.zeros(n), np.full(n, 0.3))
    rows = {(h, s): i for i, (h, s) in enumerate(zip(heads.head, heads.statistic, strict=True))}
    for (head, statistic), numbers in {
        (0, "previous"): (0.5, 0.45, 0.3),
        (0, "same_word"): (0.7, 0.65, 0.3),
        (0, "next"): (0.39, 0.38, 0.3),  # too small
        (0, "self"): (0.5, 0.29, 0.3),  # perhaps only by chance
        (1, "separator"): (0.9, 0.89, np.nan),  # nothing to compare with
        (1, "previous_moved"): (0.9, 0.89, 0.3),  # not a share of attention
    }.items():
        i = rows[head, statistic]
        value[i], low[i], null[i] = numbers
    changed = replace(heads, value=value, low=low, high=value, null=null)
    told = build_atlas(replace(result, heads=changed)).header
    assert told["labels"] == [["same_word", "previous"], []]
    assert told["resting"] == [[], ["separator"]]


def test_examples_travel_whole_each_sentence_once() -> None:
    result = synthetic_corpus.corpus(layers=2, heads=2)
    page = render_atlas(result)
    told = json.loads(blob(page, "examples").tobytes())
    assert len(told["sentences"]) == len({(e.file, e.row) for e in result.examples})
    places = header(page)["heads"]
    for one, example in zip(told["examples"], result.examples, strict=True):
        assert places[one["head"]] == [example.site, example.layer, example.head]
        np.testing.assert_allclose(one["weights"], example.weights, atol=5e-5)
        sentence = told["sentences"][one["sentence"]]
        assert (sentence["text"], sentence["row"]) == (example.text.text, example.row)
        assert (one["query"], one["key"]) == (example.query, example.key)
        assert one["measure"] == example.measure
    measures = {one["name"] for one in header(page)["measures"]}
    assert {one["measure"] for one in told["examples"]} - {None} <= measures


@pytest.mark.parametrize(
    ("text", "model", "words"),
    [
        ("It's a key.", "bundled", ["inspect", "It's a key."]),
        ("corpus", "bundled", ["inspect", "show", "corpus"]),
        ("- a - b", "bert", ["inspect", "show", "--model", "bert", "--", "- a - b"]),
        ("$(rm) `x` two", "a b", ["inspect", "$(rm) `x` two", "--model", "a b"]),
    ],
)
def test_a_command_is_the_sentence_whatever_it_holds(
    text: str, model: str, words: list[str]
) -> None:
    result = synthetic_corpus.corpus(layers=1, heads=1, sentences=(text,))
    facts = replace(result.facts, model=replace(result.facts.model, name=model))
    told = json.loads(blob(render_atlas(replace(result, facts=facts)), "examples").tobytes())
    assert split(told["sentences"][0]["command"]) == words


def test_a_report_is_named_so_that_it_can_only_be_a_file_here() -> None:
    result = synthetic_corpus.corpus(layers=1, heads=1, report="javascript:x/a b#1.html")
    told = json.loads(blob(render_atlas(result), "examples").tobytes())
    assert told["sentences"][0]["report"] == "./javascript%3Ax/a%20b%231.html"


def hostile() -> CorpusResult:
    result = synthetic_corpus.corpus(
        layers=2, heads=2, sentences=(HOSTILE,), labels=(HOSTILE, "det"), files=(HOSTILE,)
    )
    return replace(result, facts=replace(result.facts, command=HOSTILE))


def test_hostile_text_opens_no_element_and_can_be_written() -> None:
    plain = Elements(render_atlas(synthetic_corpus.corpus(layers=2, heads=2, labels=("a", "det"))))
    page = render_atlas(hostile())
    page.encode("utf-8")
    assert [tag for tag, _ in Elements(page).seen] == [tag for tag, _ in plain.seen]


def test_the_page_names_no_other_file_and_no_style_attribute() -> None:
    page = render_atlas(synthetic_corpus.corpus(full=True))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy and "default-src 'none'" in policy[1] and "unsafe" not in policy[1]
    for tag, attributes in Elements(page).seen:
        assert "style" not in attributes and "src" not in attributes
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form"}
        assert (attributes.get("href") or "#").startswith("#")


def test_a_thousand_heads_stay_small() -> None:
    page = render_atlas(synthetic_corpus.corpus(layers=32, heads=32))
    assert len(page.encode()) < 1e6


def with_effects(*, measured: bool, readings: int) -> str:
    """An atlas of two heads measured on 1,234 sentences, and readings with a correlation in 5."""
    result = synthetic_corpus.corpus(layers=1, heads=2)
    if measured:
        more = HeadStatistics(
            site=np.array(["self", "self"]),
            layer=np.array([0, 0]),
            head=np.array([0, 1]),
            statistic=np.array(["effect", "effect"]),
            value=np.array([0.25, 0.75]),
            low=np.array([0.2, 0.7]),
            high=np.array([0.3, 0.8]),
            null=np.full(2, np.nan),
            n=np.array([1234, 1234]),
        )
        columns = {
            name: np.concatenate([getattr(result.heads, name), getattr(more, name)])
            for name in HeadStatistics.__dataclass_fields__
        }
        result = replace(result, heads=HeadStatistics(**columns))
    told = {name: np.full(readings, 0.5) for name in ExplanationStatistics.__dataclass_fields__}
    told |= {"rung": np.array(["alti"] * readings), "n": np.full(readings, 5)}
    page = render_atlas(replace(result, explanations=ExplanationStatistics(**told)))
    section = re.search(r'<section id="effects".*?</section>', page, re.DOTALL)
    return section[0] if section else ""


def test_effects_are_of_all_sentences_and_correlations_of_those_that_have_one() -> None:
    section = with_effects(measured=True, readings=1)
    assert "on 1,234 sentences" in section and "1 less a cosine" in section
    assert re.findall("<td>(.*?)</td>", section)[:2] == ["0.7500", "0.7000–0.8000"]
    assert "The median of all heads is 0.5000" in section
    assert re.findall("<td>(.*?)</td>", section)[-1] == "5"


@pytest.mark.parametrize(("measured", "readings"), [(True, 0), (False, 1)])
def test_of_effects_each_table_stands_alone(measured: bool, readings: int) -> None:
    section = with_effects(measured=measured, readings=readings)
    assert ("The heads that move it most" in section) == measured
    assert ("Reading of attention" in section) == bool(readings)
    assert section.count("<table") == 1


def test_effects_that_were_not_measured_have_no_section() -> None:
    assert with_effects(measured=False, readings=0) == ""
