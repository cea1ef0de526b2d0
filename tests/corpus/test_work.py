"""One shard through the model: what is kept of it, whatever it holds."""

from __future__ import annotations

import numpy as np
import pytest
from small_models import random_bert

import inspector
from inspector.corpus.examples import KEPT, Best
from inspector.corpus.planning import Shard
from inspector.corpus.reading import Sentence
from inspector.corpus.record import Record
from inspector.corpus.tables import merge
from inspector.corpus.work import Work, Worker
from inspector.records import TARGETS
from inspector.referee import streaming
from inspector.referee.loading import LoadedModel

LINES = [
    "the cat sat on the mat because it was tired",
    "it was tired",
    "we are the cats and it sat on us",
    "cats , cats , cats , cats !",
]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return inspector.load(random_bert(tmp_path_factory.mktemp("work") / "bert"), device="cpu")


def shard(lines: list[str], index: int = 0) -> Shard:
    return Shard(index, tuple(Sentence(0, row, text) for row, text in enumerate(lines, 1)))


def test_a_record_survives_its_file(loaded: LoadedModel) -> None:
    worker = Worker(Work("", replicates=7), loaded)
    before = worker.measure(shard(LINES))
    after = Record.from_bytes(before.to_bytes())
    assert after.to_bytes() == before.to_bytes()
    assert after.tally == before.tally
    np.testing.assert_array_equal(after.basic.values, before.basic.values)
    np.testing.assert_array_equal(after.best.keys, before.best.keys)
    assert after.best.texts == before.best.texts


def test_a_shard_of_which_nothing_can_be_read_is_a_record_too(loaded: LoadedModel) -> None:
    worker = Worker(Work("", replicates=7), loaded)
    empty = worker.measure(shard(["\u200b", "cat " * 60]))
    assert (empty.tally.sentences, empty.tally.queries) == (0, 0)
    assert (empty.tally.unreadable.count, empty.tally.unreadable.first) == (1, 1)
    assert (empty.tally.too_long.count, empty.tally.too_long.first) == (1, 2)
    assert np.isnan(empty.basic.means).all()
    alone = worker.measure(shard(LINES))
    both = merge([empty, alone], seed=0, replicates=7)
    np.testing.assert_array_equal(both.basic.means, alone.basic.means)


def test_examples_are_the_sentences_with_the_largest_mean_mass(loaded: LoadedModel) -> None:
    worker = Worker(Work("", replicates=1), loaded)
    record = worker.measure(shard(LINES))
    # The second is too short to be an example.
    alone = {row: worker.measure(shard([line])) for row, line in enumerate(LINES, 1) if row != 2}
    for column, share in enumerate(TARGETS):
        at = record.basic.names.index(share)
        for layer in range(3):
            for head in range(4):
                mass = {row: one.basic.means[layer, head, at] for row, one in alone.items()}
                best = sorted(mass, key=lambda row: -mass[row])[:KEPT]
                found = record.best.values[layer, head, column]
                np.testing.assert_allclose(found, [mass[row] for row in best], atol=1e-6)
                if min(abs(np.diff(sorted(mass.values())))) > 1e-5:
                    assert record.best.of_head(layer, head, share) == best


def test_of_equal_sentences_the_first_is_the_example() -> None:
    def best(rows: list[int]) -> Best:
        sentences = [Sentence(0, row, f"{row}") for row in rows]
        return Best.of(sentences, np.full((len(rows), 1, 1, 6), 0.5), np.full(len(rows), 9))

    for merged in (best([1, 2, 3]), best([1]).plus(best([2, 3])), best([3]).plus(best([1, 2]))):
        assert merged.of_head(0, 0, "next") == [1, 2]
        assert merged.texts == {1: "1", 2: "2"}


def test_the_shift_by_bfloat16_is_that_of_the_means(
    loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All sentences are in the sample where there is one batch."""
    monkeypatch.setattr(streaming, "refuse_dtype", lambda *_given: None)
    exact = Worker(Work("", replicates=1), loaded).measure(shard(LINES))
    rough = Worker(Work("", replicates=1, dtype="bfloat16"), loaded).measure(shard(LINES))
    assert exact.shift == {}
    change = np.abs(rough.basic.means - exact.basic.means).max(axis=(0, 1))
    assert list(rough.shift) == list(rough.basic.names)
    np.testing.assert_allclose(list(rough.shift.values()), change, atol=1e-9)
    assert max(rough.shift.values()) > 1e-5


def test_the_first_that_was_left_out_is_the_first_of_the_corpus(loaded: LoadedModel) -> None:
    worker = Worker(Work("", replicates=1), loaded)
    long = "cat " * 60
    parts = [
        worker.measure(Shard(at, tuple(Sentence(0, row, long) for row in rows)))
        for at, rows in enumerate([[], [5, 6], [7]])
    ]
    merged = merge(parts, seed=0, replicates=1)
    assert (merged.tally.too_long.count, merged.tally.too_long.first) == (3, 5)
