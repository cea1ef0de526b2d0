"""What heads do and which words are linked, on attention made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from plain_attention import small_layer

from inspector.analysis.heads import read_heads
from inspector.analysis.links import single_tokens, strongest_links, words
from inspector.analysis.merging import Merging
from inspector.records import (
    HeadReading,
    Rebuild,
    Text,
    Token,
    Trace,
    TracedLayer,
)
from inspector.session import Inspection

# [CLS] un ##tie knots ! [SEP]
PIECES = [
    ("[CLS]", None, None),
    ("un", 0, (0, 2)),
    ("##tie", 0, (2, 5)),
    ("knots", 1, (6, 11)),
    ("!", 2, (11, 12)),
    ("[SEP]", None, None),
]
TOKENS = tuple(
    Token(id=i, text=text, word=word, special=word is None, segment=0, span=span)
    for i, (text, word, span) in enumerate(PIECES)
)
T = len(TOKENS)


#: Nothing was recomputed: the readings are of the model's own attention.
NOTHING = Rebuild("none", (), (), "made by hand")


def traced(*heads: np.ndarray) -> Trace:
    text = Text.of(TOKENS, "untie knots!")
    return Trace(text, (TracedLayer("self", 0, np.zeros((T, 2)), np.stack(heads), None),))


def going_to(keys: list[int], mass: float = 0.9) -> np.ndarray:
    """Each row puts ``mass`` on one key and spreads the rest over all keys."""
    matrix = np.full((T, T), (1 - mass) / T)
    for query, key in enumerate(keys):
        matrix[query, key] += mass
    return matrix


def test_a_sink_counts_in_the_entropy() -> None:
    """Half of every row to one word and half to the sink: one bit."""
    made = traced(going_to([0] * T, 1.0) / 2)
    layer = small_layer(tokens=T, heads=1, sink=True)
    (reading,) = read_heads(made, Rebuild("weights", (layer,), (layer,), None))
    assert reading.entropy_bits == pytest.approx(1)
    assert reading.masses["first"] == pytest.approx(0.5)
    (blind,) = read_heads(made, NOTHING)
    assert blind.entropy_bits == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("label", "keys"),
    [
        ("previous", [0, 0, 1, 2, 3, 4]),
        ("next", [1, 2, 3, 4, 5, 5]),
        ("self", [0, 1, 2, 3, 4, 5]),
        ("first", [0] * T),
        ("separator", [5] * T),
    ],
)
def test_heads_are_labelled_by_where_their_mass_goes(label: str, keys: list[int]) -> None:
    (reading,) = read_heads(traced(going_to(keys)), NOTHING)
    assert reading.label == label
    assert reading.score == pytest.approx(0.9 + 0.1 / T, abs=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_distance_and_masses_are_counted_one_by_one(seed: int) -> None:
    matrix = np.random.default_rng(seed).dirichlet(np.ones(T), size=T)
    (reading,) = read_heads(traced(matrix), NOTHING)
    queries = [1, 2, 3, 4]
    steps = [sum(matrix[i, j] * abs(i - j) for j in range(T)) for i in queries]
    assert reading.distance == pytest.approx(sum(steps) / 4)
    expected = {
        "previous": sum(matrix[i, i - 1] for i in queries) / 4,
        "next": sum(matrix[i, i + 1] for i in queries) / 4,
        "self": sum(matrix[i, i] for i in queries) / 4,
        "first": sum(matrix[i, 0] for i in queries) / 4,
        "separator": sum(matrix[i, 5] for i in queries) / 4,
    }
    assert list(reading.masses) == list(expected)
    assert reading.masses == pytest.approx(expected)
    assert reading.score == max(reading.masses.values())


def test_targets_that_are_not_there_get_nothing() -> None:
    """No special token: no separator, nothing before the first token and nothing after the last."""
    words_only = traced(np.full((T, T), 1 / T))
    words_only = replace(words_only, text=replace(words_only.text, special=np.zeros(T, bool)))
    (reading,) = read_heads(words_only, NOTHING)
    assert reading.masses["separator"] == 0
    assert reading.masses["previous"] == pytest.approx(5 / T / T)
    assert reading.masses["next"] == pytest.approx(5 / T / T)
    assert reading.masses["self"] == pytest.approx(1 / T)


def test_a_head_below_the_bound_has_a_score_and_no_label() -> None:
    strong, weak = going_to([0] * T, 0.4), going_to([0] * T, 0.2)
    readings = read_heads(traced(strong, weak), NOTHING)
    assert [reading.label for reading in readings] == ["first", None]
    assert readings[1].score == pytest.approx(0.2 + 0.8 / T)


def test_entropy_is_taken_over_content_rows() -> None:
    uniform = np.full((T, T), 1 / T)
    uniform[0] = uniform[5] = np.eye(T)[0]
    assert read_heads(traced(uniform), NOTHING)[0].entropy_bits == pytest.approx(np.log2(T))


def test_words_are_spelt_as_in_the_text() -> None:
    found = words(traced(np.eye(T)).text)
    assert [word.text for word in found] == ["[CLS]", "untie", "knots", "!", "[SEP]"]
    assert [word.tokens for word in found] == [(0,), (1, 2), (3,), (4,), (5,)]


def test_into_a_word_is_a_sum_and_out_of_it_a_mean() -> None:
    matrix = np.arange(T * T, dtype=float).reshape(1, T, T)
    own = words(traced(np.eye(T)).text)
    groups = [word.tokens for word in own]
    merged = Merging(groups, groups)(matrix)
    assert merged.shape == (1, 5, 5)
    assert merged[0, 2, 1] == matrix[0, 3, 1] + matrix[0, 3, 2]
    assert merged[0, 1, 2] == (matrix[0, 1, 3] + matrix[0, 2, 3]) / 2
    weights = np.random.default_rng(0).dirichlet(np.ones(T), size=(1, T))
    np.testing.assert_allclose(Merging(groups, groups)(weights).sum(2), 1)


def test_links_join_different_words_and_leave_out_marks_and_neighbour_heads() -> None:
    towards_mark = going_to([0, 4, 4, 4, 4, 0])
    previous = going_to([0, 0, 1, 2, 3, 4], 0.99)
    knots_to_untie = np.full((T, T), 0.02)
    knots_to_untie[3, 1:3] = 0.3, 0.35
    found = traced(towards_mark, previous, knots_to_untie)
    links = strongest_links(found, read_heads(found, NOTHING), count=9)
    assert [(link.source, link.target) for link in links] == [
        ("knots", "untie"),
        ("untie", "knots"),
    ]
    assert links[0].weight == pytest.approx(0.65)
    assert (links[0].layer, links[0].head) == (0, 2)
    assert (links[0].source_token, links[0].target_token) == (3, 1)


def test_lift_is_the_weight_beside_the_heads_usual_link() -> None:
    matrix = np.random.default_rng(1).dirichlet(np.ones(T), size=T)
    found = traced(matrix)
    # Two words of content: untie (tokens 1 and 2) and knots (token 3).
    there = (matrix[1, 3] + matrix[2, 3]) / 2
    back = matrix[3, 1] + matrix[3, 2]
    links = {(at.source, at.target): at for at in strongest_links(found, ())}
    assert links["untie", "knots"].lift == pytest.approx(there / ((there + back) / 2))
    assert links["knots", "untie"].lift == pytest.approx(back / ((there + back) / 2))


def test_pieces_are_tokens_as_they_stand_in_the_text() -> None:
    matrix = np.random.default_rng(2).dirichlet(np.ones(T), size=T)
    found = traced(matrix)
    names = ["[CLS]", "un", "tie", "knots", "!", "[SEP]"]
    assert [word.text for word in single_tokens(found.text)] == names
    links = strongest_links(found, (), count=99, pieces=True)
    pairs = [(i, j) for i in (1, 2, 3) for j in (1, 2, 3) if i != j]
    usual = sum(matrix[i, j] for i, j in pairs) / 6
    assert [(at.source_token, at.target_token) for at in links] == sorted(
        pairs, key=lambda pair: -matrix[pair]
    )
    for at in links:
        assert (at.source, at.target) == (names[at.source_token], names[at.target_token])
        assert at.weight == matrix[at.source_token, at.target_token]
        assert at.lift == pytest.approx(at.weight / usual)


def test_heads_that_all_look_at_neighbours_leave_no_links() -> None:
    found = traced(going_to([0, 0, 1, 2, 3, 4], 0.99))
    assert strongest_links(found, read_heads(found, NOTHING)) == ()


def test_a_text_of_marks_has_no_links() -> None:
    text = Text.of((TOKENS[0], TOKENS[4], TOKENS[5]), "!")
    layer = TracedLayer("self", 0, np.zeros((3, 2)), np.full((1, 3, 3), 1 / 3), None)
    found = Trace(text, (layer,))
    assert strongest_links(found, ()) == ()


def test_the_cat(cat: Inspection) -> None:
    """Layer 3, head 1 of the bundled model knows who was tired."""
    tokens = [token.text for token in cat.tokens]
    it, tired = tokens.index("it"), tokens.index("cat")
    assert cat.attention(3, 1)[it, tired] == pytest.approx(0.49, abs=0.005)
    previous = next(h for h in cat.heads if (h.layer, h.head) == (0, 2))
    assert isinstance(previous, HeadReading)
    assert previous.label == "previous"
    assert len(cat.heads) == 72
