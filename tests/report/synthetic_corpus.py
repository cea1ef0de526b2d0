"""A `CorpusResult` made of random numbers: no model, no corpus, any size, any sentence."""

import numpy as np

from inspector.records import ModelInfo, Text, Token
from inspector.records.corpus import (
    CorpusFacts,
    CorpusResult,
    HeadExample,
    HeadStatistics,
    RelationAccuracies,
    RelationFindings,
    Skipped,
)

SHARES = ("previous", "next", "self", "first", "separator", "same_word")
#: In these the specials stay where they are, so that a permutation of words changes nothing.
INVARIANT = ("entropy_bits", "first", "separator")
BASIC = ("entropy_bits", "distance", *SHARES, *(f"{share}_moved" for share in SHARES))
RUNGS = ("strangers", "share", "softmax", "scaled", "learned", "heads", "model")
MEASURES = ("jsd_bits", "rank_correlation", "top1")
SENTENCES = (
    "The keys to the old cabinet are on the table .",
    "Nobody in the village saw anything that night .",
    "She gave the clockmaker a small brass key .",
    "From the harbour comes this story of a storm .",
)
RELATIONS = ("nsubj", "obj", "det", "amod", "case", "advmod", "obl:*", "nsubj:pass")
DIRECTIONS = ("dependent→head", "head→dependent")


def places(sites, layers, heads):
    return [(s, n, h) for s in sites for n in range(layers) for h in range(heads)]


def text(sentence):
    """[CLS], the words of a sentence, [SEP]."""
    tokens, at = [Token(101, "[CLS]", None, True, 0, None)], 0
    for number, piece in enumerate(sentence.split(" ")):
        tokens.append(Token(1000 + number, piece, number, False, 0, (at, at + len(piece))))
        at += len(piece) + 1
    tokens.append(Token(102, "[SEP]", None, True, 0, None))
    return Text.of(tuple(tokens), sentence)


def names(full):
    if not full:
        return BASIC
    references = ("uniform", "layer_mean")
    return BASIC + tuple(f"{rung}_{m}" for rung in (*RUNGS, *references) for m in MEASURES)


def statistics(where, full, random):
    """Columns in which every head leans to one target, some of them enough to be named after."""
    columns = {name: [] for name in HeadStatistics.__dataclass_fields__}
    for site, layer, head in where:
        lean = dict(zip(SHARES, random.dirichlet(np.full(6, 0.35)), strict=True))
        for name in names(full):
            stem = name.removesuffix("_moved")
            value = {"entropy_bits": 3.1, "distance": 4.2}.get(name, 0.5) * random.uniform(0.4, 1)
            if stem in lean:
                value = 0.95 * lean[stem] * (0.8 if name.endswith("_moved") else 1)
            half = random.uniform(0.002, 0.02)
            null = np.nan if stem in INVARIANT or "_" in name.replace("_moved", "") else 0.08
            if stem == "same_word":
                null = 0.08
            row = (site, layer, head, name, value, value - half, value + half, null, 25_310)
            for column, item in zip(columns.values(), row, strict=True):
                column.append(item)
    return HeadStatistics(**{name: np.array(column) for name, column in columns.items()})


def relations(where, random, labels=RELATIONS):
    rows, found = [], []
    for relation in labels:
        for direction in DIRECTIONS:
            n, baseline = int(random.integers(40, 2000)), float(random.uniform(0.2, 0.6))
            here = []
            for place in where:
                accuracy = float(random.beta(1.2, 5))
                here.append((relation, direction, *place, accuracy, accuracy - 0.03,
                             accuracy + 0.03, baseline, n))  # fmt: skip
            rows += here
            best = max(here, key=lambda row: row[5])
            # The same numbers less a little, as held-out ones tend to be.
            accuracy = best[5] - 0.01
            difference = accuracy - baseline
            found.append((relation, direction, *best[2:5], int(random.integers(1, 4)) * (-1) ** n,
                          accuracy, accuracy - 0.04, accuracy + 0.04, baseline, difference,
                          difference - 0.05, difference + 0.05, n // 2))  # fmt: skip
    return table(RelationAccuracies, rows), table(RelationFindings, found)


def table(kind, rows):
    return kind(*(np.array(column) for column in zip(*rows, strict=True)))


def examples(where, sentences, random, each=2, report=None):
    made = []
    for place in where:
        for row in random.choice(len(sentences), min(each, len(sentences)), replace=False):
            told = text(sentences[row])
            weights = random.dirichlet(np.full(len(told.tokens), 0.3))
            query, key = int(random.integers(1, len(told.tokens) - 1)), int(weights.argmax())
            made.append(HeadExample(*place, "keys.conllu", int(row) + 1, told, query, key, weights,
                                    report))  # fmt: skip
    return tuple(made)


def arcs_of(findings, sentences, seed):
    """One arc of each finding, in the head that was chosen for it: two words of a sentence."""
    random = np.random.default_rng(seed)
    made = []
    for at in range(len(findings)):
        row = at % len(sentences)
        told = text(sentences[row])
        weights = random.dirichlet(np.full(len(told.tokens), 0.3))
        words = np.arange(1, len(told.tokens) - 1)
        query, key = (int(end) for end in random.choice(words, 2, replace=len(words) < 2))
        place = str(findings.site[at]), int(findings.layer[at]), int(findings.head[at])
        made.append(HeadExample(*place, "keys.conllu", row + 1, told, query, key, weights, None,
                                f"{findings.relation[at]} {findings.direction[at]}"))  # fmt: skip
    return tuple(made)


def corpus(
    *,
    sites=("self",),
    layers=6,
    heads=12,
    full=False,
    treebank=True,
    sentences=SENTENCES,
    labels=RELATIONS,
    files=("keys.conllu",),
    report=None,
    seed=0,
):
    random = np.random.default_rng(seed)
    where = places(sites, layers, heads)
    arcs, findings = relations(where, random, labels) if treebank else (None, None)
    info = ModelInfo("bundled", "sentence-transformers/all-MiniLM-L6-v2", "bert", layers, heads,
                     384, 512, "53aa" * 16, ("float32",), "float32")  # fmt: skip
    facts = CorpusFacts(
        model=info,
        files=files,
        sentences=2001,
        tokens=29_312,
        truncated=0,
        unread_arcs=7,
        skipped=(Skipped("longer than the window of 512 tokens", 3, "keys.conllu:1204"),),
        seconds=40.25,
        reading_seconds=12.5,
        sentences_this_run=2001,
        seed=0,
        resamples=500,
        command="inspect corpus keys.conllu --out corpus",
        version="0.1.0",
    )
    return CorpusResult(
        facts,
        statistics(where, full, random),
        arcs,
        findings,
        examples(where, sentences, random, report=report)
        + (arcs_of(findings, sentences, seed) if treebank else ()),
    )
