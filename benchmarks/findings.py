"""``python -m benchmarks.findings FOLDER``: the tables of docs/findings.md, from a run's folder.

The folder is what ``inspect corpus FILE --statistics full --out FOLDER`` wrote on a treebank, or
with ``--statistics effects``. Nothing is worked out here but means, medians and rank correlations
over heads: the columns are those of the Parquet files.
"""

from __future__ import annotations

import json
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from benchmarks.measuring import table
from inspector.analysis.explanations import spearman
from inspector.records import TARGETS, Float64, Mask
from inspector.records.corpus import HeadStatistics, RelationFindings

#: Heads that are listed of each share.
_MOST = 6
_MEASURES = ("jsd_bits", "rank_correlation", "top1")

Row = dict[str, Any]


def main(folder: Path) -> None:
    """Print all tables."""
    heads = HeadStatistics(**_columns(folder / "heads.parquet"))
    findings = RelationFindings(**_columns(folder / "findings.parquet"))
    found = findings.found()
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    print(
        f"{run['sentences']:,} sentences, {run['tokens']:,} tokens, {heads.n.max():,} queries; "
        f"{found.sum()} of {len(findings)} relations and directions found.\n"
    )
    parts = [
        ("Heads", _heads(heads)),
        ("What is heard, and what is moved", _moved(heads)),
        ("Relations found", _relations(findings, found)),
        ("Relations not found", _relations(findings, ~found)),
        ("Rungs", _rungs(heads)),
    ]
    if (heads.statistic == "effect").any():
        parts = [
            ("Heads by effect", _effects(heads)),
            ("Effect beside what a head attends to", _beside(heads, findings)),
            ("Readings of attention beside effects", _explanations(folder)),
        ]
    for title, text in parts:
        print(f"## {title}\n\n{text}\n")


def _columns(file: Path) -> dict[str, Any]:
    """Return a table's columns as arrays; what is null there is NaN."""
    read = pq.read_table(file)
    return {name: read.column(name).to_numpy() for name in read.column_names}


def _rows(table_of: HeadStatistics | RelationFindings, which: Mask) -> list[Row]:
    """Return some rows of a table, each by the names of the columns."""
    columns = {field.name: getattr(table_of, field.name)[which] for field in fields(table_of)}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _heads(heads: HeadStatistics) -> str:
    rows = []
    named = heads.labelled() | heads.resting()
    for share in TARGETS:
        high = _rows(heads, named & (heads.statistic == share))
        high.sort(key=lambda row: -row["value"])
        rows += [
            [share, _place(row), _percent(row["value"]), _ends(row), _percent(row["null"])]
            for row in high[:_MOST]
        ]
        if len(high) > _MOST:
            rows.append([share, f"{len(high) - _MOST} more", "", "", ""])
    return table(["share", "layer.head", "value, %", "95 %", "chance, %"], rows)


def _moved(heads: HeadStatistics) -> str:
    values_of = _values(heads)
    rows = [
        [
            share,
            *(
                f"{_percent(values.mean())} ({_percent(values.max())})"
                for values in (values_of[share], values_of[f"{share}_moved"])
            ),
        ]
        for share in TARGETS
    ]
    header = ["share, mean over all heads (largest of any)", "of A, %", "of A·‖v·Wo‖, %"]
    return table(header, rows)


def _relations(findings: RelationFindings, which: Mask) -> str:
    some = _rows(findings, which)
    some.sort(key=lambda row: -row["difference_low"])
    columns = ["relation", "direction", "layer.head", "finds, %", "95 %", "offset", "it finds, %"]
    rows = [
        [
            row["relation"],
            row["direction"],
            _place(row),
            _percent(row["accuracy"]),
            _ends(row),
            f"{row['offset']:+d}",
            _percent(row["baseline"]),
            f"{100 * row['difference']:+.1f} ({_ends(row, 'difference_')})",
            str(row["n"]),
        ]
        for row in some
    ]
    return table([*columns, "difference, points", "arcs"], rows)


def _rungs(heads: HeadStatistics) -> str:
    values_of = _values(heads)
    names = dict.fromkeys(
        name.removesuffix("_top1") for name in values_of if name.endswith("_top1")
    )  # in the order of the ladder
    rows = []
    for name in names:
        cells = []
        for measure in _MEASURES:
            values = values_of.get(f"{name}_{measure}")
            cells.append(
                "–"
                if values is None or np.isnan(values).all()
                else f"{values.mean():.3f} ({values.min():.3f}–{values.max():.3f})"
            )
        rows.append([name, *cells])
    return table(["rung", "bits", "rank correlation", "top-1"], rows)


def _effects(heads: HeadStatistics) -> str:
    some = _rows(heads, heads.statistic == "effect")
    some.sort(key=lambda row: -row["value"])
    sizes = np.array([row["value"] for row in some])
    rows = [
        [_place(row), f"{row['value']:.4f}", f"{row['low']:.4f} to {row['high']:.4f}"]
        for row in some[:_MOST]
    ]
    rows.append([f"median of {len(some)}", f"{np.median(sizes):.4f}", ""])
    by_layer: dict[int, list[float]] = {at: [] for at in sorted({row["layer"] for row in some})}
    for row in some:
        by_layer[row["layer"]].append(row["value"])
    rows += [[f"mean of layer {at}", f"{np.mean(of):.4f}", ""] for at, of in by_layer.items()]
    share = sizes[: len(sizes) // 6].sum() / sizes.sum()
    rows.append([f"share of the {len(sizes) // 6} largest in all", f"{share:.2f}", ""])
    return table(["layer.head", "effect", "95 %"], rows)


def _beside(heads: HeadStatistics, findings: RelationFindings) -> str:
    values_of = _values(heads)
    effects = values_of["effect"]
    everyone = np.ones(len(effects), dtype=np.bool_)
    rows = [
        [f"rank correlation of the effect with {name}", f"{number:.2f}"]
        for name in ("entropy_bits", "distance", *TARGETS)
        if (number := spearman(values_of[name], effects, everyone)) is not None
    ]
    places = [_place(row) for row in _rows(heads, heads.statistic == "effect")]
    named = {_place(row) for row in _rows(heads, heads.labelled())}
    judged = {_place(row) for row in _rows(findings, findings.found())}
    resting = {_place(row) for row in _rows(heads, heads.resting())}
    for what, those in (
        ("named after what they attend to", named),
        ("that find a syntactic relation", judged),
        ("that rest on the first token", resting),
    ):
        chosen = np.array([place in those for place in places])
        rows += [
            [
                f"median effect of the {chosen.sum()} heads {what}",
                f"{np.median(effects[chosen]):.4f}",
            ],
            [f"of the {(~chosen).sum()} others", f"{np.median(effects[~chosen]):.4f}"],
        ]
    return table(["", "number"], rows)


def _explanations(folder: Path) -> str:
    columns = _columns(folder / "explanations.parquet")
    rows = [
        [
            str(columns["rung"][at]),
            f"{columns['rank_correlation'][at]:.2f}",
            f"{columns['low'][at]:.2f} to {columns['high'][at]:.2f}",
            _percent(columns["top1"][at]),
            f"{100 * columns['top1_low'][at]:.1f} to {100 * columns['top1_high'][at]:.1f}",
            str(columns["n"][at]),
        ]
        for at in range(len(columns["rung"]))
    ]
    header = ["reading", "rank correlation", "95 %", "same favourite, %", "95 %", "sentences"]
    return table(header, rows)


def _values(heads: HeadStatistics) -> dict[str, Float64]:
    """Return each statistic's values of all heads."""
    return {name: heads.value[heads.statistic == name] for name in dict.fromkeys(heads.statistic)}


def _place(row: Row) -> str:
    return f"{row['layer']}.{row['head']}"


def _percent(value: float) -> str:
    return "–" if np.isnan(value) else f"{100 * value:.1f}"


def _ends(row: Row, of: str = "") -> str:
    return f"{100 * row[f'{of}low']:.1f} to {100 * row[f'{of}high']:.1f}"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
