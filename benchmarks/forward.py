"""How long the forward pass takes beside transformers' own, and a process that does nothing else.

The pass: the bundled model, from the ids to all 72 attention matrices and the last states; theirs
is transformers' eager model with ``output_attentions``, without its pooler. Both may use all
cores, and no more. Threads of the one side that still spin would slow the other, so each turn
begins with a pause and a call that is not counted. Before anything is timed both sides must agree.

The process: from the start of Python to all matrices of a sentence of 13 tokens, the hash of the
weights checked, without torch, from fork to exit; beside the smallest honest script.

The memory: what one pass of 512 tokens that keeps everything adds to a process at most, each side
in a process of its own (``scripts/forward_memory.py``).
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.measuring import CALLS, Figure, in_turn, median_seconds, table
from benchmarks.start import SENTENCE, cut_text, whole_process

TOKENS = (16, 128, 512)
ROUNDS = 15
#: Of the attention, and of the states beside the largest of them.
AGREEMENT = 1e-4
_HERE = Path(__file__).parent
_PROCESSES = {
    "smallest honest script": (str(_HERE / "scripts/honest.py"), SENTENCE),
    "our own forward pass": (str(_HERE / "scripts/forward.py"), SENTENCE),
}


def run(rounds: int | None) -> str:
    """Measure, and return the section in Markdown."""
    turns = rounds or ROUNDS
    # While this process is still small: a child's peak memory begins with its parent's.
    processes = _processes(max(1, turns // 2))
    memory = _memory(max(1, turns // 2))
    return "\n".join(
        [
            "## Forward pass",
            "",
            f"The bundled model, float32, {os.cpu_count()} threads on both sides, {turns} turns in "
            f"alternation (each the median of {CALLS} calls): median (min–max), ratios taken turn "
            "by turn.",
            "",
            _passes(turns),
            "",
            "A process of its own, from fork to exit, to all 72 matrices of a sentence of 13 "
            "tokens, warm file cache:",
            "",
            processes,
            "",
            f"What a pass of {TOKENS[-1]} tokens that keeps every matrix adds to a process's "
            "memory at most, each side in a process of its own, after a pass of a short text:",
            "",
            memory,
        ]
    )


def _processes(turns: int) -> str:
    seconds: dict[str, list[float]] = {side: [] for side in _PROCESSES}
    megabytes: dict[str, list[float]] = {side: [] for side in _PROCESSES}
    for turn in range(turns + 1):
        for side, arguments in _PROCESSES.items():
            process = whole_process(arguments, (_HERE.parent,))
            if turn > 0:  # the first one fills the file cache
                seconds[side].append(process.seconds)
                megabytes[side].append(process.megabytes)
    first = next(iter(_PROCESSES))
    rows = []
    for side in _PROCESSES:
        cells = [side]
        for measured in (seconds, megabytes):
            its, script = Figure(tuple(measured[side])), Figure(tuple(measured[first]))
            cells += [str(its), "1" if side == first else str(its.over(script))]
        rows.append(cells)
    return table(["process", "seconds", "× script", "peak MB", "× script"], rows)


def _memory(turns: int) -> str:
    text = cut_text(TOKENS[-1])
    measured = in_turn(
        {side: partial(_added_megabytes, side, text) for side in ("theirs", "ours")},
        rounds=turns,
    )
    theirs, ours = measured["theirs"], measured["ours"]
    header = ["tokens", "transformers, MB", "ours, MB", "× transformers"]
    return table(header, [[str(TOKENS[-1]), str(theirs), str(ours), str(ours.over(theirs))]])


def _added_megabytes(side: str, text: str) -> float:
    made = subprocess.run(
        [sys.executable, str(_HERE / "scripts/forward_memory.py"), side, text],
        env=os.environ | {"PYTHONPATH": str(_HERE.parent), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        check=True,
        text=True,
    )
    return float(made.stdout)


def _passes(turns: int) -> str:
    import torch
    from threadpoolctl import threadpool_limits

    threads = os.cpu_count() or 1
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with threadpool_limits(threads, user_api="blas"):
            rows = [_row(tokens, turns) for tokens in TOKENS]
    finally:
        torch.set_num_threads(before)
    header = ["tokens", "transformers, ms", "ours, ms", "× transformers", "largest difference"]
    return table(header, rows)


def _row(tokens: int, turns: int) -> list[str]:
    import torch

    import inspector
    from benchmarks.texts import text_of
    from inspector.checkpoint.opening import open_checkpoint
    from inspector.checkpoint.sources import locate
    from inspector.checkpoint.tokens import encode
    from inspector.forward.model import forward

    loaded = inspector.load("bundled", device="cpu")
    checkpoint = open_checkpoint(locate("bundled"))
    text = encode(checkpoint, text_of(tokens, loaded.checkpoint.tokenizer), truncate=False)
    ids = torch.from_numpy(text.ids)[None]
    given = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    loaded.model.pooler = None

    def theirs() -> object:
        with torch.inference_mode():
            return loaded.model(**given, output_attentions=True)

    ours = forward(checkpoint, text)
    outputs = loaded.model(**given, output_attentions=True)
    expected = outputs.last_hidden_state[0].detach().numpy()
    largest = float(np.abs(ours.final - expected).max() / max(1, np.abs(expected).max()))
    for layer, weights in zip(ours.layers, outputs.attentions, strict=True):
        difference = np.abs(layer.attention - weights[0].detach().numpy()).max()
        largest = max(largest, float(difference))
    if not largest <= AGREEMENT:
        raise RuntimeError(f"at {tokens} tokens the two sides differ by {largest:.1e}")
    measured = in_turn(
        {
            "theirs": lambda: median_seconds(theirs),
            "ours": lambda: median_seconds(lambda: forward(checkpoint, text)),
        },
        rounds=turns,
    )
    return [
        str(tokens),
        str(measured["theirs"].scaled(1e3)),
        str(measured["ours"].scaled(1e3)),
        str(measured["ours"].over(measured["theirs"])),
        f"{largest:.1e}",
    ]
