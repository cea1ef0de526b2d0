"""What a long text costs: SmolLM2 on thousands of tokens, no matrix kept, its page written.

Whole processes from a small one, fork to exit, warm file cache: ``inspect --text-file … --model
smollm2 --no-proof`` beside transformers' own forward of the same file with its default attention
(``scripts/long_text.py``), which shows nothing. Then the page in Chromium: its bytes, how long
until its first screen is drawn, and until a stretch against a stretch is, after a click. Last, both
proofs of a small model of every family.

Both sides have two threads. The text is the sample chapter, again and again.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import inspector
from benchmarks.browsing import launch, not_measured
from benchmarks.measuring import Figure, number, table
from benchmarks.start import Process, whole_process

MODEL = "smollm2"
TOKENS, TWICE = 4096, 8192
THREADS = 2
ROUNDS = 2
CLICKS = 5

_HERE = Path(__file__).parent
_SOURCE = Path(inspector.__file__).parents[1]


def run(rounds: int | None) -> str:
    """Measure, and return the section in Markdown."""
    from inspector.checkpoint.sources import locate
    from inspector.errors import ModelError

    try:
        source = locate(MODEL)
    except ModelError as error:
        return f"## Long texts\n\nNot measured: {error.message} {error.hint}"
    turns = rounds or ROUNDS
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        rows = _in_a_small_process(turns, folder)
        page = _page(folder / "long.html")
    families, seconds = _families()
    return "\n".join(
        [
            "## Long texts",
            "",
            f"{source.title}, float32, {THREADS} threads on both sides, {turns} turns in "
            "alternation; whole processes, page written, not proved.",
            "",
            table(["what", "script (sdpa, shows nothing)", "ours", "ratio", "to reach"], rows),
            "",
            f"transformers' eager attention with `output_attentions` would hold "
            f"{_whole(source.path):.1f} GB of weights at {TOKENS} tokens.",
            "",
            table(["the page", "measured", "to reach"], page),
            "",
            f"`inspect models --check all`: {families} families, both proofs, {number(seconds)} s "
            "(to reach: ≤ 40).",
        ]
    )


def _in_a_small_process(turns: int, folder: Path) -> list[list[str]]:
    import json
    import subprocess

    made = subprocess.run(
        [sys.executable, "-m", "benchmarks.long_text", str(turns), str(folder)],
        cwd=_SOURCE,
        check=True,
        capture_output=True,
        text=True,
    )
    rows: list[list[str]] = json.loads(made.stdout.splitlines()[-1])
    return rows


def processes(turns: int, folder: Path) -> list[list[str]]:
    """Measure whole processes in turn; the first turn fills the file cache."""
    from inspector.checkpoint.opening import open_checkpoint
    from inspector.checkpoint.sources import locate

    source = locate(MODEL)
    checkpoint = open_checkpoint(source)
    files = {tokens: _written(checkpoint, tokens, folder) for tokens in (TOKENS, TWICE)}

    def ours(tokens: int) -> Process:
        arguments = ("-m", "inspector", "--text-file", str(files[tokens]), "--model", MODEL)
        place = str(folder / ("long.html" if tokens == TOKENS else "twice.html"))
        return _timed((*arguments, "--no-proof", "--out", place))

    def script() -> Process:
        return _timed((str(_HERE / "scripts/long_text.py"), source.path, str(files[TOKENS])))

    mine, its = [], []
    for turn in range(turns + 1):
        pair = ours(TOKENS), script()
        if turn:
            mine.append(pair[0])
            its.append(pair[1])
    twice = ours(TWICE)
    seconds = [Figure(tuple(one.seconds for one in side)) for side in (mine, its)]
    peak = Figure(tuple(one.megabytes for one in mine))
    theirs = Figure(tuple(one.megabytes for one in its))
    return [
        [
            f"{TOKENS} tokens, seconds",
            str(seconds[1]),
            str(seconds[0]),
            str(seconds[0].over(seconds[1])),
            "≤ 1.6 ×",
        ],
        [f"{TOKENS} tokens, peak MB", str(theirs), str(peak), str(peak.over(theirs)), "≤ 1,500"],
        [
            f"{TWICE} tokens, peak MB, and beside {TOKENS}",
            "",
            number(twice.megabytes),
            number(twice.megabytes / peak.median),
            "≤ 1.7 ×",
        ],
    ]


def _timed(arguments: tuple[str, ...]) -> Process:
    return whole_process(arguments, (_SOURCE,), OMP_NUM_THREADS=str(THREADS))


def _written(checkpoint: Any, tokens: int, folder: Path) -> Path:
    """Write a file that the model reads as so many tokens."""
    chapter = (_SOURCE / "samples" / "chapter.txt").read_text(encoding="utf-8")
    text = (chapter + "\n") * 8
    text = text[: checkpoint.tokenizer.encode(text).offsets[tokens - 1][1]]
    file = folder / f"{tokens}.txt"
    file.write_text(text, encoding="utf-8")
    return file


def _whole(path: str) -> float:
    import json

    from inspector.families.config import FamilyConfig

    values = json.loads((Path(path) / "config.json").read_text(encoding="utf-8"))
    config: Any = FamilyConfig(values["model_type"], values)
    heads = config.num_hidden_layers * config.num_attention_heads
    return float(heads * TOKENS**2 * 4 / 1e9)


def _page(file: Path) -> list[list[str]]:
    size = [f"bytes, {TOKENS} tokens", f"{file.stat().st_size / 1e6:.1f} MB", "≤ 25 MB"]
    if not_measured("", "playwright"):
        return [size]
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = launch(playwright)
        opened, zoomed = [], []
        for _ in range(CLICKS):
            page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            page.goto(file.as_uri())
            page.wait_for_selector("html[data-ready]", state="attached")
            opened.append(page.evaluate("performance.getEntriesByName('ready')[0].startTime") / 1e3)
            # A first look reads the head's queries and keys; the next ones only compute.
            zoomed += [page.evaluate(_ZOOM, stretch) for stretch in (20, 40, 60)]
            page.context.close()
        browser.close()
    return [
        size,
        ["first screen drawn, s", str(Figure(tuple(opened))), "≤ 1.5"],
        ["a stretch opened, ms", str(Figure(tuple(zoomed))), "≤ 150"],
    ]


_ZOOM = """
(stretch) => new Promise((done) => {
  performance.clearMarks("zoomed");
  const begun = performance.now();
  new PerformanceObserver((list, observer) => {
    for (const one of list.getEntriesByName("zoomed")) {
      observer.disconnect();
      done(one.startTime - begun);
    }
  }).observe({ entryTypes: ["mark"] });
  inspector.show({ from: stretch, to: stretch - 10 });
})
"""


def _families() -> tuple[int, float]:
    from inspector.families.registry import FAMILIES

    begun = time.perf_counter()
    whole_process(("-m", "inspector", "models", "--check", "all"), (_SOURCE,))
    return len(FAMILIES), time.perf_counter() - begun


if __name__ == "__main__":
    import json

    print(json.dumps(processes(int(sys.argv[1]), Path(sys.argv[2]))))
