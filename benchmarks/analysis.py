"""What the analysis costs beside one forward of the same text that gives all attention weights.

The forward is transformers' own, eager and with ``output_attentions``, on as many threads as there
are cores, which the analysis has too. Ladder, shares, readings and links are what an inspection
calls; of long texts the first two measure a sample of the queries, as ``ladder_rows`` says.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import torch

import inspector
from benchmarks.measuring import Figure, in_turn, table
from benchmarks.texts import text_of
from inspector.analysis.agreement import measure_ladder
from inspector.analysis.heads import read_heads
from inspector.analysis.links import strongest_links
from inspector.analysis.sample import row_sample
from inspector.analysis.shares import measure_shares
from inspector.forward.rebuild import rebuild
from inspector.referee.capture import capture
from inspector.referee.loading import LoadedModel
from inspector.referee.text import encode

TOKENS = (16, 128, 512)
ROUNDS = 7


def run(rounds: int | None) -> str:
    """Measure, and return the section in Markdown."""
    threads = os.cpu_count() or 1
    turns = rounds or ROUNDS
    loaded = inspector.load("bundled", device="cpu")
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        rows = [_row(tokens, loaded, turns) for tokens in TOKENS]
    finally:
        torch.set_num_threads(before)
    header = ["tokens", "queries", "forward, ms"]
    header += [f"{part}, ms" for part in ("ladder", "shares", "readings", "links")]
    return "\n".join(
        [
            "## Analysis",
            "",
            f"Beside transformers' eager forward with all attention weights, {threads} threads on "
            f"both sides, {turns} turns in alternation: median (min–max), the ratio taken turn by "
            "turn.",
            "",
            table([*header, "together, × the forward"], rows),
        ]
    )


def _row(tokens: int, loaded: LoadedModel, turns: int) -> list[str]:
    text = encode(
        text_of(tokens, loaded.tokenizer),
        None,
        loaded.tokenizer,
        loaded.model.config,
        truncate=False,
    )
    trace = capture(loaded, text)
    rebuilt = rebuild(loaded.checkpoint, trace)
    heads = read_heads(trace, rebuilt)
    ids = torch.tensor([[token.id for token in text.tokens]])

    def forward() -> object:
        with torch.inference_mode():
            return loaded.model(ids, output_attentions=True)

    measured = in_turn(
        {
            "forward": lambda: _seconds(forward),
            "ladder": lambda: _seconds(lambda: measure_ladder(trace, rebuilt.from_weights)),
            "shares": lambda: _seconds(lambda: measure_shares(trace, rebuilt.from_weights)),
            "readings": lambda: _seconds(lambda: read_heads(trace, rebuilt)),
            "links": lambda: _seconds(lambda: strongest_links(trace, heads)),
        },
        rounds=turns,
    )
    forwards = measured.pop("forward")
    together = Figure(tuple(map(sum, zip(*(of.values for of in measured.values()), strict=True))))
    sample = row_sample(trace)
    return [
        str(tokens),
        str(tokens if sample is None else sample.sites[0].measured),
        str(forwards.scaled(1e3)),
        *(str(of.scaled(1e3)) for of in measured.values()),
        str(together.over(forwards)),
    ]


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
