"""Ctrl-C, SIGTERM and SIGHUP at any moment of a run, once or twice in a row.

Moments are counted, not timed, so that the same seed hits the same place on a slow machine too: the
process sends itself the signal at its nth audited event, which are imports, openings, renamings and
the like, just before the thing is done or just after. A part of the runs is a new Python that is
hit within its first 50 ms, before anything is imported.

It ends in 130 and in a sentence, and leaves nothing that is half; a run after it ends well. Where
the signal came too late, the work is done and whole. Before the program's first line Python itself
answers: then it only has to die of it and to leave nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hostile.judging import wrong_file
from hostile.kind import Thing
from hostile.program import LIMIT, End, look, run

NAME = "signals"
FEW = 16
MANY = 200

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LINES = "the cat sat\nwe are here\tit was tired\n" + "the cat sat on the mat\n" * 3
_SAID = "Error: Interrupted.\nHint: Nothing was left half-written.\n"
_KEPT = "Finished shards are kept: the same command goes on from there.\n"
#: Events of the longest run; fewer are as likely as more, whatever the length of the run.
_EVENTS = 12_000
#: What the three runs write, and what may stay of each when it is interrupted.
_RUNS: dict[str, list[str]] = {
    "a sentence": ["the cat sat", "--out", "page.html", "--save", "t.safetensors"],
    "over an older page": ["the cat sat", "--out", "old.html", "--json"],
    "a file": ["--file", "lines.txt", "--out", "made"],
    "a corpus": ["corpus", "lines.txt", "--out", "made"],
    "the classroom": ["classroom", "--out", "page.html"],
}


@dataclass
class Moment(Thing):
    """A run, and when it gets which signal."""

    run: str
    words: list[str]
    number: signal.Signals
    #: In a new Python: after so many seconds.
    after: float | None
    #: Else: before or behind this event, and again so many events later.
    event: int
    behind: bool
    again: int | None


def make(seed: int, place: Path, good: Path) -> Moment:
    """Choose a run, a signal and a moment by ``seed``."""
    chance = random.Random(seed)  # noqa: S311 - nothing is kept secret with it
    name = chance.choice(list(_RUNS))
    number = chance.choice(_SIGNALS)
    model = [] if name == "the classroom" else ["--model", str(good / "bert")]
    after = chance.uniform(0, 0.05) if chance.random() < 0.25 else None
    event = round(_EVENTS ** chance.random())
    again = chance.choice([None, None, None, 1, 10, 100])
    behind = chance.random() < 0.5
    when = f"{'behind' if behind else 'before'} event {event}, again {again}"
    if after is not None:
        when = f"after {after:.4f} s"
    what = f"{number.name} in {name} {when}"
    return Moment(what, place, name, [*_RUNS[name], *model], number, after, event, behind, again)


def judge(moment: Moment) -> str | None:
    """Run it, hit it, look at what is there, and run it once more."""
    here = moment.place / "here"
    here.mkdir()
    (here / "lines.txt").write_text(_LINES)
    older = run(["classroom", "--out", "old.html"], here)
    if older.code:
        return f"the older page could not be made: {older.err}"
    before = look(here)
    if moment.after is None:
        end, ours = run(moment.words, here, before=lambda: _watch(moment)), True
    else:
        end, ours = _start_and_hit(moment, here)
    wrong = _wrong_end(end, ours, moment) or _wrong_files(before, here, end)
    if wrong is None and moment.after is None:
        then = run(moment.words, here)
        wrong = f"the run after it: {then.err[-300:]}" if then.code else None
        wrong = wrong or _wrong_files(before, here, then)
    return wrong


def _watch(moment: Moment) -> None:
    """Count events in the process that is to be hit, and hit it."""
    hits = [moment.event] + ([moment.event + moment.again] if moment.again else [])
    seen = 0

    def count(event: str, _arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        # That one is ours.
        seen += event != "sys.setprofile"
        if hits and seen == hits[0]:
            del hits[0]
            # What is profiled next is what follows on it.
            sys.setprofile(hit) if moment.behind else hit()

    def hit(*_anything: object) -> None:
        sys.setprofile(None)
        os.kill(os.getpid(), moment.number)

    sys.addaudithook(count)


def _start_and_hit(moment: Moment, here: Path) -> tuple[End, bool]:
    """Start a new Python, send it the signal, and say whether the program had begun."""
    with subprocess.Popen(
        [sys.executable, "-m", "inspector", *moment.words],
        cwd=here,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        time.sleep(moment.after or 0)
        ours = _answers(process.pid)
        process.send_signal(moment.number)
        out, err = process.communicate(timeout=LIMIT)
    return End(process.returncode, out, err), ours


def _answers(process: int) -> bool:
    """Say whether a process answers SIGTERM, which Python alone does not."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) >> (signal.SIGTERM - 1) & 1)
    return False


def _wrong_end(end: End, ours: bool, moment: Moment) -> str | None:
    if not ours:
        # Python's own end of an interrupt in its first moments: it dies of it, or says so and
        # leaves with 1, or has just begun to answer.
        return None if end.code in (-moment.number, 130, 1) else f"exit {end.code}: {end.err}"
    if end.code == 0:
        return None
    if end.code != 130:
        return f"exit {end.code}: {end.err[-300:]!r}"
    return None if end.err in (_SAID, _KEPT + _SAID) else f"it said {end.err[-300:]!r}"


def _wrong_files(before: Any, here: Path, end: End) -> str | None:
    """Say what is half, what was left behind, and, at a good end, what is missing."""
    after = look(here)
    for path, found in after.items():
        name = Path(path).name
        if name.startswith(".inspector") and name != ".inspector.json":
            return f"{path} was left behind"
        if found.startswith("-") and before.get(path) != found:
            wrong = wrong_file(path, (here / path).read_bytes())
            if wrong:
                return wrong
    gone = sorted(before.keys() - after.keys())
    if gone:
        return f"{gone} went away"
    return _wrong_record(here / "made", end) if (here / "made").is_dir() else None


def _wrong_record(folder: Path, end: End) -> str | None:
    """Say what is wrong with the record of a folder of outputs."""
    record, ledger = folder / "run.json", folder / ".inspector.json"
    if end.code == 0 and (ledger.exists() or not record.exists()):
        return "the folder is not finished"
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    if not record.exists():
        if there and not ledger.exists():
            return f"{sorted(there)} are nobody's"
        return None
    written: dict[str, str] = json.loads(record.read_text())["written"]
    ours = there - {"run.json", ".inspector.json"}
    if ours != set(written):
        return f"{sorted(ours ^ set(written))} do not stand in the record, or not in the folder"
    for name, checksum in written.items():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != checksum:
            return f"{name} is another than the record says"
    return None
