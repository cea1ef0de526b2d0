"""Which heads find which relations of a tree, arc by arc.

The protocol is that of Clark et al. 2019, "What Does BERT Look At?": attention *to* a word is the
sum over its pieces, *from* a word the mean over them; special tokens and the word itself are no
candidates; a head is right about an arc where the favourite of one end's row is the other end.
Words that tie for the favourite share it.

A batch is asked layer by layer and only sums by sentence and relation are kept, so that nothing
here grows with the square of a text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from inspector.corpus.treebank.conllu import ROOT, TreebankSentence
from inspector.record import record
from inspector.records import Array, Float32, Mask

Direction = Literal["dependent→head", "head→dependent"]
#: The first asks the dependent's row for the head, the second the head's row for the dependent.
DIRECTIONS: tuple[Direction, Direction] = ("dependent→head", "head→dependent")
#: How far, in words, the offsets of the baseline reach; farther ends are wrong for all of them.
REACH = 10
#: From a dependent to its head, nearest first and, of two as near, the one to the right: the first
#: of several that are equally good is taken. The way back is the same with the sign changed.
OFFSETS = tuple(offset for size in range(1, REACH + 1) for offset in (size, -size))


@record(frozen=True, slots=True)
class SyntaxSums:
    """What the heads got right in some sentences, summed by sentence and relation: K sums.

    Sums of consecutive sentences are put one after another by ``joined``.
    """

    #: (K,) int64 place of the sentence in the shard, from 0, and whether its row is odd.
    sentence: NDArray[np.int64]
    odd: Mask
    #: (K,) the relation as written.
    relation: NDArray[np.str_]
    #: (K,) int64 arcs that were asked for.
    arcs: NDArray[np.int64]
    #: (K,) int64 arcs left out because the model was given no piece of one of their words: the
    #: tokenizer knows no sign in it, or the sentence was cut before it.
    unread: NDArray[np.int64]
    #: (K, len(OFFSETS)) int32 arcs at each offset.
    offsets: NDArray[np.int32]
    #: (K, 2, H) float32 arcs found in each of ``DIRECTIONS`` by each of H heads.
    found: Float32


@record(frozen=True, slots=True)
class BatchTrees:
    """The trees of one batch over its tokens, ready to be asked of every layer.

    B sentences of up to T tokens, A arcs, K pairs of a sentence and a relation. A word is where
    its first piece is.
    """

    #: For the second pieces of words, the third, …: (3, P) int64, each piece's sentence in the
    #: batch, its word and itself.
    later_pieces: tuple[NDArray[np.int64], ...]
    #: (2, M) int64, sentence and place of each token that is not a word's first piece.
    no_word: NDArray[np.int64]
    #: (A,) int64 each arc's sentence in the batch; the arcs of a pair follow each other.
    sentence: NDArray[np.int64]
    #: (2, A) int64 in each of ``DIRECTIONS`` the word whose row is asked, and the one it should
    #: favour.
    asked: NDArray[np.int64]
    wanted: NDArray[np.int64]
    #: All that needs no attention: ``found`` is (K, 2, 0).
    sums: SyntaxSums


def batch_trees(
    trees: Sequence[TreebankSentence], words: NDArray[np.integer[Any]], places: Sequence[int]
) -> BatchTrees:
    """Lay the trees of a batch over its tokens.

    Parameters
    ----------
    trees:
        B sentences, whose words went to the tokenizer as they are.
    words:
        (B, T) the place of the word to which each token belongs, −1 for special tokens and padding.
    places:
        B places of the sentences in their shard.
    """
    first, later_pieces = _pieces(words, max((len(tree.words) for tree in trees), default=0))

    # The root depends on no word.
    arcs = sorted(
        (at, relation, dependent, head)
        for at, tree in enumerate(trees)
        for dependent, (head, relation) in enumerate(zip(tree.heads, tree.relations, strict=True))
        if head != ROOT
    )
    relation = np.array([arc[1] for arc in arcs], dtype=np.str_)
    sentence, dependent, head = (
        np.array([arc[column] for arc in arcs], dtype=np.int64) for column in (0, 2, 3)
    )
    usable = (first[sentence, dependent] >= 0) & (first[sentence, head] >= 0)

    begins = np.ones(len(arcs), dtype=np.bool_)
    begins[1:] = (sentence[1:] != sentence[:-1]) | (relation[1:] != relation[:-1])
    pair = np.cumsum(begins) - 1
    pairs = int(begins.sum())
    offsets = np.zeros((pairs, len(OFFSETS)), dtype=np.int32)
    for column, offset in enumerate(OFFSETS):
        there = usable & (head - dependent == offset)
        offsets[:, column] = np.bincount(pair[there], minlength=pairs)
    odd = np.array([tree.row % 2 == 1 for tree in trees], dtype=np.bool_)
    sums = SyntaxSums(
        sentence=np.asarray(places, dtype=np.int64)[sentence[begins]],
        odd=odd[sentence[begins]],
        relation=relation[begins],
        arcs=np.bincount(pair[usable], minlength=pairs),
        unread=np.bincount(pair[~usable], minlength=pairs),
        offsets=offsets,
        found=np.zeros((pairs, len(DIRECTIONS), 0), dtype=np.float32),
    )
    no_word = np.ones(words.shape, dtype=np.bool_)
    owner, word = np.nonzero(first >= 0)
    no_word[owner, first[owner, word]] = False
    sentence, dependent, head = sentence[usable], dependent[usable], head[usable]
    ends = np.stack([first[sentence, dependent], first[sentence, head]])
    return BatchTrees(
        later_pieces=later_pieces,
        no_word=np.stack(np.nonzero(no_word)),
        sentence=sentence,
        asked=ends,
        wanted=ends[::-1],
        sums=sums,
    )


def _pieces(
    words: NDArray[np.integer[Any]], count: int
) -> tuple[NDArray[np.int64], tuple[NDArray[np.int64], ...]]:
    """Return the first piece of every word, (B, ``count``), −1 for none, and the later pieces."""
    at, token = np.nonzero(words >= 0)
    word = words[at, token].astype(np.int64)
    order = np.lexsort((token, word, at))
    at, token, word = at[order], token[order], word[order]
    begins = np.ones(at.size, dtype=np.bool_)
    begins[1:] = (at[1:] != at[:-1]) | (word[1:] != word[:-1])
    first = np.full((len(words), count), -1)
    first[at[begins], word[begins]] = token[begins]
    # How many pieces of the same word come before.
    rank = np.arange(at.size) - np.flatnonzero(begins)[np.cumsum(begins) - 1]
    table = np.stack([at, first[at, word], token])
    return first, tuple(table[:, rank == k] for k in range(1, int(rank.max(initial=0)) + 1))


def found_arcs(attention: Array, trees: BatchTrees) -> Float32:
    """Return how many arcs of every sentence and relation each head of a layer finds: (K, 2, H).

    ``attention`` is (B, H, T, T). Of n words that tie for the favourite each counts 1/n; a row that
    gives nothing to any candidate has none.
    """
    # (B, key, H, query): so the maximum over keys runs along whole rows of memory.
    merged: Array = attention.transpose(0, 3, 1, 2).copy()
    for at, word, piece in trees.later_pieces:
        merged[at, word] += merged[at, piece]
        # The mean over a word's own pieces is left at their sum: a factor that all keys share
        # changes no favourite.
        merged[at, :, :, word] += merged[at, :, :, piece]
    # What is no candidate is given nothing, and so is never the favourite.
    merged[tuple(trees.no_word)] = 0
    itself = np.arange(merged.shape[1])
    merged[:, itself, :, itself] = 0
    best = merged.max(axis=1)
    tied = (merged == best[:, None]).view(np.uint8)
    ties = tied.sum(axis=1, dtype=np.min_scalar_type(merged.shape[1]))

    found = np.zeros((len(trees.sums.arcs), len(DIRECTIONS), attention.shape[1]), dtype=np.float32)
    filled = trees.sums.arcs > 0
    starts = (np.cumsum(trees.sums.arcs) - trees.sums.arcs)[filled]
    if not starts.size:
        return found
    at = trees.sentence
    for direction, (asked, wanted) in enumerate(zip(trees.asked, trees.wanted, strict=True)):
        favourite = best[at, :, asked]
        right = (merged[at, wanted, :, asked] == favourite) & (favourite > 0)
        share = right / ties[at, :, asked].astype(np.float32)
        found[filled, direction] = np.add.reduceat(share, starts, axis=0)
    return found


def with_heads(trees: BatchTrees, layers: Sequence[Float32]) -> SyntaxSums:
    """Return the batch's sums with what ``found_arcs`` returned for each layer, in that order."""
    return replace(trees.sums, found=np.concatenate(layers, axis=2))


def joined(parts: Sequence[SyntaxSums]) -> SyntaxSums:
    """Return several sums as one; they must have the same heads."""
    columns = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(SyntaxSums)
    }
    return SyntaxSums(**columns)
