"""What a corpus says of every head.

Numbers come as columns, a NumPy array each, of exactly the names that the files on disk have, so
that a table can be written, sorted and drawn without a record a row. ``M`` stands for the rows of a
table. A NaN is a number that was not measured or does not exist, such as the null of a statistic
that no permutation changes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector.record import record
from inspector.records.checkpoint import ModelInfo
from inspector.records.shapes import Array, Float64, Mask, SiteName
from inspector.records.targets import LABEL_FROM, TARGETS
from inspector.records.text import Text

#: What a ladder rung's mean distance is called, after the rung's name.
DISTANCE_SUFFIX = "_jsd_bits"

Strings = NDArray[np.str_]
Ints = NDArray[np.integer[Any]]


@record(frozen=True, slots=True)
class HeadStatistics:
    """``heads.parquet``: M rows, one for each head and statistic."""

    #: (M,) strings, a ``SiteName`` each.
    site: Strings
    #: (M,) integers.
    layer: Ints
    head: Ints
    #: (M,) strings: ``entropy_bits``, ``distance``, the shares, ``…_moved``, ``<rung>_jsd_bits``, …
    statistic: Strings
    #: (M,) float64: mean over all content queries, and its 95 % interval.
    value: Float64
    low: Float64
    high: Float64
    #: (M,) float64: what is expected when words are permuted; NaN where that changes nothing.
    null: Float64
    #: (M,) integers: content queries measured.
    n: Ints

    def __len__(self) -> int:
        return len(self.value)

    def labelled(self) -> Mask:
        """Return the rows that name their head: a share of at least 0.4 that is above its null.

        (M,) bool. Above means that the lower end of the interval is; a statistic without a null
        names nobody.
        """
        share = np.isin(self.statistic, TARGETS)
        with np.errstate(invalid="ignore"):
            return share & (self.value >= LABEL_FROM) & (self.low > self.null)

    def resting(self) -> Mask:
        """Return the rows of shares of at least 0.4 that have no null, as a sink's; (M,) bool."""
        share = np.isin(self.statistic, TARGETS)
        with np.errstate(invalid="ignore"):
            return share & (self.value >= LABEL_FROM) & np.isnan(self.null)


@record(frozen=True, slots=True)
class RelationAccuracies:
    """``relations.parquet``: M rows, one for each relation, direction and head; all sentences."""

    #: (M,) strings: as written, such as ``nsubj:pass``, or the universal part, such as ``obl:*``.
    relation: Strings
    #: (M,) strings: ``dependent→head`` or ``head→dependent``, from the listener to the heard.
    direction: Strings
    site: Strings
    layer: Ints
    head: Ints
    #: (M,) float64: share of arcs found, and its 95 % interval.
    accuracy: Float64
    low: Float64
    high: Float64
    #: (M,) float64: the share that the best fixed offset in words finds.
    baseline: Float64
    #: (M,) integers: arcs.
    n: Ints

    def __len__(self) -> int:
        return len(self.accuracy)


@record(frozen=True, slots=True)
class RelationFindings:
    """``findings.parquet``: M rows, one for each relation and direction, on held-out sentences.

    Head and offset were chosen on the other half of the sentences.
    """

    relation: Strings
    direction: Strings
    site: Strings
    layer: Ints
    head: Ints
    #: (M,) integers: words from the listener to the word it is said to hear; negative is before it.
    offset: Ints
    accuracy: Float64
    low: Float64
    high: Float64
    #: (M,) float64: the share that ``offset`` finds on the same sentences.
    baseline: Float64
    #: (M,) float64: accuracy − baseline, paired by sentence, and its 95 % interval.
    difference: Float64
    difference_low: Float64
    difference_high: Float64
    n: Ints

    def __len__(self) -> int:
        return len(self.accuracy)

    def found(self) -> Mask:
        """Return the rows whose head is above its offset: only these are claimed; (M,) bool."""
        with np.errstate(invalid="ignore"):
            return self.difference_low > 0


@record(frozen=True, slots=True)
class ExplanationStatistics:
    """``explanations.parquet``: M rows, one for each reading of attention (the second ladder)."""

    #: (M,) strings: ``all_layers``, ``rollout``, …
    rung: Strings
    #: (M,) float64: mean over sentences of the rank correlation of a word's score with what
    #: blocking it does, and its 95 % interval; and how often both have the same favourite.
    rank_correlation: Float64
    low: Float64
    high: Float64
    top1: Float64
    top1_low: Float64
    top1_high: Float64
    #: (M,) integers: sentences.
    n: Ints

    def __len__(self) -> int:
        return len(self.rank_correlation)


@record(frozen=True, slots=True)
class HeadExample:
    """A sentence in which a head does what it does: one query, and whom it attends to."""

    site: SiteName
    layer: int
    head: int
    #: The file as the user named it, and the sentence's number in it, from 1: a line of a .txt or
    #: .jsonl file, a sentence of a .conllu file.
    file: str
    row: int
    text: Text
    #: Tokens of the strongest link: ``query`` attends to ``key``.
    query: int
    key: int
    #: (T,) the query's attention to every token.
    weights: Array
    #: Where the sentence's report lies, relative to the output folder; None where there is none.
    report: str | None
    #: The relation and direction of which the link is an arc, such as ``obj dependent→head``; None
    #: where it is of the share that is the head's largest.
    measure: str | None = None

    @property
    def weight(self) -> float:
        """The strongest link's weight."""
        return float(self.weights[self.key])


@record(frozen=True, slots=True)
class Skipped:
    """Why some sentences were left out."""

    #: As the end of a sentence: “… were left out: longer than the window of 512 tokens”.
    reason: str
    count: int
    #: Where the first of them is, such as ``corpus.conllu:1204``.
    first: str


@record(frozen=True, slots=True)
class CorpusFacts:
    """What was read, by what, and how."""

    model: ModelInfo
    #: The files as the user named them; ``-`` is standard input.
    files: tuple[str, ...]
    #: Sentences that are in the numbers, and their tokens with the special ones.
    sentences: int
    tokens: int
    #: How many of them were cut to the window.
    truncated: int
    #: Arcs of trees that were left out because the model was given no piece of one of their words.
    unread_arcs: int
    skipped: tuple[Skipped, ...]
    #: Wall-clock time of the whole run in seconds: loading, reading, tables, example sentences.
    seconds: float
    #: That of the reading alone, of the shards that this run made, and how many sentences these
    #: hold, where others were already on disk.
    reading_seconds: float
    sentences_this_run: int
    #: Of the bootstrap: its seed, and how many times the sentences were drawn anew.
    seed: int
    resamples: int
    command: str
    version: str


@record(frozen=True, slots=True)
class CorpusResult:
    """Everything ``inspect corpus`` found out: the whole input of its displays."""

    facts: CorpusFacts
    heads: HeadStatistics
    #: None where no file was a treebank.
    relations: RelationAccuracies | None
    findings: RelationFindings | None
    #: A few for each head, the clearest first, and one for each finding; there may be none.
    examples: tuple[HeadExample, ...]
    #: None where effects were not measured.
    explanations: ExplanationStatistics | None = None
