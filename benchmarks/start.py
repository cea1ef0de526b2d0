"""How long one sentence takes from a cold start, as a whole process from fork to exit.

``inspect "…"`` does its whole job, report included, beside the smallest honest script that gets
the same attention weights out of the same model (``honest_script.py``), and ``inspect --help``.
The file cache is warm. Peak memory is the kernel's own figure for the process, from wait4.

All of them run a second time in a Python that cannot find sentence-transformers and what comes
with it (``without/sitecustomize.py`` on the path of both sides), because transformers imports
scikit-learn and SciPy where it finds them. It is the same environment with these hidden, not a
second installation.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import inspector
from benchmarks.measuring import Figure, table

#: 13 tokens with [CLS], [SEP] and the full stop.
SENTENCE = "The cat sat on the mat because it was tired."
ROUNDS = 7

_HERE = Path(__file__).parent
_SOURCE = Path(inspector.__file__).parents[1]
_MEGABYTE = 1e6
#: Linux counts in KiB, macOS in bytes.
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024

SIDES: dict[str, tuple[str, ...]] = {
    "smallest honest script": (str(_HERE / "honest_script.py"), SENTENCE),
    'inspect "…", report written': ("-m", "inspector", SENTENCE),
    "inspect --help": ("-m", "inspector", "--help"),
}
SCRIPT = "smallest honest script"
ENVIRONMENTS: dict[str, tuple[Path, ...]] = {
    "as installed": (_SOURCE,),
    "sentence-transformers hidden": (_HERE / "without", _SOURCE),
}


def run(rounds: int | None) -> str:
    """Measure, and return the section in Markdown."""
    if "torch" in sys.modules:
        # The kernel starts a child's peak memory with what its parent held when it forked.
        raise RuntimeError("the start must be measured from a process that has no torch in it")
    seconds: dict[tuple[str, str], list[float]] = {}
    megabytes: dict[tuple[str, str], list[float]] = {}
    turns = rounds or ROUNDS
    for turn in range(turns + 1):
        for environment, path in ENVIRONMENTS.items():
            for side, arguments in SIDES.items():
                wall, peak = whole_process(arguments, path)
                if turn > 0:  # the first one fills the file cache
                    seconds.setdefault((environment, side), []).append(wall)
                    megabytes.setdefault((environment, side), []).append(peak)
    rows = []
    for environment, side in seconds:
        cells = [side, environment]
        for measured in (seconds, megabytes):
            it = Figure(tuple(measured[environment, side]))
            script = Figure(tuple(measured[environment, SCRIPT]))
            cells += [str(it), "1" if side == SCRIPT else str(it.over(script))]
        rows.append(cells)
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
        ]
    )


def whole_process(arguments: Sequence[str], path: Sequence[Path]) -> tuple[float, float]:
    """Run Python with ``arguments`` in a folder of its own; return seconds and peak megabytes.

    Raises
    ------
    RuntimeError
        When the process fails, or when it should have written a report and did not.
    """
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "HF_HUB_OFFLINE": "1",
    }
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as said:
        begun = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        if process.returncode != 0:
            raise RuntimeError(f"{arguments} failed: {said.read().decode(errors='replace')}")
        if arguments == SIDES['inspect "…", report written'] and not any(Path(folder).iterdir()):
            raise RuntimeError("inspect wrote no report")
    return seconds, usage.ru_maxrss * _MAXRSS_UNIT / _MEGABYTE
