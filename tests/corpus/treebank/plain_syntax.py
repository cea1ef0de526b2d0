"""Clark et al.'s protocol written out word by word, to set the fast version beside."""

from __future__ import annotations

import numpy as np

from inspector.corpus.treebank.conllu import ROOT, TreebankSentence


def plain_found(
    attention: np.ndarray, words: list[int], tree: TreebankSentence
) -> list[tuple[str, int, int, np.ndarray]]:
    """Every arc of one sentence that was read: (relation, dependent, head, (2, H) found)."""
    pieces = [[t for t, word in enumerate(words) if word == w] for w in range(len(tree.words))]
    arcs = []
    for dependent, (head, relation) in enumerate(zip(tree.heads, tree.relations, strict=True)):
        if head == ROOT or not pieces[dependent] or not pieces[head]:
            continue
        found = np.zeros((2, len(attention)))
        for direction, (asked, wanted) in enumerate([(dependent, head), (head, dependent)]):
            for h, matrix in enumerate(attention):
                found[direction, h] = _share(matrix, pieces, asked, wanted)
        arcs.append((relation, dependent, head, found))
    return arcs


def _share(matrix: np.ndarray, pieces: list[list[int]], asked: int, wanted: int) -> float:
    given = {
        word: np.mean([sum(float(matrix[i, j]) for j in pieces[word]) for i in pieces[asked]])
        for word in range(len(pieces))
        if word != asked and pieces[word]
    }
    most = max(given.values())
    favourites = [word for word, weight in given.items() if weight == most]
    return 1 / len(favourites) if most > 0 and wanted in favourites else 0.0
