"""Heads asked for the arcs of a batch, beside the same done word by word."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from plain_syntax import plain_found
from transformers import BertConfig, BertModel

from inspector.corpus.treebank.conllu import ROOT, TreebankSentence, parse_conllu
from inspector.corpus.treebank.syntax import (
    DIRECTIONS,
    OFFSETS,
    REACH,
    BatchTrees,
    SyntaxSums,
    batch_trees,
    found_arcs,
    joined,
    with_heads,
)
from inspector.referee.loading import LoadedModel

TREEBANK = Path(__file__).with_name("treebank.conllu")


def treebank() -> list[TreebankSentence]:
    with TREEBANK.open("rb") as file:
        read = list(parse_conllu(file, "treebank.conllu", strict=True))
    return [tree for tree in read if isinstance(tree, TreebankSentence)]


def one_token_a_word(trees: list[TreebankSentence]) -> np.ndarray:
    """Words between a special token and padding; at least one more special token at the end."""
    longest = max(len(tree.words) for tree in trees)
    words = np.full((len(trees), longest + 2), -1)
    for row, tree in zip(words, trees, strict=True):
        row[1 : len(tree.words) + 1] = range(len(tree.words))
    return words


def random_tree(rng: np.random.Generator, row: int) -> TreebankSentence:
    count = int(rng.integers(1, 16))
    order = rng.permutation(count)
    heads = [ROOT] * count
    for k in range(1, count):
        heads[order[k]] = int(order[rng.integers(k)])
    relations = tuple(str(r) for r in rng.choice(["obj", "obl", "obl:agent", "det"], count))
    return TreebankSentence(row, 1, None, ("w",) * count, tuple(heads), relations)


def random_words(rng: np.random.Generator, count: int) -> list[int]:
    """Up to four pieces a word, now and then none, with special tokens around and between."""
    words = [-1]
    for word in range(count):
        words += [word] * int(rng.choice([0, 1, 1, 1, 2, 4]))
        words += [-1] * int(rng.random() < 0.1)
    return [*words, -1]


def by_pair(sums: SyntaxSums) -> dict[tuple[int, str], int]:
    pairs = {
        (int(at), str(relation)): k
        for k, (at, relation) in enumerate(zip(sums.sentence, sums.relation, strict=True))
    }
    assert len(pairs) == len(sums.relation)
    return pairs


def ask(trees: BatchTrees, *layers: np.ndarray) -> SyntaxSums:
    return with_heads(trees, [found_arcs(layer, trees) for layer in layers])


@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 5, 1000]))
def test_sums_are_those_of_plain_loops(seed: int, levels: int) -> None:
    """With few levels weights tie all the time and rows of zeros occur; sums stay exact."""
    rng = np.random.default_rng(seed)
    trees = [random_tree(rng, int(rng.integers(100))) for _ in range(int(rng.integers(1, 5)))]
    ragged = [random_words(rng, len(tree.words)) for tree in trees]
    words = np.full((len(trees), max(map(len, ragged)) + 1), -1)
    for row, one in zip(words, ragged, strict=True):
        row[: len(one)] = one
    layers = [
        rng.integers(0, levels, (len(trees), heads, words.shape[1], words.shape[1])).astype(
            np.float32
        )
        for heads in (3, 2)
    ]
    before = [layer.copy() for layer in layers]
    places = [int(place) for place in rng.permutation(50)[: len(trees)]]
    sums = ask(batch_trees(trees, words, places), *layers)
    assert all(np.array_equal(*pair) for pair in zip(before, layers, strict=True))

    pairs = by_pair(sums)
    every = {
        (place, relation)
        for place, tree in zip(places, trees, strict=True)
        for head, relation in zip(tree.heads, tree.relations, strict=True)
        if head != ROOT
    }
    assert set(pairs) == every
    found = np.zeros(sums.found.shape)
    arcs = np.zeros(len(pairs), dtype=int)
    offsets = np.zeros(sums.offsets.shape, dtype=int)
    written = np.zeros(len(pairs), dtype=int)
    for b, tree in enumerate(trees):
        stacked = np.concatenate([layer[b] for layer in layers])
        for head, relation in zip(tree.heads, tree.relations, strict=True):
            if head != ROOT:
                written[pairs[places[b], relation]] += 1
        for relation, dependent, head, right in plain_found(stacked, list(words[b]), tree):
            k = pairs[places[b], relation]
            arcs[k] += 1
            found[k] += right
            assert sums.odd[k] == (tree.row % 2 == 1)
            if abs(head - dependent) <= REACH:
                offsets[k, OFFSETS.index(head - dependent)] += 1
    np.testing.assert_array_equal(sums.arcs, arcs)
    np.testing.assert_array_equal(sums.unread, written - arcs)
    np.testing.assert_array_equal(sums.offsets, offsets)
    np.testing.assert_allclose(sums.found, found, atol=1e-5)


def test_a_head_built_from_the_trees_finds_everything_and_an_even_one_its_share() -> None:
    trees = treebank()
    words = one_token_a_word(trees)
    B, T = words.shape
    to_head = np.full((B, T, T), 1e-3, dtype=np.float32)
    for b, tree in enumerate(trees):
        for dependent, head in enumerate(tree.heads):
            if head != ROOT:
                to_head[b, dependent + 1, head + 1] = 0.3
        # More attention goes to itself and to a special token, and neither is a candidate.
        to_head[b, range(T), range(T)] = 0.5
        to_head[b, :, 0] = 0.9
    even = np.full((B, T, T), 1 / T, dtype=np.float32)
    sums = ask(batch_trees(trees, words, range(B)), np.stack([to_head, even], axis=1))
    np.testing.assert_array_equal(sums.found[:, 0, 0], sums.arcs)
    lengths = np.array([len(tree.words) for tree in trees])[sums.sentence]
    for direction in range(2):
        np.testing.assert_allclose(
            sums.found[:, direction, 1], sums.arcs / (lengths - 1), rtol=1e-6
        )
    assert sums.arcs.sum() == sum(len(tree.words) - 1 for tree in trees)
    assert sums.unread.sum() == 0


def looking_along(step: int, model: BertModel, layer: int, head: int) -> None:
    """Build a head whose tokens look ``step`` tokens on; positions are the only traits."""
    size, places = model.config.hidden_size, model.config.max_position_embeddings
    attention = model.encoder.layer[layer].attention.self
    begin = head * places
    query, key = torch.zeros(places, size), torch.zeros(places, size)
    for place in range(places):
        key[place, place] = 1
        if 0 <= place + step < places:
            query[place + step, place] = 10
    attention.query.weight.data[begin : begin + places] = query
    attention.key.weight.data[begin : begin + places] = key


def test_a_model_built_to_look_along_finds_the_relations_that_stand_so() -> None:
    """Of five determiners four stand right before their noun, and all three subjects do."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=3,
        hidden_size=32,
        num_attention_heads=2,
        num_hidden_layers=1,
        intermediate_size=8,
        max_position_embeddings=16,
        attn_implementation="eager",
    )
    model = BertModel(config).eval()
    with torch.no_grad():
        for embeddings in (
            model.embeddings.word_embeddings,
            model.embeddings.token_type_embeddings,
            model.embeddings.position_embeddings,
        ):
            embeddings.weight.zero_()
        model.embeddings.position_embeddings.weight.fill_diagonal_(1)
        looking_along(1, model, layer=0, head=0)
        looking_along(-1, model, layer=0, head=1)
        trees = treebank()
        words = one_token_a_word(trees)
        shown = torch.tensor([[k < len(t.words) + 2 for k in range(words.shape[1])] for t in trees])
        given = model(
            input_ids=torch.ones(words.shape, dtype=torch.long),
            attention_mask=shown.long(),
            output_attentions=True,
        )
    sums = ask(batch_trees(trees, words, range(len(trees))), given.attentions[0].numpy())
    det, subject = (sums.relation == name for name in ("det", "nsubj"))
    assert sums.arcs[det].sum() == 5
    assert sums.found[det, 0, 0].sum() == 4
    assert sums.found[det, 1, 1].sum() == 4
    # Two determiners open a sentence, of five words and of ten: with nothing before them but a
    # special token, they look at all others alike.
    assert sums.found[det, 0, 1].sum() == pytest.approx(1 / 4 + 1 / 9)
    assert (sums.arcs[subject].sum(), sums.found[subject, 0, 0].sum()) == (3, 3)


def test_a_trained_model_on_real_pieces_is_asked_as_plain_loops_do(bundled: LoadedModel) -> None:
    trees = treebank()
    encoded = bundled.tokenizer(
        [list(tree.words) for tree in trees],
        is_split_into_words=True,
        padding=True,
        return_tensors="pt",
    )
    words = np.array(
        [[-1 if w is None else w for w in encoded.word_ids(b)] for b in range(len(trees))]
    )
    with torch.no_grad():
        given = bundled.model(**encoded, output_attentions=True)
    layers = [layer.numpy() for layer in given.attentions]
    sums = ask(batch_trees(trees, words, range(len(trees))), *layers)
    found = np.zeros(sums.found.shape)
    pairs = by_pair(sums)
    for b, tree in enumerate(trees):
        every_head = np.concatenate([layer[b] for layer in layers])
        for relation, _, _, right in plain_found(every_head, list(words[b]), tree):
            found[pairs[b, relation]] += right
    assert batch_trees(trees, words, range(len(trees))).later_pieces  # some word has several
    np.testing.assert_allclose(sums.found, found, atol=1e-6)


def test_of_offsets_the_nearest_comes_first_and_the_right_before_the_left() -> None:
    assert OFFSETS[:4] == (1, -1, 2, -2)
    assert sorted(OFFSETS) == [*range(-REACH, 0), *range(1, REACH + 1)]


def test_directions_ask_the_row_that_they_name() -> None:
    """In "The cat" only the dependent looks at its head, among three words."""
    tree = TreebankSentence(
        0, 1, None, ("The", "cat", "sat"), (1, 2, ROOT), ("det", "nsubj", "root")
    )
    attention = np.full((1, 1, 3, 3), 0.1, dtype=np.float32)
    attention[0, 0, 0, 1] = 0.8  # The → cat
    attention[0, 0, 1, 2] = 0.8  # cat → sat, so not cat → The
    sums = ask(batch_trees([tree], np.array([[0, 1, 2]]), [0]), attention)
    det = by_pair(sums)[0, "det"]
    assert DIRECTIONS == ("dependent→head", "head→dependent")
    assert sums.found[det, :, 0].tolist() == [1, 0]


def test_a_word_counts_with_the_sum_of_its_pieces() -> None:
    """Each piece of "untie" gets less than "the" does, both together more."""
    tree = TreebankSentence(
        0, 1, None, ("untie", "the", "knot"), (ROOT, 2, 0), ("root", "det", "obj")
    )
    attention = np.zeros((1, 1, 4, 4), dtype=np.float32)
    attention[0, 0, 3] = [0.3, 0.3, 0.4, 0]
    sums = ask(batch_trees([tree], np.array([[0, 0, 1, 2]]), [0]), attention)
    assert sums.found[by_pair(sums)[0, "obj"], 0, 0] == 1


def test_a_row_that_gives_nothing_to_any_candidate_finds_nothing() -> None:
    """As the first word of a text has it in a model that never looks ahead."""
    tree = TreebankSentence(0, 1, None, ("The", "cat"), (1, ROOT), ("det", "root"))
    attention = np.array([[[[1, 0], [0.5, 0.5]]]], dtype=np.float32)
    sums = ask(batch_trees([tree], np.array([[0, 1]]), [0]), attention)
    assert sums.found[0, :, 0].tolist() == [0, 1]


def test_words_without_a_piece_take_their_arcs_out_and_say_so() -> None:
    tree = TreebankSentence(
        0, 1, None, ("A", "\u200b", "b", "c"), (2, 2, ROOT, 1), ("x", "x", "root", "x")
    )
    sums = ask(
        batch_trees([tree], np.array([[-1, 0, 2, 3, -1]]), [0]),
        np.full((1, 2, 5, 5), 0.2, dtype=np.float32),
    )
    assert (sums.arcs.tolist(), sums.unread.tolist()) == ([1], [2])
    # The word without a piece is no candidate: two are left.
    np.testing.assert_allclose(sums.found, 0.5)


@pytest.mark.parametrize("words", [300, 256])
def test_more_words_may_tie_than_a_byte_counts(words: int) -> None:
    tree = TreebankSentence(0, 1, None, ("w",) * words, (ROOT, *range(words - 1)), ("x",) * words)
    even = np.full((1, 1, words, words), 1 / words, dtype=np.float32)
    sums = ask(batch_trees([tree], np.arange(words)[None], [0]), even)
    np.testing.assert_allclose(sums.found, 1, rtol=1e-5)  # words − 1 arcs of 1/(words − 1) each


def test_sentences_without_an_arc_leave_no_sum() -> None:
    tree = TreebankSentence(0, 1, None, ("Yes",), (ROOT,), ("root",))
    sums = ask(batch_trees([tree], np.array([[-1, 0, -1]]), [0]), np.ones((1, 2, 3, 3), np.float32))
    assert sums.found.shape == (0, 2, 2)


def test_joined_puts_sums_one_after_another() -> None:
    trees = treebank()
    words = one_token_a_word(trees)
    attention = np.random.default_rng(0).random((len(trees), 3, *words.shape[1:] * 2), np.float32)
    whole = ask(batch_trees(trees, words, range(len(trees))), attention)
    parts = [
        ask(batch_trees([tree], words[b : b + 1], [b]), attention[b : b + 1])
        for b, tree in enumerate(trees)
    ]
    together = joined(parts)
    for name in SyntaxSums.__slots__:
        np.testing.assert_array_equal(getattr(together, name), getattr(whole, name))
