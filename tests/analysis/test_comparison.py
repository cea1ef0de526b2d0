"""Which tokens stand against each other, and how much a head changed, beside plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import inspector
from inspector.analysis.comparison import align, divergence, head_changes
from inspector.records import Inspected, Text

IDS = st.lists(st.integers(0, 4), max_size=9)
TEXTS = {
    "a word exchanged": ("It was far too big for the case", "It was far too small for the case"),
    "words put in and left out": (
        "Nobody has ever climbed this high mountain",
        "Nobody has climbed this very strange mountain alone",
    ),
}


def entropy(row: list[float]) -> float:
    return -sum(p * math.log2(p) for p in row if p > 0)


def rest(row: list[float]) -> list[float]:
    """A row over some keys, with all else as one more key."""
    return [*row, max(0.0, 1 - sum(row))]


def loops(first: list[float], second: list[float]) -> float:
    p, q = rest(first), rest(second)
    mean = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
    return entropy(mean) - (entropy(p) + entropy(q)) / 2


@given(IDS, IDS)
def test_every_token_has_one_place_and_equal_ones_are_equal(one: list[int], two: list[int]) -> None:
    first, second = (Text.of_ids(np.array(ids, dtype=np.int64)) for ids in (one, two))
    places = align(first, second, by_ids=True).places
    assert [at.first for at in places if at.first is not None] == list(range(len(one)))
    assert [at.second for at in places if at.second is not None] == list(range(len(two)))
    for at in places:
        if at.first is None or at.second is None:
            assert not at.equal
        else:
            assert at.equal == (one[at.first] == two[at.second])


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ([1, 2, 3], [1, 2, 3], [(0, 0), (1, 1), (2, 2)]),
        # As many in the place of as many stand against each other.
        ([1, 5, 6, 2], [1, 7, 8, 2], [(0, 0), (1, 1), (2, 2), (3, 3)]),
        # One in the place of two stands alone, and so do they.
        ([1, 5, 2], [1, 7, 8, 2], [(0, 0), (1, None), (None, 1), (None, 2), (2, 3)]),
        ([1, 2], [1, 9, 2], [(0, 0), (None, 1), (1, 2)]),
        # However often something stands there, it is a match: SequenceMatcher would forget it.
        ([1] * 300, [2] + [1] * 300, [(None, 0), *((n, n + 1) for n in range(300))]),
    ],
)
def test_where_tokens_stand(one: list[int], two: list[int], expected: list[object]) -> None:
    texts = (Text.of_ids(np.array(ids, dtype=np.int64)) for ids in (one, two))
    assert [(at.first, at.second) for at in align(*texts, by_ids=True).places] == expected


@given(st.data(), st.integers(1, 5))
def test_a_row_beside_plain_loops(data: st.DataObject, keys: int) -> None:
    rows = []
    for _ in range(2):
        parts = data.draw(st.lists(st.floats(0, 1), min_size=keys + 1, max_size=keys + 1))
        whole = sum(parts) or 1.0
        rows.append([part / whole for part in parts[:keys]])
    got = float(divergence(*(np.array([[row]]) for row in rows))[0, 0])
    assert got == pytest.approx(loops(*rows), abs=1e-9)
    assert 0 <= got <= 1 + 1e-12


@pytest.fixture(scope="module", params=TEXTS)
def pair(request: pytest.FixtureRequest) -> tuple[Inspected, Inspected]:
    one, two = (inspector.inspect(text, prove=False) for text in TEXTS[request.param])
    return one, two


def test_every_head_beside_plain_loops(pair: tuple[Inspected, Inspected]) -> None:
    one, two = pair
    alignment = align(one.trace.text, two.trace.text, by_ids=True)
    pairs = alignment.pairs
    found = head_changes(one.trace, two.trace, (alignment,))
    assert [(at.layer, at.head) for at in found] == [(n, h) for n in range(6) for h in range(12)]
    for at in found[::7]:
        ours = one.trace.layers[at.layer].attention[at.head].tolist()
        theirs = two.trace.layers[at.layer].attention[at.head].tolist()
        rows = [
            loops([ours[i][s] for s, _ in pairs], [theirs[j][t] for _, t in pairs])
            for i, j in pairs
        ]
        assert at.jsd_bits == pytest.approx(sum(rows) / len(rows), abs=1e-9)
        moved = {(i, s): abs(theirs[j][t] - ours[i][s]) for i, j in pairs for s, t in pairs}
        assert moved[at.first_cell] == max(moved.values())
        assert at.first_weight == ours[at.first_cell[0]][at.first_cell[1]]
        assert at.second_weight == theirs[at.second_cell[0]][at.second_cell[1]]
        assert (at.first_cell[0], at.second_cell[0]) in pairs


def test_nothing_changes_beside_itself(cat: Inspected) -> None:
    alignment = align(cat.trace.text, cat.trace.text, by_ids=True)
    found = head_changes(cat.trace, cat.trace, (alignment,))
    assert max(at.jsd_bits for at in found) <= 1e-12
