"""Try thousands of hostile things, print how many of each kind, and what did not end as it must.

    python -m hostile.run [--few] [--seed N] [KIND…]

Exits with 1 where something did not. Each kind is a module of this folder with the shape that
``kind`` describes; they run side by side, each part in a process of its own, so that what kills one
is known and the rest is tried all the same. A thing that went wrong is tried again by its seed:

    python -m hostile.run sentences --only 417
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

_ROOT = Path(__file__).parents[2]
#: In the order in which they begin: what takes longest first.
_KINDS = ("signals", "pages", "command_lines", "sentences", "checkpoints")
#: Things that one process tries: its imports take as long as a few of them.
_PART = 100


@dataclass
class Tally:
    """What was tried of a kind, and what went wrong."""

    tried: int = 0
    wrong: list[str] = field(default_factory=list)


def kinds() -> tuple[str, ...]:
    """Return the names of the generators that are there."""
    return tuple(name for name in _KINDS if find_spec(f"hostile.{name}") is not None)


def try_seeds(name: str, seeds: range, place: Path, good: Path) -> Tally:
    """Try the things of some seeds, one process after another where one dies."""
    tally = Tally()
    at = seeds.start
    while at < seeds.stop:
        begun = _process(name, range(at, seeds.stop), place, good, tally)
        if begun is None:
            break
        at = begun + 1
    return tally


def _process(name: str, seeds: range, place: Path, good: Path, tally: Tally) -> int | None:
    """Run one process and return the seed that it died of; None where it came to its end."""
    command = [sys.executable, "-m", "hostile.try_one", name, str(seeds.start), str(seeds.stop)]
    with (
        subprocess.Popen(
            [*command, str(place), str(good)],
            cwd=_ROOT / "tests",
            env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": _path()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
        ThreadPoolExecutor(1) as beside,
    ):
        # Its own words, which may fill a pipe, are of interest only where it dies.
        said = beside.submit(process.stderr.read)  # type: ignore[union-attr]
        what, begun, ended = "", seeds.start - 1, seeds.start - 1
        for line in process.stdout or ():
            answer = json.loads(line)
            if "what" in answer:
                what, begun = answer["what"], answer["seed"]
                continue
            ended = answer["seed"]
            tally.tried += 1
            if answer["wrong"] is not None:
                tally.wrong.append(f"{name} {begun}: {answer['wrong']}\n    {what}")
        code = process.wait()
        last = said.result()[-2000:]
    if code == 0:
        return None
    died = max(begun, ended + 1)
    tally.tried += 1
    what = what if begun > ended else "(before it was made)"
    tally.wrong.append(f"{name} {died}: the process ended with {code}\n    {what}\n{last}")
    return died


def main(arguments: Sequence[str] | None = None) -> int:
    """Try what the arguments say and return the exit code."""
    parser = argparse.ArgumentParser(prog="hostile.run", description=__doc__.split("\n")[0])
    parser.add_argument("kinds", nargs="*", help="by default all of them")
    parser.add_argument("--few", action="store_true", help="as many as the suite tries")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--only", type=int, help="try the thing of this seed alone")
    asked = parser.parse_args(arguments)
    names = tuple(asked.kinds) or kinds()
    if unknown := set(names) - set(kinds()):
        parser.error(f"there is no kind {', '.join(sorted(unknown))}")
    began = time.monotonic()
    with TemporaryDirectory(prefix="hostile-") as made:
        place, good = Path(made), Path(made) / "good"
        good.mkdir()
        _make_models(good)
        tallies = _try_all(_parts(names, asked), place, good)
    _report(tallies, time.monotonic() - began)
    return 1 if any(tally.wrong for tally in tallies.values()) else 0


def _parts(names: Sequence[str], asked: argparse.Namespace) -> list[tuple[str, range]]:
    """Share the seeds out, so many to a process."""
    parts = []
    for name in names:
        module: Any = import_module(f"hostile.{name}")
        first, number = asked.seed, module.FEW if asked.few else module.MANY
        if asked.only is not None:
            first, number = asked.only, 1
        for at in range(first, first + number, _PART):
            parts.append((name, range(at, min(at + _PART, first + number))))
    return parts


def _try_all(parts: list[tuple[str, range]], place: Path, good: Path) -> dict[str, Tally]:
    tallies = {name: Tally() for name, _ in parts}
    with ThreadPoolExecutor(os.cpu_count() or 1) as workers:
        running = [
            (name, workers.submit(try_seeds, name, seeds, place, good)) for name, seeds in parts
        ]
        for name, part in running:
            done = part.result()
            tallies[name].tried += done.tried
            for wrong in done.wrong:
                click.echo(f"✗ {wrong}")
            tallies[name].wrong += done.wrong
    return tallies


def _make_models(good: Path) -> None:
    """In a process of its own: what forks later has computed nothing."""
    made = (
        "from pathlib import Path; from hostile.models import make_models; make_models(Path({!r}))"
    )
    subprocess.run(
        [sys.executable, "-c", made.format(str(good))],
        cwd=_ROOT / "tests",
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": _path()},
        check=True,
        capture_output=True,
    )


def _path() -> str:
    return os.pathsep.join(
        map(str, (_ROOT / "tests", _ROOT / "tests/models", _ROOT / "tests/report", _ROOT))
    )


def _report(tallies: dict[str, Tally], seconds: float) -> None:
    total = Tally()
    for name, tally in tallies.items():
        click.echo(f"{name.replace('_', ' '):16} {tally.tried:6} tried  {len(tally.wrong):4} wrong")
        total.tried += tally.tried
        total.wrong += tally.wrong
    click.echo(f"{'together':16} {total.tried:6} tried  {len(total.wrong):4} wrong")
    click.echo(f"in {seconds / 60:.0f} minutes on {os.cpu_count()} cores")


if __name__ == "__main__":
    sys.exit(main())
