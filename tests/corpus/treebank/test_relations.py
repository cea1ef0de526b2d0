"""Accuracies, baselines, intervals and held-out findings, beside the same in plain loops."""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.corpus.treebank.relations import (
    MIN_ARCS,
    MIN_SENTENCES,
    HeadPlace,
    Table,
    Tally,
    findings,
    relations,
)
from inspector.corpus.treebank.syntax import OFFSETS, SyntaxSums

LABELS = ["det", "det:predet", "nmod:poss", "obj", "obl"]
PLACES: list[HeadPlace] = [("self", 0, 0), ("self", 0, 1), ("self", 1, 0)]


def random_sums(rng: np.random.Generator, sentences: int, heads: int = 3) -> SyntaxSums:
    pairs = [(s, label) for s in range(sentences) for label in LABELS if rng.random() < 0.6]
    arcs = rng.integers(0, 4, len(pairs))
    # Each arc is at one offset or beyond all of them, and each head finds a share of the arcs.
    chances = np.array([0.3, 0.2, *[0.4 / 18] * 18, 0.1])
    offsets = np.array([rng.multinomial(n, chances)[:-1] for n in arcs]).reshape(-1, len(OFFSETS))
    shares = rng.random((len(pairs), 2, heads))
    return SyntaxSums(
        sentence=np.array([pair[0] for pair in pairs], dtype=np.int64),
        odd=np.array([pair[0] % 2 == 1 for pair in pairs], dtype=np.bool_),
        relation=np.array([pair[1] for pair in pairs], dtype=np.str_),
        arcs=arcs,
        unread=rng.integers(0, 2, len(pairs)),
        offsets=offsets.astype(np.int32),
        found=(shares * arcs[:, None, None]).astype(np.float32),
    )


def some(sums: SyntaxSums, rows: np.ndarray) -> SyntaxSums:
    return SyntaxSums(**{field.name: getattr(sums, field.name)[rows] for field in fields(sums)})


def shard(sums: SyntaxSums, first: int, last: int) -> SyntaxSums:
    """The sentences from first to last, counted from 0 in their shard."""
    part = some(sums, (sums.sentence >= first) & (sums.sentence < last))
    values = {field.name: getattr(part, field.name) for field in fields(part)}
    return SyntaxSums(**values | {"sentence": part.sentence - first})


def tallied(sums: SyntaxSums, weights: np.ndarray) -> Tally:
    tally = Tally(len(weights), sums.found.shape[2])
    tally.add(sums, weights)
    return tally


def poisson(rng: np.random.Generator, sentences: int, replicates: int = 30) -> np.ndarray:
    return rng.poisson(1, (replicates, sentences))


def row(table: Table, **where: object) -> dict[str, object]:
    (at,) = np.flatnonzero(np.all([table[name] == value for name, value in where.items()], axis=0))
    return {name: column[at] for name, column in table.items()}


# The slow way: every mean is taken over a list of (weight, right, arcs).


def plain_accuracy(entries: list[tuple[float, float, float]]) -> float | None:
    total = sum(w * n for w, _, n in entries)
    return sum(w * right for w, right, _ in entries) / total if total else None


def plain_ends(values: list[float]) -> tuple[float, float]:
    """The 2.5th and the 97.5th percentile, read off the sorted values between two neighbours."""
    ordered = sorted(values)
    ends = []
    for share in (0.025, 0.975):
        at = share * (len(ordered) - 1)
        below = int(at)
        above = min(below + 1, len(ordered) - 1)
        ends.append(ordered[below] + (at - below) * (ordered[above] - ordered[below]))
    return ends[0], ends[1]


def plain(
    sums: SyntaxSums, weights: np.ndarray, rows: list[int], right: np.ndarray
) -> tuple[float, float, float]:
    """Accuracy and interval of what is right, a number for each row of the sums."""
    value = plain_accuracy([(1, right[k], sums.arcs[k]) for k in rows])
    drawn = [
        plain_accuracy([(w[sums.sentence[k]], right[k], sums.arcs[k]) for k in rows])
        for w in weights
    ]
    assert value is not None
    return (value, *plain_ends([one for one in drawn if one is not None]))


def members(sums: SyntaxSums, name: str, odd: bool | None = None) -> list[int]:
    return [
        k
        for k, label in enumerate(sums.relation)
        if (label == name or (name.endswith(":*") and label.split(":")[0] == name[:-2]))
        and (odd is None or sums.odd[k] == odd)
    ]


NAMES = sorted([*LABELS, "det:*"])


def test_relations_are_those_of_plain_loops() -> None:
    rng = np.random.default_rng(0)
    sums, weights = random_sums(rng, 40), poisson(rng, 40)
    table = relations(tallied(sums, weights), PLACES)
    assert list(table) == [
        *("relation", "direction", "site", "layer", "head"),
        *("accuracy", "low", "high", "baseline", "n"),
    ]
    keys = list(
        zip(table["relation"], table["direction"], table["layer"], table["head"], strict=True)
    )
    assert keys == [
        (name, direction, layer, head)
        for name in NAMES
        for direction in ("dependent→head", "head→dependent")
        for _, layer, head in PLACES
    ]
    for name in NAMES:
        rows = members(sums, name)
        arcs = sum(int(sums.arcs[k]) for k in rows)
        baseline = max(sum(sums.offsets[k, o] for k in rows) for o in range(len(OFFSETS))) / arcs
        for d, direction in enumerate(("dependent→head", "head→dependent")):
            for h, (site, layer, head) in enumerate(PLACES):
                ours = row(table, relation=name, direction=direction, layer=layer, head=head)
                theirs = plain(sums, weights, rows, sums.found[:, d, h])
                assert [ours["accuracy"], ours["low"], ours["high"]] == pytest.approx(theirs)
                assert ours["baseline"] == pytest.approx(baseline)
                assert (ours["site"], ours["n"]) == (site, arcs)


def test_findings_are_those_of_plain_loops() -> None:
    rng = np.random.default_rng(1)
    sums, weights = random_sums(rng, 300), poisson(rng, 300)
    table = findings(tallied(sums, weights), PLACES)
    assert list(table) == [
        *("relation", "direction", "site", "layer", "head", "offset", "accuracy", "low", "high"),
        *("baseline", "difference", "difference_low", "difference_high", "n"),
    ]
    assert list(table["relation"]) == [name for name in NAMES for _ in range(2)]
    for name in NAMES:
        even, odd = members(sums, name, odd=False), members(sums, name, odd=True)
        offset = max(range(len(OFFSETS)), key=lambda o: sum(sums.offsets[k, o] for k in even))
        by_offset = sums.offsets[:, offset].astype(float)
        for d, direction in enumerate(("dependent→head", "head→dependent")):
            chosen = max(range(3), key=lambda h: sum(sums.found[k, d, h] for k in even))
            ours = row(table, relation=name, direction=direction)
            assert (ours["site"], ours["layer"], ours["head"]) == PLACES[chosen]
            assert ours["offset"] == (OFFSETS[offset] if d == 0 else -OFFSETS[offset])
            found = sums.found[:, d, chosen].astype(float)
            theirs = [
                *plain(sums, weights, odd, found),
                plain(sums, weights, odd, by_offset)[0],
                *plain(sums, weights, odd, found - by_offset),
            ]
            names = [*("accuracy", "low", "high", "baseline"), "difference"]
            names += ["difference_low", "difference_high"]
            assert [ours[one] for one in names] == pytest.approx(theirs)
            assert ours["n"] == sum(int(sums.arcs[k]) for k in odd)


def regular(sentences: int, found: list[list[float]], offset: list[int]) -> SyntaxSums:
    """One `obj` a sentence; ``found`` and ``offset`` are for even and for odd rows."""
    odd = np.arange(sentences) % 2
    offsets = np.zeros((sentences, len(OFFSETS)), dtype=np.int32)
    for at in range(sentences):
        offsets[at, OFFSETS.index(offset[odd[at]])] = 1
    return SyntaxSums(
        sentence=np.arange(sentences),
        odd=odd == 1,
        relation=np.full(sentences, "obj"),
        arcs=np.ones(sentences, dtype=np.int64),
        unread=np.zeros(sentences, dtype=np.int64),
        offsets=offsets,
        found=np.array(found, dtype=np.float32)[odd][:, None].repeat(2, axis=1),
    )


def test_what_is_chosen_on_even_rows_is_judged_on_odd_ones() -> None:
    """Head 0 and offset −2 are right in even rows only, head 1 and offset 3 in odd rows only."""
    sums = regular(2 * MIN_ARCS, [[1, 0.25, 0], [0, 1, 0]], [-2, 3])
    tally = tallied(sums, poisson(np.random.default_rng(2), 2 * MIN_ARCS))
    judged = row(findings(tally, PLACES), direction="dependent→head")
    assert (judged["layer"], judged["head"], judged["offset"]) == (0, 0, -2)
    assert (judged["accuracy"], judged["baseline"], judged["n"]) == (0, 0, MIN_ARCS)
    assert row(findings(tally, PLACES), direction="head→dependent")["offset"] == 2
    # On all rows each is right half of the time, and head 1 in 5/8.
    table = relations(tally, PLACES)
    assert row(table, direction="dependent→head", layer=0, head=1)["accuracy"] == 5 / 8
    assert set(table["baseline"]) == {0.5}


def test_of_offsets_as_good_the_nearest_is_taken() -> None:
    sums = regular(2 * MIN_ARCS, [[1, 0, 0], [1, 0, 0]], [-2, 3])
    sums.offsets[::4] = 0
    sums.offsets[::4, OFFSETS.index(1)] = 1
    tally = tallied(sums, poisson(np.random.default_rng(2), 2 * MIN_ARCS))
    assert row(findings(tally, PLACES), direction="dependent→head")["offset"] == 1


@pytest.mark.parametrize(
    ("arcs", "sentences", "judged"),
    [
        (MIN_ARCS, MIN_SENTENCES, True),
        (MIN_ARCS - 1, MIN_SENTENCES, False),
        (MIN_ARCS, MIN_SENTENCES - 1, False),
    ],
)
def test_a_relation_too_rare_in_one_half_is_not_judged(
    arcs: int, sentences: int, judged: bool
) -> None:
    sums = regular(200, [[1, 0, 0], [1, 0, 0]], [1, 1])
    # So many sentences of the odd half have arcs, and the first of them those that are left. In
    # the others the model was given no piece of a word.
    odd = np.flatnonzero(sums.odd)
    sums.arcs[odd[0]] = arcs - sentences + 1
    sums.arcs[odd[sentences:]] = 0
    sums.found[odd[sentences:]] = 0
    sums.offsets[odd[sentences:]] = 0
    table = findings(tallied(sums, poisson(np.random.default_rng(3), 200)), PLACES)
    assert len(table["n"]) == 2 * judged
    assert table["n"].dtype == np.int64


def test_subtypes_are_pooled_where_there_are_several() -> None:
    rng = np.random.default_rng(4)
    sums = random_sums(rng, 20)
    tally = tallied(sums, poisson(rng, 20))
    assert [name for name, _ in tally.labelled()] == [
        "det",
        "det:*",
        "det:predet",
        "nmod:poss",
        "obj",
        "obl",
    ]
    assert tally.unread == sums.unread.sum()


def test_a_relation_that_no_replicate_drew_has_no_interval() -> None:
    sums = regular(2, [[1, 0, 0], [1, 0, 0]], [1, 1])
    table = relations(tallied(sums, np.zeros((5, 2))), PLACES)
    assert row(table, direction="dependent→head", layer=0, head=0)["accuracy"] == 1
    assert np.isnan(table["low"]).all()
    assert np.isnan(table["high"]).all()


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 160), max_size=5))
def test_any_split_gives_the_same_tables(seed: int, cuts: list[int]) -> None:
    rng = np.random.default_rng(seed)
    sums, weights = random_sums(rng, 160), poisson(rng, 160)
    edges = [0, *sorted(cuts), 160]
    split = Tally(30, 3)
    for first, last in pairwise(edges):
        split.add(shard(sums, first, last), weights[:, first:last])
    whole = tallied(sums, weights)
    assert split.unread == whole.unread
    for make in (relations, findings):
        expected, found = make(whole, PLACES), make(split, PLACES)
        assert len(expected["n"])
        for name, column in expected.items():
            if column.dtype.kind == "f":
                np.testing.assert_allclose(found[name], column, rtol=0, atol=1e-12)
            else:
                np.testing.assert_array_equal(found[name], column)
