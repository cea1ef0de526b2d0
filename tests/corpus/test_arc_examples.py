"""The examples of a treebank's relations are arcs of its trees, and never special tokens."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from page_text import unpacked
from small_models import random_bert

import inspector
from inspector.commands import main
from inspector.corpus.treebank import relations

#: Word, head and relation. "cats" and "mats" are two pieces each.
SENTENCES = [
    [
        ("we", 2, "nsubj"), ("sat", 0, "root"), ("the", 4, "det"), ("cats", 2, "obj"),
        ("on", 7, "case"), ("the", 7, "det"), ("mats", 2, "obl"),
    ],
    [
        ("it", 2, "nsubj"), ("was", 0, "root"), ("the", 4, "det"), ("cat", 2, "obj"),
        ("because", 7, "mark"), ("we", 7, "nsubj"), ("sat", 2, "advcl"), ("here", 7, "obl:agent"),
    ],
]  # fmt: skip
#: An object that only a sentence of three words has: too short to be an example.
SHORT = [("we", 2, "nsubj"), ("sat", 0, "root"), ("mats", 2, "iobj")]


def conllu(sentence: list[tuple[str, int, str]]) -> str:
    lines = (
        f"{at}\t{word}\t_\t_\t_\t_\t{head}\t{label}\t_\t_"
        for at, (word, head, label) in enumerate(sentence, 1)
    )
    return "\n".join(lines) + "\n\n"


def told(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and examples of an atlas, read with nothing but zlib."""
    page = (folder / "atlas.html").read_text()
    header = re.search(r'id="header">(.*?)</script>', page)
    packed = re.search(r'id="blob-examples">([^<]*)<', page)
    assert header and packed
    examples = json.loads(unpacked(packed[1]))
    return json.loads(header[1]), examples


def test_they_are_arcs_of_the_trees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # Else a corpus of thousands would be needed to judge a relation.
    monkeypatch.setattr(relations, "MIN_ARCS", 1)
    monkeypatch.setattr(relations, "MIN_SENTENCES", 1)
    torch.manual_seed(0)
    model = random_bert(tmp_path / "bert")
    text = "".join(map(conllu, (*SENTENCES, SHORT, SHORT, *SENTENCES)))
    (tmp_path / "t.conllu").write_text(text)
    assert main(["corpus", "t.conllu", "--model", str(model), "--device", "cpu"]) == 0

    header, examples = told(tmp_path / "corpus")
    shown = [one for one in examples["examples"] if one["measure"] is not None]
    judged = {(f"{one['relation']} {one['direction']}", one["head"]) for one in header["findings"]}
    assert {(one["measure"], one["head"]) for one in shown} <= judged
    names = {one["measure"].split(" ")[0] for one in shown}
    assert names >= {"det", "obj", "obl:*"}
    assert "iobj" in {one["relation"] for one in header["findings"]} - names
    for one in shown:
        sentence = examples["sentences"][one["sentence"]]
        relation, direction = one["measure"].split(" ")
        tree = next(
            tree for tree in SENTENCES if " ".join(word for word, _, _ in tree) == sentence["text"]
        )
        _, layer, head = header["heads"][one["head"]]
        found = inspector.inspect(sentence["text"], model=str(model))
        attention = found.attention(layer, head)
        # In this text a word is what stands between two spaces.
        starts = np.cumsum([0, *(len(word) + 1 for word, _, _ in tree)])
        words = [
            None if token.special or token.span is None
            else int(np.searchsorted(starts, token.span[0], side="right")) - 1
            for token in found.tokens
        ]  # fmt: skip
        arcs = [
            (at, governor - 1)
            for at, (_, governor, label) in enumerate(tree)
            if governor and relation in (label, label.split(":")[0] + ":*")
        ]
        ends = arcs if direction == "dependent→head" else [arc[::-1] for arc in arcs]
        weights = {
            (query, key): attention[query, key]
            for query, asked in enumerate(words)
            for key, heard in enumerate(words)
            if (asked, heard) in ends
        }
        assert (one["query"], one["key"]) == max(weights, key=lambda at: weights[at])
        np.testing.assert_allclose(one["weights"], attention[one["query"]], atol=6e-5)
