"""How long the rebuild takes beside torch's own attention part of the same model.

Both sides start from the same captured hidden states, all 6 layers, and do the same work: project
to queries, keys and values, score, softmax, mix, project out. torch's side calls the model's own
self-attention modules, eager and with their weights returned, and the dense layer behind them;
not the residual and the norm, which the rebuild does not do. Our side is
``inspector.forward.rebuilding.rebuild.rebuild`` as the inspector calls it.

Both may use all cores, and no more: torch and BLAS are told so. Threads of the one side that still
spin would slow the other, so each turn begins with a pause and a call that is not counted. Before
anything is timed both sides must agree within 1e-5.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_info, threadpool_limits

import inspector
from benchmarks.measuring import CALLS, in_turn, median_seconds, table
from benchmarks.texts import text_of
from inspector.forward.rebuilding.rebuild import rebuild
from inspector.records import Trace
from inspector.referee.capture import capture
from inspector.referee.loading import LoadedModel
from inspector.referee.text import encode

TOKENS = (16, 64, 128, 256, 512)
ROUNDS = 15
AGREEMENT = 1e-5

Pair = tuple[torch.Tensor, torch.Tensor]


def run(rounds: int | None) -> str:
    """Measure, and return the section in Markdown."""
    threads = os.cpu_count() or 1
    turns = rounds or ROUNDS
    loaded = inspector.load("bundled", device="cpu")
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    rows = []
    try:
        with threadpool_limits(threads, user_api="blas"):
            for tokens in TOKENS:
                text = text_of(tokens, loaded.checkpoint.tokenizer)
                encoded = encode(text, None, loaded.tokenizer, loaded.model.config, truncate=False)
                rows.append(_row(tokens, loaded, capture(loaded, encoded), turns))
    finally:
        torch.set_num_threads(before)
    header = [
        "tokens",
        "torch's attention part, ms",
        "rebuild, ms",
        "× torch",
        "largest difference",
    ]
    return "\n".join(
        [
            "## Rebuild",
            "",
            f"All 6 layers, float32, {threads} threads on both sides, {turns} turns in alternation "
            f"(each the median of {CALLS} calls): median (min–max), ratios taken turn by turn.",
            "",
            f"{_kernel()}",
            "",
            table(header, rows),
        ]
    )


def torchs_part(model: Any, states: list[torch.Tensor]) -> list[Pair]:
    """Run the model's own attention sub-layers: weights (1, H, T, T) and output (1, T, D) each."""
    results = []
    with torch.inference_mode():
        for layer, hidden in zip(model.encoder.layer, states, strict=True):
            mixed, weights = layer.attention.self(hidden, output_attentions=True)
            results.append((weights, layer.attention.output.dense(mixed)))
    return results


def largest_difference(loaded: LoadedModel, trace: Trace, states: list[torch.Tensor]) -> float:
    """Return the largest |Δ| of a weight or an output between the two sides."""
    largest = 0.0
    for ours, (weights, output) in zip(
        rebuild(loaded.checkpoint, trace).layers, torchs_part(loaded.model, states), strict=True
    ):
        for mine, its in ((ours.attention, weights), (ours.output, output)):
            largest = max(largest, float(np.abs(mine - its[0].numpy()).max()))
    return largest


def _row(tokens: int, loaded: LoadedModel, trace: Trace, turns: int) -> list[str]:
    states = [torch.from_numpy(np.array(layer.hidden))[None] for layer in trace.layers]
    difference = largest_difference(loaded, trace, states)
    if not difference <= AGREEMENT:
        raise RuntimeError(f"at {tokens} tokens the two sides differ by {difference:.1e}")
    measured = in_turn(
        {
            "torch": lambda: median_seconds(lambda: torchs_part(loaded.model, states)),
            "ours": lambda: median_seconds(lambda: rebuild(loaded.checkpoint, trace).layers),
        },
        rounds=turns,
    )
    theirs, ours = measured["torch"], measured["ours"]
    return [
        str(tokens),
        str(theirs.scaled(1e3)),
        str(ours.scaled(1e3)),
        str(ours.over(theirs)),
        f"{difference:.1e}",
    ]


def _kernel() -> str:
    """Say which BLAS kernel NumPy runs, and warn where the environment chose it."""
    found = [
        f"{pool['internal_api']} {pool['version']}, kernel {pool.get('architecture', 'unknown')}"
        for pool in threadpool_info()
        # SciPy, where something has imported it, brings a BLAS of its own.
        if pool["user_api"] == "blas" and "numpy" in pool["filepath"]
    ]
    said = f"NumPy's BLAS: {'; '.join(found) or 'unknown to threadpoolctl'}."
    forced = [name for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE") if name in os.environ]
    if forced:
        said += f" **{' and '.join(forced)} set: not the kernel it would choose; unset them.**"
    return said
