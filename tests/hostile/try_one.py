"""Try the things of some seeds and print how each ended: what ``run`` starts, again and again.

python -m hostile.try_one KIND FIRST BEHIND PLACE GOOD
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import IO, Any


def main() -> None:
    name, first, behind, place, good = sys.argv[1:]
    # A shell's background jobs are told to ignore Ctrl-C, and what nohup starts to ignore SIGHUP:
    # programs that are started here must not.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # What libraries print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    kind: Any = import_module(f"hostile.{name}")
    for seed in range(int(first), int(behind)):
        folder = Path(place) / f"{name}-{seed}"
        folder.mkdir()
        _try(kind, seed, folder, Path(good), answers)
        shutil.rmtree(folder, ignore_errors=True)


def _try(kind: Any, seed: int, folder: Path, good: Path, answers: IO[str]) -> None:
    thing = kind.make(seed, folder, good)
    # Said before it is tried, so that the runner knows of what the process died.
    print(json.dumps({"seed": seed, "what": thing.what}), file=answers)
    try:
        wrong = kind.judge(thing)
    except Exception:
        wrong = traceback.format_exc()
    print(json.dumps({"seed": seed, "wrong": wrong}), file=answers)


if __name__ == "__main__":
    main()
