"""Of every relation that was judged one arc of the treebank, as the head chosen for it attends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from inspector.corpus.example_reports import Progress, numbered
from inspector.corpus.inputs import Input
from inspector.corpus.reading import Sentence
from inspector.corpus.treebank.clearest import Clearest, is_of
from inspector.corpus.treebank.conllu import ROOT, TreebankSentence
from inspector.corpus.treebank.syntax import DIRECTIONS
from inspector.records import Array, Text
from inspector.records.corpus import HeadExample, RelationFindings

if TYPE_CHECKING:
    from inspector.referee.loading import LoadedModel


def tell_arcs(
    findings: RelationFindings,
    clearest: Clearest,
    read: Iterable[Sentence],
    files: list[Input],
    loaded: LoadedModel,
    *,
    heads: int,
    truncate: bool,
    reports: Mapping[tuple[str, int], str | None],
    progress: Progress,
) -> tuple[HeadExample, ...]:
    """Run the clearest sentence of every finding once more, and return its strongest such arc.

    ``read`` gives the sentences of the corpus again, ``heads`` is how many a layer has, and
    ``reports`` says of sentences that have a report, by file and number, where it lies.
    """
    wanted: dict[int, list[int]] = defaultdict(list)
    for row in range(len(findings)):
        relation, direction = str(findings.relation[row]), str(findings.direction[row])
        place = int(findings.layer[row]) * heads + int(findings.head[row])
        if (key := clearest.of(relation, direction, place)) is not None:
            wanted[key].append(row)
    progress.stage("Looking up arcs of the treebank", len(wanted))
    told: dict[int, HeadExample] = {}
    for sentence in read:
        if not wanted:
            break
        rows = wanted.pop(sentence.key, [])
        if not rows or sentence.tree is None:
            continue
        progress.advance(1)
        file, number = numbered(sentence.key, files)
        where = files[file].name, number
        text, attentions = _run(loaded, sentence.tree, truncate=truncate)
        for row in rows:
            relation, direction = str(findings.relation[row]), str(findings.direction[row])
            layer, head = int(findings.layer[row]), int(findings.head[row])
            attention = attentions[layer][head]
            arc = _strongest(attention, text, sentence.tree, relation, direction)
            if arc is None:
                continue
            query, key = arc
            told[row] = HeadExample(
                site="self",
                layer=layer,
                head=head,
                file=where[0],
                row=number,
                text=text,
                query=query,
                key=key,
                weights=attention[query].copy(),
                report=reports.get(where),
                measure=f"{relation} {direction}",
            )
    return tuple(told[row] for row in sorted(told))


def _run(
    loaded: LoadedModel, tree: TreebankSentence, *, truncate: bool
) -> tuple[Text, list[Array]]:
    """Return the text that a tree's words make, and of every layer its attention, (H, T, T)."""
    from inspector.referee.capture import capture
    from inspector.referee.encoding import encode_many

    (text,) = encode_many(
        loaded.tokenizer,
        [list(tree.words)],
        limit=loaded.checkpoint.window,
        truncate=truncate,
    )
    return text, [layer.attention for layer in capture(loaded, text).layers]


def _strongest(
    attention: Array, text: Text, tree: TreebankSentence, relation: str, direction: str
) -> tuple[int, int] | None:
    """Return query and key of the arc of a relation to which a head, (T, T), gives most.

    None where the model was given no piece of one of its words.
    """
    found: tuple[float, int, int] | None = None
    for dependent, (governor, label) in enumerate(zip(tree.heads, tree.relations, strict=True)):
        if governor == ROOT or not is_of(label, relation):
            continue
        ends = (dependent, governor) if direction == DIRECTIONS[0] else (governor, dependent)
        asked, heard = (np.flatnonzero(text.words == word) for word in ends)
        for query in asked.tolist():
            for key in heard.tolist():
                weight = float(attention[query, key])
                if found is None or weight > found[0]:
                    found = weight, query, key
    return None if found is None else found[1:]
