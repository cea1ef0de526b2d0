"""How long one sentence takes from a cold start, as a whole process from fork to exit.

``inspect "…"`` does its whole job, report and both proofs included, beside the smallest honest
script that gets the same attention weights out of the same model (``scripts/honest.py``). Its first
screenful is timed on the way: the moment at which all of the answer, down to the report's name,
has come out of the process. Beside it ``inspect "…" --no-proof``, which stops there, and ``inspect
--help``. The file cache is warm. Peak memory is the kernel's own figure for the process, from
wait4.

All of them run a second time in a Python that cannot find sentence-transformers and what comes
with it (``without/sitecustomize.py`` on the path of both sides), because transformers imports
scikit-learn and SciPy where it finds them. It is the same environment with these hidden, not a
second installation. And once more, as installed, with a text of 512 tokens.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import inspector
from benchmarks.measuring import Figure, table

#: 13 tokens with [CLS], [SEP] and the full stop.
SENTENCE = "The cat sat on the mat because it was tired."
TOKENS = 512
ROUNDS = 7

_HERE = Path(__file__).parent
_SOURCE = Path(inspector.__file__).parents[1]
_MEGABYTE = 1e6
#: Linux counts in KiB, macOS in bytes.
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
#: What an answer ends with.
_ANSWERED = b"Report: "

SCRIPT = "smallest honest script"
PROVED = 'inspect "…", proved, report written'
ALONE = 'inspect "…" --no-proof, report written'
HELP = "inspect --help"
#: The part of PROVED that comes first.
ANSWER = "its first screenful"


def sides(text: str) -> dict[str, tuple[str, ...]]:
    """Return what is run of a text, by its name in the tables: Python's arguments."""
    return {
        SCRIPT: (str(_HERE / "scripts/honest.py"), text),
        PROVED: ("-m", "inspector", text),
        ALONE: ("-m", "inspector", text, "--no-proof"),
    }


ENVIRONMENTS: dict[str, tuple[Path, ...]] = {
    "as installed": (_SOURCE,),
    "sentence-transformers hidden": (_HERE / "without", _SOURCE),
}


@dataclass(frozen=True, slots=True)
class Process:
    """What was measured of one process."""

    seconds: float
    megabytes: float
    #: When its answer had come out; None where it never said what an answer ends with.
    answered: float | None


def run(rounds: int | None) -> str:
    """Measure, and return the section in Markdown."""
    if "torch" in sys.modules:
        # The kernel starts a child's peak memory with what its parent held when it forked.
        raise RuntimeError("the start must be measured from a process that has no torch in it")
    turns = rounds or ROUNDS
    short = sides(SENTENCE) | {HELP: ("-m", "inspector", "--help")}
    rows = []
    measured = _in_turn({name: (short, path) for name, path in ENVIRONMENTS.items()}, turns)
    for environment, of in measured.items():
        rows += [[cells[0], environment, *cells[1:]] for cells in _rows(of)]
    installed = ENVIRONMENTS["as installed"]
    long = _in_turn({"": (sides(cut_text(TOKENS)), installed)}, max(1, turns // 2))
    header = ["process", "environment", "seconds", "× script", "peak MB", "× script"]
    return "\n".join(
        [
            "## Start",
            "",
            f"One sentence of 13 tokens, fork to exit, warm file cache, {turns} turns in "
            "alternation: median (min–max), ratios taken turn by turn. “Hidden” is the same "
            "environment in which neither side can find sentence-transformers, scikit-learn, "
            "SciPy and joblib: a sitecustomize on the path of both, not a second installation.",
            "",
            table(header, rows),
            "",
            f"The same with a text of {TOKENS} tokens, as installed, {max(1, turns // 2)} turns:",
            "",
            table([header[0], *header[2:]], _rows(long[""])),
        ]
    )


def _in_turn(
    groups: Mapping[str, tuple[Mapping[str, Sequence[str]], Sequence[Path]]], turns: int
) -> dict[str, dict[str, list[Process]]]:
    """Run every side of every group in turn; the first turn fills the file cache."""
    found: dict[str, dict[str, list[Process]]] = {}
    for turn in range(turns + 1):
        for group, (of, path) in groups.items():
            for side, arguments in of.items():
                process = whole_process(arguments, path)
                if turn > 0:
                    found.setdefault(group, {}).setdefault(side, []).append(process)
    return found


def _rows(measured: Mapping[str, Sequence[Process]]) -> list[list[str]]:
    """Return a row for every side, with its ratios to the script."""
    script = measured[SCRIPT]
    scripts = Figure(tuple(one.seconds for one in script))
    memory = Figure(tuple(one.megabytes for one in script))
    rows = []
    for side, processes in measured.items():
        seconds = Figure(tuple(one.seconds for one in processes))
        megabytes = Figure(tuple(one.megabytes for one in processes))
        ratios = ["1", "1"]
        if side != SCRIPT:
            ratios = [str(seconds.over(scripts)), str(megabytes.over(memory))]
        rows.append([side, str(seconds), ratios[0], str(megabytes), ratios[1]])
        if side == PROVED:
            answer = Figure(tuple(_answered(one) for one in processes))
            rows.append([ANSWER, str(answer), str(answer.over(scripts)), "", ""])
    return rows


def _answered(process: Process) -> float:
    if process.answered is None:
        raise RuntimeError("inspect printed no answer")
    return process.answered


def cut_text(tokens: int) -> str:
    """Cut a text of the passage in a process of its own: this one stays small."""
    cut = (
        "from benchmarks.texts import bundled_tokenizer, text_of\n"
        f"print(text_of({tokens}, bundled_tokenizer()), end='')"
    )
    made = subprocess.run(
        [sys.executable, "-c", cut], cwd=_SOURCE, capture_output=True, check=True, text=True
    )
    return made.stdout


def whole_process(arguments: Sequence[str], path: Sequence[Path], **variables: str) -> Process:
    """Run Python with ``arguments`` in a folder of its own; ``variables`` are its environment's.

    Raises
    ------
    RuntimeError
        When the process fails, or when it should have written a report and did not.
    """
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "HF_HUB_OFFLINE": "1",
        **variables,
    }
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as complaints:
        begun = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
        )
        said, answered = b"", None
        assert process.stdout is not None  # noqa: S101
        with process.stdout as out:
            while part := os.read(out.fileno(), 1 << 16):
                said += part
                if answered is None and _ANSWERED in said:
                    answered = time.perf_counter() - begun
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        complaints.seek(0)
        if process.returncode != 0:
            raise RuntimeError(f"{arguments} failed: {complaints.read().decode(errors='replace')}")
        if answered is not None and "--out" not in arguments and not any(Path(folder).iterdir()):
            raise RuntimeError("inspect wrote no report")
    return Process(seconds, usage.ru_maxrss * _MAXRSS_UNIT / _MEGABYTE, answered)
