"""What the model wrote itself, as the page is given it."""

from __future__ import annotations

from dataclasses import asdict

from inspector.records.generation import Generation
from inspector.report.export.summary import summarise_generation
from inspector.report.html.blobs import Header


def pack_written(generation: Generation) -> Header:
    """Return what was written, token by token, and whether the real model writes the same."""
    return summarise_generation(generation) | {
        "tokens": [
            {"probability": one.probability, "second": asdict(one.second)}
            for one in generation.tokens
        ]
    }
