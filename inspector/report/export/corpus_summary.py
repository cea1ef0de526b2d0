"""A corpus as one JSON object, for programs; the columns themselves are in the parquet files."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from inspector.records.corpus import CorpusResult
from inspector.report.corpus_words import ladder_means
from inspector.report.export.summary import finite

SCHEMA = 1

_HEAD = ("site", "layer", "head", "statistic", "value", "low", "high", "null", "n")
_FINDING = (
    *("relation", "direction", "site", "layer", "head", "offset", "accuracy", "low", "high"),
    *("baseline", "difference", "difference_low", "difference_high", "n"),
)


_EXPLANATION = ("rung", "rank_correlation", "low", "high", "top1", "top1_low", "top1_high", "n")


def summarise_corpus(result: CorpusResult, files: dict[str, str]) -> dict[str, Any]:
    """Return what ``--json`` prints; ``files`` says what was written where."""
    facts = result.facts
    labelled = np.flatnonzero(result.heads.labelled()).tolist()
    findings = result.findings
    return {
        "schema": SCHEMA,
        "model": {
            "name": facts.model.title,
            "family": facts.model.family,
            "layers": facts.model.layers,
            "heads": facts.model.heads,
            "stored_dtypes": list(facts.model.stored_dtypes),
            "computing_dtype": facts.model.computing_dtype,
        },
        "corpus": {
            "files": list(facts.files),
            "sentences": facts.sentences,
            "tokens": facts.tokens,
            "truncated": facts.truncated,
            "unread_arcs": facts.unread_arcs,
            "skipped": [asdict(skipped) for skipped in facts.skipped],
        },
        "bootstrap": {"seed": facts.seed, "resamples": facts.resamples},
        "seconds": finite(facts.seconds),
        "labelled": [_row(result.heads, _HEAD, row) for row in labelled],
        "findings": None
        if findings is None
        else [
            {**_row(findings, _FINDING, row), "found": bool(found)}
            for row, found in enumerate(findings.found())
        ],
        "ladder": {rung: finite(bits) for rung, bits in ladder_means(result.heads).items()},
        "effects": None
        if result.explanations is None
        else {
            "heads": [
                _row(result.heads, _HEAD, row)
                for row in np.flatnonzero(result.heads.statistic == "effect").tolist()
            ],
            "explanations": [
                _row(result.explanations, _EXPLANATION, row)
                for row in range(len(result.explanations))
            ],
        },
        "files": files,
    }


def _row(table: Any, columns: tuple[str, ...], row: int) -> dict[str, Any]:
    """Return one row of a table of columns as plain values; None for what JSON cannot write."""
    values = {name: getattr(table, name)[row].item() for name in columns}
    return {
        name: finite(value) if isinstance(value, float) else value for name, value in values.items()
    }
