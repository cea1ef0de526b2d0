"""What the analysis costs beside our own forward pass of the same text.

Ladder, shares, readings and links are what an inspection calls, on what the forward gave; all have
as many threads as there are cores. Of long texts the first two measure a sample of the queries, as
``ladder_rows`` says.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from benchmarks.measuring import Figure, in_turn, seconds_of, table
from benchmarks.texts import text_of
from inspector.analysis.heads import read_heads
from inspector.analysis.ladder.agreement import measure_ladder
from inspector.analysis.links import strongest_links
from inspector.analysis.sample import row_sample
from inspector.analysis.shares import measure_shares
from inspector.checkpoint.opening import open_checkpoint
from inspector.checkpoint.sources import locate
from inspector.checkpoint.tokens import encode
from inspector.forward.model import forward
from inspector.records import Checkpoint, Rebuild

TOKENS = (16, 128, 512)
ROUNDS = 7


def run(rounds: int | None) -> str:
    """Measure, and return the section in Markdown."""
    threads = os.cpu_count() or 1
    turns = rounds or ROUNDS
    checkpoint = open_checkpoint(locate("bundled"))
    rows = [_row(tokens, checkpoint, turns) for tokens in TOKENS]
    header = ["tokens", "queries", "forward, ms"]
    header += [f"{part}, ms" for part in ("ladder", "shares", "readings", "links")]
    return "\n".join(
        [
            "## Analysis",
            "",
            f"Beside our own forward pass of the same text, {threads} threads on both sides, "
            f"{turns} turns in alternation: median (min–max), the ratio taken turn by turn.",
            "",
            table([*header, "together, × the forward"], rows),
        ]
    )


def _row(tokens: int, checkpoint: Checkpoint, turns: int) -> list[str]:
    found = measured(tokens, checkpoint, turns)
    forwards = found.pop("forward")
    return [
        str(tokens),
        str(queries(tokens, checkpoint)),
        str(forwards.scaled(1e3)),
        *(str(of.scaled(1e3)) for of in found.values()),
        str(together(found.values()).over(forwards)),
    ]


def measured(tokens: int, checkpoint: Checkpoint, turns: int) -> dict[str, Figure]:
    """Return the seconds of the forward of a text, and of each part of the analysis behind it."""
    text = encode(checkpoint, text_of(tokens, checkpoint.tokenizer), truncate=False)
    trace = forward(checkpoint, text)
    rebuilt = Rebuild("weights", trace.computed, trace.computed, None)
    heads = read_heads(trace, rebuilt)
    ladder = measure_ladder(trace, rebuilt.from_weights)

    return in_turn(
        {
            "forward": lambda: seconds_of(lambda: forward(checkpoint, text)),
            "ladder": lambda: seconds_of(lambda: measure_ladder(trace, rebuilt.from_weights)),
            "shares": lambda: seconds_of(
                lambda: measure_shares(trace, rebuilt.from_weights, ladder)
            ),
            "readings": lambda: seconds_of(lambda: read_heads(trace, rebuilt)),
            "links": lambda: seconds_of(lambda: strongest_links(trace, heads)),
        },
        rounds=turns,
    )


def together(parts: Iterable[Figure]) -> Figure:
    """Return what several parts take one after another, turn by turn."""
    return Figure(tuple(map(sum, zip(*(of.values for of in parts), strict=True))))


def queries(tokens: int, checkpoint: Checkpoint) -> int:
    """Return how many queries of a text of so many tokens ladder and shares measure."""
    text = encode(checkpoint, text_of(tokens, checkpoint.tokenizer), truncate=False)
    sample = row_sample(forward(checkpoint, text))
    return tokens if sample is None else sample.sites[0].measured
