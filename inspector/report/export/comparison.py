"""A comparison as one JSON object, for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from inspector.records.comparison import Compared, HeadChange
from inspector.report.export.summary import finite, summarise

SCHEMA = 1


def summarise_comparison(found: Compared, files: dict[str, str]) -> dict[str, Any]:
    """Return what ``inspect compare --json`` prints; ``files`` says what was written where."""
    return {
        "schema": SCHEMA,
        "kind": found.kind,
        "first": summarise(found.first, {}),
        "second": summarise(found.second, {}),
        **compared(found),
        "files": files,
    }


def compared(found: Compared) -> dict[str, Any]:
    """Return what is said of both sides together, as the page is given it too."""
    own = found.patches
    return {
        "alignments": [asdict(alignment) for alignment in found.alignments],
        "heads": None if found.heads is None else [_change(one) for one in found.heads],
        "apart": found.apart,
        "answers": [asdict(answer) for answer in found.answers],
        "cosine": finite(found.cosine),
        "patches": None
        if own is None
        else {
            "measure": own.measure,
            "first": finite(own.first),
            "second": finite(own.second),
            "heads": [asdict(one) | {"share": finite(one.share)} for one in own.heads],
        },
        "no_patches": found.no_patches,
        "notices": list(found.notices),
    }


def _change(one: HeadChange) -> dict[str, Any]:
    return {
        "site": one.site,
        "layer": one.layer,
        "head": one.head,
        "jsd_bits": finite(one.jsd_bits),
        "largest": {
            side: {"query": cell[0], "key": cell[1], "weight": finite(weight)}
            for side, cell, weight in (
                ("first", one.first_cell, one.first_weight),
                ("second", one.second_cell, one.second_weight),
            )
        },
    }
