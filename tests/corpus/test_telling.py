"""The example of a head: which of a sentence's words is shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_models import random_bert

import inspector
from inspector.corpus.examples import Best
from inspector.corpus.reading import Input, Sentence
from inspector.corpus.telling import tell_examples
from inspector.records import HeadStatistics
from inspector.records.corpus import SHARES

LINE = "the cats sat on the mat because it was tired"


class Nobody:
    """Watches and says nothing."""

    def stage(self, name: str, total: int) -> None: ...

    def advance(self, done: int) -> None: ...


@pytest.mark.parametrize("share", SHARES)
def test_the_word_that_is_shown_is_the_one_that_gives_most(tmp_path: Path, share: str) -> None:
    """Most to what the share is of; to a neighbour that is a word, where a neighbour is meant."""
    loaded = inspector.load(random_bert(tmp_path / "bert"), device="cpu")
    sentence = Sentence(0, 1, LINE)
    best = Best.of([sentence], np.full((1, 3, 4, len(SHARES)), 0.5), np.array([11]))
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
    examples = tell_examples(
        best,
        heads,
        [Input("t.txt", tmp_path / "t.txt", "txt")],
        loaded,
        tmp_path,
        command="inspect corpus t.txt",
        truncate=False,
        progress=Nobody(),
    )
    assert [(one.layer, one.head) for one in examples] == [*zip(*places.tolist(), strict=True)]
    found = inspector.inspect(LINE, model=loaded)
    length = len(found.run.text.tokens)
    words = [token.word for token in found.run.text.tokens]
    for one in examples:
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
