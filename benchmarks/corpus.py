"""How fast a corpus is read, beside what else one would do, and how much memory it takes.

The sentences are those of a file given with ``--sentences``: the project ships no corpus. The usual
loop takes them one at a time, eager, asks for the attention weights, copies them to NumPy and takes
the entropy of every row. The plain forward runs the very batches that ours runs, in transformers'
default attention (sdpa), and keeps nothing. Ours is a whole shard from text to bytes on their way
to the disk, bootstrap included. Peak memory is the kernel's figure for whole processes of
``inspect corpus``, started from a small process: this module, run as a program.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measuring import Figure, in_turn, number, table

if TYPE_CHECKING:
    from inspector.corpus.planning import Shard

ROUNDS = 3
THREADS = 2
#: Sentences of the comparisons in one process: one shard.
SENTENCES = 1024
#: Sentences whose peak memory is compared; the file is read again from its start where it is short.
FEW, MANY = 1_000, 10_000
#: Sentences of a shard where engines are compared, and how many shards there are.
PART, PARTS = 128, 16

_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
_MEGABYTE = 1e6
OURS, _LOOP, PLAIN = "ours", "the usual loop", "plain forward (sdpa)"
_HALF = "ours, bfloat16"


def run(rounds: int | None, sentences: Path | None = None) -> str:
    """Measure, and return the section in Markdown."""
    if sentences is None:
        return "## Corpus\n\nNot measured: it takes a file of sentences, --sentences FILE."
    texts = read_texts(sentences)
    turns = rounds or ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        few, many = (_peak(Path(folder), texts, count) for count in (FEW, MANY))
    rows, notes = _speed(texts, turns)
    rows.append(
        [
            f"peak memory at {MANY:,} sentences, beside {FEW:,}",
            f"{number(many)} MB",
            f"{number(few)} MB",
            number(many / few),
        ]
    )
    rows.append(_engines(texts))
    return "\n".join(
        [
            "## Corpus",
            "",
            f"{min(len(texts), SENTENCES):,} sentences of {sentences.name}, float32, {THREADS} "
            f"threads, {turns} turns in alternation: median (min–max), ratios taken turn by turn. "
            + " ".join(notes),
            "",
            table(["`inspect corpus`, basic statistics", "it", "beside it", "ratio"], rows),
        ]
    )


def read_texts(file: Path) -> list[str]:
    """Return the sentences of a file, as ``inspect corpus`` reads them."""
    from inspector.corpus.inputs import inputs
    from inspector.corpus.reading import sentences

    with inputs([str(file)]) as files:
        return [one.text for one in sentences(files, column="text", strict=False)]


def part_of(texts: list[str]) -> Shard:
    """Return sentences as one shard."""
    from inspector.corpus.planning import Shard
    from inspector.corpus.reading import Sentence

    return Shard(0, tuple(Sentence(0, at, text) for at, text in enumerate(texts)))


def rates(loaded: Any, shard: Shard) -> dict[str, Callable[[], float]]:
    """Return what measures a loaded model's tokens a second: ours, and the plain forward."""
    import torch

    from inspector.corpus.planning import batches
    from inspector.corpus.work import Work, Worker
    from inspector.records import pad

    torch.set_num_threads(THREADS)
    worker = Worker(Work(loaded.checkpoint.name), loaded)
    encoded, tally = worker.encode(shard)
    padded = [pad(together, worker.stream.padding) for _, together in batches(encoded)]
    return {
        OURS: partial(_rate, tally.tokens, lambda: worker.measure(shard).to_bytes()),
        PLAIN: partial(_rate, tally.tokens, lambda: _plain(loaded, padded)),
    }


def _speed(texts: list[str], turns: int) -> tuple[list[list[str]], list[str]]:
    """Measure what runs in one process, in tokens a second."""
    import inspector
    from inspector.corpus.work import Work, Worker
    from inspector.errors import InputError

    loaded = inspector.load("bundled", device="cpu")
    shard = part_of(texts[:SENTENCES])
    _, tally = Worker(Work("bundled"), loaded).encode(shard)
    sides = rates(loaded, shard)
    sides[_LOOP] = partial(_rate, tally.tokens, lambda: _usual_loop(loaded, texts[:SENTENCES]))
    notes = []
    try:
        half = Worker(Work("bundled", dtype="bfloat16"), loaded)
    except InputError as error:
        notes.append(f"bfloat16 not measured: {error.message}")
    else:
        # The second shard: of the first a part runs in float32 too.
        again = replace(shard, index=1)
        sides[_HALF] = partial(_rate, tally.tokens, lambda: half.measure(again).to_bytes())
        shift = half.measure(shard).shift
        name = max(shift, key=shift.__getitem__)
        notes.append(f"bfloat16 moves a head's mean by at most {shift[name]:.1e} ({name}).")
    found = in_turn(sides, rounds=turns)
    rows = [
        _row(f"tokens a second, beside {side}", found[OURS], found[side]) for side in (_LOOP, PLAIN)
    ]
    if _HALF in found:
        rows.append(_row("in bfloat16, beside float32", found[_HALF], found[OURS]))
    return rows, notes


def _row(name: str, mine: Figure, theirs: Figure) -> list[str]:
    return [name, str(mine), str(theirs), str(mine.over(theirs))]


def _rate(tokens: int, work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return tokens / (time.perf_counter() - begun)


def _usual_loop(loaded: Any, texts: list[str]) -> float:
    import numpy as np
    import torch

    total = 0.0
    with torch.inference_mode():
        for text in texts:
            given = loaded.model(
                **loaded.tokenizer(text, return_tensors="pt"), output_attentions=True
            )
            for layer in given.attentions:
                weights = layer[0].numpy()
                total -= float((weights * np.log2(np.maximum(weights, 1e-38))).sum(axis=-1).mean())
    return total


def _plain(loaded: Any, padded: list[Any]) -> None:
    import torch

    loaded.model.set_attn_implementation("sdpa")
    try:
        with torch.inference_mode():
            for batch in padded:
                ids, real = torch.from_numpy(batch.ids), torch.from_numpy(batch.real)
                loaded.model(input_ids=ids, attention_mask=real.long())
    finally:
        loaded.model.set_attn_implementation("eager")


def _engines(texts: list[str]) -> list[str]:
    """Measure Ray with two workers beside this process, in sentences a second after the start."""
    name = f"Ray, {THREADS} workers, sentences a second after the start, beside local"
    if find_spec("ray") is None:
        return [name, "not measured: Ray is not installed", "", ""]
    import ray

    import inspector
    from inspector.corpus.engines import Engine, Local
    from inspector.corpus.planning import shards
    from inspector.corpus.ray_engine import Ray
    from inspector.corpus.reading import Sentence
    from inspector.corpus.work import Work

    some = [Sentence(0, at, texts[at % len(texts)]) for at in range(PART * PARTS)]

    def rate(engine: Engine) -> float:
        arrived = []
        work = Work("bundled", device="cpu")
        for _ in engine.run(work, shards(some, PART), lambda _done: None):
            arrived.append(time.perf_counter())
        # From when every worker has had a shard on.
        return PART * (len(arrived) - THREADS) / (arrived[-1] - arrived[THREADS - 1])

    here = rate(Local(inspector.load("bundled", device="cpu")))
    ray.init(address="local", num_cpus=THREADS, include_dashboard=False, log_to_driver=False)
    there = rate(Ray())
    return [name, number(there), number(here), number(there / here)]


def _peak(folder: Path, texts: list[str], count: int) -> float:
    """Return the peak megabytes of ``inspect corpus`` on so many sentences."""
    file = folder / f"{count}.txt"
    lines = (" ".join(texts[at % len(texts)].split()) for at in range(count))
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    said = subprocess.run(
        [sys.executable, "-m", "benchmarks.corpus", str(file), str(folder / str(count))],
        cwd=Path(__file__).parents[1],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(said.stdout)


def _measure_peak(arguments: list[str]) -> None:
    file, out = arguments
    process = subprocess.Popen(
        [sys.executable, "-m", "inspector", "corpus", file, "--out", out],
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"inspect corpus failed on {file}")
    print(usage.ru_maxrss * _MAXRSS_UNIT / _MEGABYTE)


if __name__ == "__main__":
    _measure_peak(sys.argv[1:])
