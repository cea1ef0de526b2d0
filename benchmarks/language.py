"""What a language model costs: SmolLM2, 30 layers of 9 heads, after its file was converted.

Each table has the bound that the project sets itself. Whole processes first, from fork to exit with
a warm file cache, started from a small process (this module, run as a program), because a child's
peak memory begins with its parent's: ``inspect "…" --model smollm2 --no-proof``, report written,
beside the smallest honest script on the same folder (``scripts/language.py``). Then, in one
process: the analysis beside our own forward pass; tokens written with the cache beside
transformers' ``generate``, eager; the report's bytes and the seconds until Chromium has drawn it;
and a corpus beside the plain forward of the same batches, where ``--sentences`` gives one.

Both sides have two threads.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import inspector
from benchmarks.browsing import not_measured
from benchmarks.measuring import Figure, in_turn, number, seconds_of, table
from benchmarks.start import Process, whole_process

MODEL = "smollm2"
THREADS = 2
ROUNDS = 3
#: Tokens that are written.
WRITTEN = 64
SENTENCES = 200
#: Of whole processes the largest ratios of time and, where there is one, of memory, by tokens.
PROCESSES = {16: (0.3, 0.8), 512: (1.5, None)}
#: Of ladder, shares and readings together, × the forward.
ANALYSIS = {16: 1.5, 256: 1.0, 512: 0.7}
WRITING = 1.2
#: Megabytes of a report, and seconds to open it.
REPORTS = {16: (1.4, 0.6), 256: (12.0, 1.2), 512: (20.0, 2.0)}
#: The smallest ratio of tokens a second.
CORPUS = 0.85

_HERE = Path(__file__).parent
_SOURCE = Path(inspector.__file__).parents[1]
_PARTS = ("ladder", "shares", "readings")


def run(rounds: int | None, sentences: Path | None = None) -> str:
    """Measure, and return the section in Markdown."""
    from inspector.checkpoint.opening import open_checkpoint
    from inspector.checkpoint.sources import locate
    from inspector.errors import ModelError

    try:
        source = locate(MODEL)
    except ModelError as error:
        return f"## Language model\n\nNot measured: {error.message} {error.hint}"
    turns = rounds or ROUNDS
    checkpoint = open_checkpoint(source)
    return "\n".join(
        [
            "## Language model",
            "",
            f"{source.title}, converted before, float32, {THREADS} threads on both sides, {turns} "
            "turns in alternation: median (min–max), ratios taken turn by turn.",
            "",
            "A process of its own, from fork to exit, warm file cache; report written:",
            "",
            _in_a_small_process(turns),
            "",
            "Ladder, shares and readings beside our own forward pass of the same text:",
            "",
            _analysis(checkpoint, turns),
            "",
            f"{WRITTEN} tokens written behind 16, the likeliest each time, with the cache:",
            "",
            _writing(checkpoint, turns),
            "",
            "The report, and how long Chromium takes to draw its first screen:",
            "",
            _reports(checkpoint, turns),
            "",
            _corpus(sentences, turns),
        ]
    )


def _in_a_small_process(turns: int) -> str:
    made = subprocess.run(
        [sys.executable, "-m", "benchmarks.language", str(turns)],
        cwd=_SOURCE,
        check=True,
        capture_output=True,
        text=True,
    )
    return made.stdout.strip()


def processes(turns: int) -> str:
    """Measure whole processes in turn; the first turn fills the file cache."""
    from benchmarks.texts import text_of
    from inspector.checkpoint.opening import open_checkpoint
    from inspector.checkpoint.sources import locate

    source = locate(MODEL)
    tokenizer = open_checkpoint(source).tokenizer
    rows = []
    for tokens, bounds in PROCESSES.items():
        text = text_of(tokens, tokenizer)
        sides = {
            "ours": ("-m", "inspector", text, "--model", MODEL, "--no-proof"),
            "script": (str(_HERE / "scripts/language.py"), source.path, text),
        }
        found: dict[str, list[Process]] = {side: [] for side in sides}
        for turn in range(turns + 1):
            for side, arguments in sides.items():
                process = whole_process(arguments, (_SOURCE,), OMP_NUM_THREADS=str(THREADS))
                if turn > 0:
                    found[side].append(process)
        rows += process_rows(tokens, found["ours"], found["script"], bounds)
    return table(["tokens", "what", "script", "ours", "× script", "bound"], rows)


def process_rows(
    tokens: int,
    ours: Sequence[Process],
    script: Sequence[Process],
    bounds: tuple[float, float | None],
) -> list[list[str]]:
    """Return a row for the seconds and one for the memory of whole processes."""
    rows = []
    for what, of, most in zip(
        ("seconds", "peak MB"), (_seconds_of, _megabytes_of), bounds, strict=True
    ):
        mine, its = (Figure(tuple(map(of, side))) for side in (ours, script))
        bound = "" if most is None else f"≤ {most:g}"
        rows.append([str(tokens), what, str(its), str(mine), str(mine.over(its)), bound])
    return rows


def _seconds_of(process: Process) -> float:
    return process.seconds


def _megabytes_of(process: Process) -> float:
    return process.megabytes


def _analysis(checkpoint: Any, turns: int) -> str:
    from threadpoolctl import threadpool_limits

    from benchmarks.analysis import measured, queries, together

    rows = []
    with threadpool_limits(THREADS, user_api="blas"):
        for tokens, most in ANALYSIS.items():
            found = measured(tokens, checkpoint, turns)
            parts = [found[part] for part in _PARTS]
            rows.append(
                [
                    str(tokens),
                    str(queries(tokens, checkpoint)),
                    str(found["forward"].scaled(1e3)),
                    *(str(part.scaled(1e3)) for part in parts),
                    str(together(parts).over(found["forward"])),
                    f"≤ {most:g}",
                ]
            )
    header = ["tokens", "queries", "forward, ms", *(f"{part}, ms" for part in _PARTS)]
    return table([*header, "together, × the forward", "bound"], rows)


def _writing(checkpoint: Any, turns: int) -> str:
    import torch
    from threadpoolctl import threadpool_limits

    from benchmarks.texts import text_of
    from inspector.checkpoint.tokens import encode
    from inspector.records.generation import Writing
    from inspector.writing.generate import generate

    text = encode(checkpoint, text_of(16, checkpoint.tokenizer), truncate=False)
    model: Any = inspector.load(MODEL, device="cpu").with_head
    # All are written, whatever would end the text.
    model.generation_config.eos_token_id = None
    ids = torch.from_numpy(text.ids)[None]
    mine: list[int] = []
    theirs: list[int] = []

    def ours() -> None:
        written = generate(checkpoint, text, None, Writing(WRITTEN), ends=(), read=str)
        mine[:] = [token.id for token in written.tokens]

    def its() -> None:
        with torch.inference_mode():
            found = model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                do_sample=False,
                max_new_tokens=WRITTEN,
                pad_token_id=0,
            )
        theirs[:] = found[0, len(text) :].tolist()

    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        with threadpool_limits(THREADS, user_api="blas"):
            found = in_turn(
                {"its": lambda: seconds_of(its), "ours": lambda: seconds_of(ours)}, rounds=turns
            )
    finally:
        torch.set_num_threads(before)
    alike = sum(one == other for one, other in zip(mine, theirs, strict=True))
    row = [str(found["its"]), str(found["ours"]), str(found["ours"].over(found["its"]))]
    header = ["transformers, s", "ours, s", "× transformers", "bound", "tokens alike"]
    return table(header, [[*row, f"≤ {WRITING:g}", f"{alike} of {WRITTEN}"]])


def _reports(checkpoint: Any, turns: int) -> str:
    if lacking := not_measured("", "playwright"):
        return lacking.removeprefix("## \n\n")
    from playwright.sync_api import sync_playwright

    from benchmarks.report import PATIENCE, Browser
    from benchmarks.texts import text_of
    from inspector.report.html.page import render_report

    rows = []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = Browser(playwright)
        for tokens, (size, seconds) in REPORTS.items():
            text = text_of(tokens, checkpoint.tokenizer)
            page = render_report(inspector.inspect(text, model=checkpoint, prove=False)).encode()
            file = Path(folder) / f"{tokens}.html"
            file.write_bytes(page)
            opened = [browser.seconds_to_open(file) for _ in range(turns + 1)][1:]
            told = [one for one in opened if one is not None]
            shown = str(Figure(tuple(told))) if len(told) == turns else f"> {PATIENCE:.0f}"
            bounds = [f"≤ {size:g}", f"≤ {seconds:g}"]
            rows.append([str(tokens), number(len(page) / 1e6), bounds[0], shown, bounds[1]])
        browser.close()
    return table(["tokens", "MB", "bound", "opened, s", "bound"], rows)


def _corpus(sentences: Path | None, turns: int) -> str:
    if sentences is None:
        return "The corpus was not measured: it takes a file of sentences, --sentences FILE."
    from benchmarks.corpus import OURS, PLAIN, part_of, rates, read_texts

    texts = read_texts(sentences)[:SENTENCES]
    found = in_turn(rates(inspector.load(MODEL, device="cpu"), part_of(texts)), rounds=turns)
    row = [str(found[PLAIN]), str(found[OURS]), str(found[OURS].over(found[PLAIN]))]
    header = [f"{PLAIN}, tokens a second", "ours", "× plain forward", "bound"]
    return "\n".join(
        [
            f"`inspect corpus`, basic statistics of {len(texts)} sentences of {sentences.name}:",
            "",
            table(header, [[*row, f"≥ {CORPUS:g}"]]),
        ]
    )


if __name__ == "__main__":
    print(processes(int(sys.argv[1])))
