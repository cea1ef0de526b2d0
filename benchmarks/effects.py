"""What it costs to ask whether attention matters: every head silenced, every token blocked.

Beside one forward pass of ours of the same text, and beside as many whole passes without any work
shared; and how much larger a page becomes with what was measured.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.measuring import Figure, in_turn, seconds_of, table
from benchmarks.texts import text_of
from inspector.checkpoint.opening import open_checkpoint
from inspector.checkpoint.sources import locate
from inspector.checkpoint.tokens import encode
from inspector.forward.model import forward
from inspector.forward.variants import run_variants
from inspector.records import BlockToken, Checkpoint, Edit, SilenceHead
from inspector.report.html.page import render_report
from inspector.session import inspect

TOKENS = 16
PAGES = (16, 128, 512)
ROUNDS = 5


def run(rounds: int | None) -> str:
    """Measure, and return the section in Markdown."""
    threads = os.cpu_count() or 1
    turns = rounds or ROUNDS
    checkpoint = open_checkpoint(locate("bundled"))
    header = ["what", "passes", "side by side, ms", "× one forward", "one by one, ms", "× as long"]
    return "\n".join(
        [
            "## Effects",
            "",
            f"The bundled model, {TOKENS} tokens, {threads} threads, {turns} turns in alternation: "
            "median (min–max), ratios taken turn by turn. One by one means whole passes of our own "
            "forward, which share nothing.",
            "",
            table(header, _rows(checkpoint, turns)),
            "",
            "The report with what was measured beside the report without:",
            "",
            table(
                ["tokens", "without, MB", "with, MB", "larger by"],
                [_page(checkpoint, tokens) for tokens in PAGES],
            ),
        ]
    )


def _rows(checkpoint: Checkpoint, turns: int) -> list[list[str]]:
    text = encode(checkpoint, text_of(TOKENS, checkpoint.tokenizer), truncate=False)
    trace = forward(checkpoint, text)
    heads = [
        (SilenceHead(layer.layer, head),)
        for layer in trace.layers
        for head in range(len(layer.attention))
    ]
    tokens = [(BlockToken(at),) for at in range(len(text))]

    def together(edits: Sequence[Sequence[Edit]]) -> float:
        def work() -> None:
            for _ in run_variants(checkpoint, trace, edits):
                pass

        return seconds_of(work)

    def apart(edits: Sequence[Sequence[Edit]]) -> float:
        def work() -> None:
            for one in edits:
                forward(checkpoint, text, edits=one, keep=())

        return seconds_of(work)

    measured = in_turn(
        {
            "forward": lambda: seconds_of(lambda: forward(checkpoint, text)),
            "heads": lambda: together(heads),
            "tokens": lambda: together(tokens),
            "heads, apart": lambda: apart(heads),
            "tokens, apart": lambda: apart(tokens),
        },
        rounds=turns,
    )
    return [
        _row(what, len(edits), measured) for what, edits in (("heads", heads), ("tokens", tokens))
    ]


def _row(what: str, passes: int, measured: dict[str, Figure]) -> list[str]:
    together, apart = measured[what], measured[f"{what}, apart"]
    return [
        f"all {what}",
        str(passes),
        str(together.scaled(1e3)),
        str(together.over(measured["forward"])),
        str(apart.scaled(1e3)),
        str(apart.over(together)),
    ]


def _page(checkpoint: Checkpoint, tokens: int) -> list[str]:
    found = inspect(text_of(tokens, checkpoint.tokenizer), model=checkpoint, prove=False)
    without = len(render_report(found).encode())
    effects = found.effects()
    with_them = len(render_report(replace(found, effects_measured=effects)).encode())
    return [
        str(tokens),
        f"{without / 1e6:.3f}",
        f"{with_them / 1e6:.3f}",
        f"{100 * (with_them / without - 1):.1f} %",
    ]
