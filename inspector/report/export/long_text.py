"""The inspection of a long text as one JSON object, for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from inspector.records.long_text import LongFindings
from inspector.report.export.effects import summarise_long_effects
from inspector.report.export.summary import (
    SCHEMA,
    finite,
    summarise_embedding,
    summarise_head,
    summarise_model,
    summarise_predictions,
    summarise_verification,
)


def summarise_long(found: LongFindings, files: dict[str, str]) -> dict[str, Any]:
    """Return what ``--json`` prints of a long text; ``files`` says what was written where."""
    return {
        "schema": SCHEMA,
        "long": True,
        "model": summarise_model(found.model),
        "token_count": len(found.text),
        "truncated_from": found.text.truncated_from,
        "stretches": [
            {
                "start": span.start,
                "end": span.end,
                "text": span.text,
                "from_afar": [finite(layer[at]) for layer in found.lifts],
            }
            for at, span in enumerate(found.spans)
        ],
        "predictions": summarise_predictions(found.predictions),
        "embedding": summarise_embedding(found.embedding),
        "verification": summarise_verification(found.verification)
        | {"rows_compared": found.rows.tolist() if found.verification.layers else []},
        "heads": [summarise_head(head) for head in found.heads],
        "links": [asdict(link) | {"lift": finite(link.lift)} for link in found.links],
        "effects": summarise_long_effects(found.effects),
        "sinks": [asdict(sink) for sink in found.sinks],
        "notices": list(found.notices),
        "files": files,
    }
