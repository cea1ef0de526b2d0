"""The example of a head: which of a sentence's words is shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from small_models import random_bert

import inspector
from inspector.corpus.example_reports import tell_examples
from inspector.corpus.examples import Best
from inspector.corpus.inputs import Input
from inspector.corpus.reading import Sentence
from inspector.files import output_folder
from inspector.records import TARGETS
from inspector.records.corpus import HeadStatistics

LINES = [
    "the mats sat on the cats",
    "cats cats cats",
]


class Nobody:
    """Watches and says nothing."""

    def stage(self, name: str, total: int) -> None: ...

    def advance(self, done: int) -> None: ...


@pytest.mark.parametrize("share", TARGETS)
def test_the_word_that_is_shown_is_the_one_that_gives_most(tmp_path: Path, share: str) -> None:
    """Most to what the share is of; to a neighbour that is a word, where a neighbour is meant."""
    # With these weights some head looks most of all from the first word to [CLS], and some from the
    # last to [SEP].
    torch.manual_seed(0)
    loaded = inspector.load(random_bert(tmp_path / "bert"), device="cpu")
    both = [Sentence(0, row, line) for row, line in enumerate(LINES, 1)]
    best = Best.of(both, np.full((2, 3, 4, len(TARGETS)), 0.5), np.array([11, 11]))
    places = np.indices((3, 4)).reshape(2, -1)
    half, none = np.full(12, 0.5), np.full(12, np.nan)
    heads = HeadStatistics(
        site=np.full(12, "self"),
        layer=places[0],
        head=places[1],
        statistic=np.full(12, share),
        value=half,
        low=half,
        high=half,
        null=none,
        n=np.full(12, 11),
    )
    with output_folder(tmp_path / "out", "corpus") as folder:
        folder.begin()
        examples = tell_examples(
            best,
            heads,
            [Input("t.txt", tmp_path / "t.txt", "txt")],
            loaded,
            folder,
            command="inspect corpus t.txt",
            truncate=False,
            progress=Nobody(),
        )
    assert [(one.layer, one.head, one.row) for one in examples] == [
        (layer, head, row) for layer, head in zip(*places.tolist(), strict=True) for row in (1, 2)
    ]
    for one in examples:
        found = inspector.inspect(LINES[one.row - 1], model=loaded)
        length = len(found.trace.text.tokens)
        words = [token.word for token in found.trace.text.tokens]
        attention = found.attention(one.layer, one.head)
        weights = {
            (query, key): attention[query, key]
            for query in range(1, length - 1)
            for key in range(length)
            if {
                "previous": key == query - 1 >= 1,
                "next": key == query + 1 < length - 1,
                "self": key == query,
                "first": key == 0,
                "separator": key == length - 1,
                "same_word": key != query and words[key] == words[query],
            }[share]
        }
        assert weights
        assert (one.query, one.key) == max(weights, key=lambda at: weights[at])
        np.testing.assert_array_equal(one.weights, attention[one.query])
