"""``python -m benchmarks.findings FOLDER``: the tables of docs/findings.md, from a run's folder.

The folder is what ``inspect corpus FILE --statistics full --out FOLDER`` wrote on a treebank.
Nothing is worked out here but means over heads: the columns are those of the Parquet files.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from benchmarks.measuring import table
from inspector.records.corpus import LABEL_FROM, SHARES

#: Heads that are listed of each share.
_MOST = 6
_MEASURES = ("jsd_bits", "rank_correlation", "top1")

Row = dict[str, Any]


def main(folder: Path) -> None:
    """Print all tables."""
    heads = pq.read_table(folder / "heads.parquet").to_pylist()
    findings = pq.read_table(folder / "findings.parquet").to_pylist()
    for title, text in (
        ("Heads", _heads(heads)),
        ("What is heard, and what is moved", _moved(heads)),
        ("Relations found", _relations(findings, found=True)),
        ("Relations not found", _relations(findings, found=False)),
        ("Rungs", _rungs(heads)),
    ):
        print(f"## {title}\n\n{text}\n")


def _heads(heads: list[Row]) -> str:
    rows = []
    for share in SHARES:
        high = [row for row in heads if row["statistic"] == share and row["value"] >= LABEL_FROM]
        high.sort(key=lambda row: -row["value"])
        rows += [
            [share, _place(row), _percent(row["value"]), _ends(row), _percent(row["null"])]
            for row in high[:_MOST]
        ]
        if len(high) > _MOST:
            rows.append([share, f"{len(high) - _MOST} more", "", "", ""])
    return table(["share", "layer.head", "value, %", "95 %", "chance, %"], rows)


def _moved(heads: list[Row]) -> str:
    means = _means(heads)
    rows = [
        [share, _percent(means[share].mean()), _percent(means[f"{share}_moved"].mean())]
        for share in SHARES
    ]
    return table(["share, mean over all heads", "of A, %", "of A·‖v·Wo‖, %"], rows)


def _relations(findings: list[Row], *, found: bool) -> str:
    some = [row for row in findings if (row["difference_low"] > 0) is found]
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


def _rungs(heads: list[Row]) -> str:
    means = _means(heads)
    names = dict.fromkeys(
        name.removesuffix("_top1") for name in means if name.endswith("_top1")
    )  # in the order of the ladder
    rows = []
    for name in names:
        cells = []
        for measure in _MEASURES:
            values = means.get(f"{name}_{measure}")
            cells.append(
                "–"
                if values is None or np.isnan(values).all()
                else f"{values.mean():.3f} ({values.min():.3f}–{values.max():.3f})"
            )
        rows.append([name, *cells])
    return table(["rung", "bits", "rank correlation", "top-1"], rows)


def _means(heads: list[Row]) -> dict[str, np.ndarray]:
    """Return each statistic's values of all heads."""
    found: dict[str, list[float]] = defaultdict(list)
    for row in heads:
        found[row["statistic"]].append(np.nan if row["value"] is None else row["value"])
    return {name: np.array(values) for name, values in found.items()}


def _place(row: Row) -> str:
    return f"{row['layer']}.{row['head']}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _ends(row: Row, of: str = "") -> str:
    return f"{100 * row[f'{of}low']:.1f} to {100 * row[f'{of}high']:.1f}"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
