"""From merged sums to the tables that are written and shown."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from inspector.corpus.bootstrap import draws
from inspector.corpus.examples import Best
from inspector.corpus.measured.effects import RUNGS
from inspector.corpus.record import Record, Tally
from inspector.corpus.sums import Sums
from inspector.corpus.treebank.clearest import Clearest
from inspector.corpus.treebank.relations import HeadPlace, findings, relations
from inspector.corpus.treebank.relations import Tally as ArcTally
from inspector.records import Float64, SiteName
from inspector.records.corpus import (
    ExplanationStatistics,
    HeadStatistics,
    RelationAccuracies,
    RelationFindings,
)

#: The site of a model that is no encoder–decoder.
_SITE: SiteName = "self"


@dataclass(slots=True)
class Merged:
    """All shards together."""

    tally: Tally
    basic: Sums
    permuted: Sums
    ladder: Sums | None
    effects: Sums | None
    explanations: Sums | None
    best: Best
    arcs: ArcTally | None
    #: Where each head finds each relation most surely; nothing without trees.
    clearest: Clearest
    shift: dict[str, float]


def merge(records: Iterable[Record], *, seed: int, replicates: int) -> Merged:
    """Merge records in the order in which they come: the order of their shards."""
    merged: Merged | None = None
    for record in records:
        if merged is None:
            merged = Merged(
                record.tally,
                record.basic,
                record.permuted,
                record.ladder,
                record.effects,
                record.explanations,
                record.best,
                None,
                Clearest(),
                dict(record.shift),
            )
        else:
            merged.tally = merged.tally.plus(record.tally)
            merged.basic = merged.basic.plus(record.basic)
            merged.permuted = merged.permuted.plus(record.permuted)
            merged.ladder = _both(merged.ladder, record.ladder)
            merged.effects = _both(merged.effects, record.effects)
            merged.explanations = _both(merged.explanations, record.explanations)
            merged.best = merged.best.plus(record.best)
            merged.shift |= record.shift
        if record.syntax is not None:
            heads = record.basic.values.shape[1] * record.basic.values.shape[2]
            merged.arcs = merged.arcs or ArcTally(replicates, heads)
            merged.arcs.add(record.syntax, draws(record.keys, seed, replicates)[1:])
            merged.clearest.add(record.syntax, record.keys)
    if merged is None:
        raise ValueError("there is no record to merge")
    return merged


def _both(first: Sums | None, after: Sums | None) -> Sums | None:
    """Add two shards' sums of what either all shards have or none."""
    return None if first is None or after is None else first.plus(after)


def head_statistics(merged: Merged, more: Iterable[tuple[Sums, Float64]] = ()) -> HeadStatistics:
    """Return a row for each head and statistic that was measured.

    ``more`` are further sums, each with its nulls, (N, H, K).
    """
    nulls = _nulls(merged)
    parts = [(merged.basic, nulls), *more]
    # No permutation of the keys says what these would be by chance.
    parts += [
        (sums, np.full(sums.values.shape[1:], np.nan))
        for sums in (merged.ladder, merged.effects)
        if sums is not None
    ]
    tables = [_rows(sums, null) for sums, null in parts]
    columns = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
    # By head, and the statistics of a head in the order in which they are defined.
    order = np.lexsort((columns["head"], columns["layer"]))
    return HeadStatistics(**{name: column[order] for name, column in columns.items()})


def _nulls(merged: Merged) -> Float64:
    """Return the expectation under a permutation, NaN where a permutation changes nothing.

    The entropy does not depend on who gets which weight. The last separator is never permuted, nor
    is the first token where it is a special one.
    """
    nulls = merged.permuted.means.copy()
    fixed = {"separator"}
    if merged.tally.first_is_content == 0:
        fixed.add("first")
    for column, name in enumerate(merged.permuted.names):
        if name.removesuffix("_moved") in fixed:
            nulls[..., column] = np.nan
    return nulls


def _rows(sums: Sums, null: Float64) -> dict[str, Any]:
    layers, heads, count = sums.values.shape[1:]
    low, high = sums.intervals()
    places = np.indices((layers, heads, count)).reshape(3, -1)
    queries = np.rint(sums.queries).astype(np.int64).reshape(-1)
    columns = {
        "site": np.full(layers * heads * count, _SITE),
        "layer": places[0],
        "head": places[1],
        "statistic": np.array(sums.names)[places[2]],
        "value": sums.means.reshape(-1),
        "low": low.reshape(-1),
        "high": high.reshape(-1),
        "null": null.reshape(-1),
        "n": queries,
    }
    # A rung that the family does not have was never measured.
    return {name: column[queries > 0] for name, column in columns.items()}


def explanation_table(merged: Merged) -> ExplanationStatistics | None:
    """Return how far each reading of attention tells which words matter; None if nobody asked."""
    sums = merged.explanations
    if sums is None:
        return None
    low, high = sums.intervals()
    found = {
        name: (sums.means[0, 0, at], low[0, 0, at], high[0, 0, at], sums.queries[0, 0, at])
        for at, name in enumerate(sums.names)
    }
    rungs = [rung for rung in RUNGS if found[f"{rung}_rank_correlation"][3] > 0]
    ranks, tops = (
        np.array([found[f"{rung}_{part}"] for rung in rungs]).reshape(-1, 4)
        for part in ("rank_correlation", "top1")
    )
    return ExplanationStatistics(
        rung=np.array(rungs, dtype=np.str_),
        rank_correlation=ranks[:, 0],
        low=ranks[:, 1],
        high=ranks[:, 2],
        top1=tops[:, 0],
        top1_low=tops[:, 1],
        top1_high=tops[:, 2],
        n=np.rint(ranks[:, 3]).astype(np.int64),
    )


def syntax_tables(
    merged: Merged,
) -> tuple[RelationAccuracies | None, RelationFindings | None]:
    """Return what is known of every relation; None where no sentence has a tree."""
    if merged.arcs is None:
        return None, None
    layers, heads = merged.basic.values.shape[1:3]
    places: list[HeadPlace] = [
        (_SITE, layer, head) for layer in range(layers) for head in range(heads)
    ]
    return (
        RelationAccuracies(**relations(merged.arcs, places)),
        RelationFindings(**findings(merged.arcs, places)),
    )


def parquet(
    table: HeadStatistics | RelationAccuracies | RelationFindings | ExplanationStatistics,
) -> bytes:
    """Return a table as the bytes of a Parquet file; NaN becomes null."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {field.name: getattr(table, field.name) for field in fields(table)}
    buffer = io.BytesIO()
    pq.write_table(
        pa.table({name: pa.array(values, from_pandas=True) for name, values in columns.items()}),
        buffer,
    )
    return buffer.getvalue()
