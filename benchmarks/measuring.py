"""How everything here is measured and printed: sides in turn, medians with their spread, ratios.

The sides of a comparison run in one process of measurement, A B A B …, so that whatever the
machine does meanwhile happens to both; a ratio is taken within each turn and only then summed up.
torch is not imported here: the memory of a child process can only be told from its parent's where
the parent is small.
"""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

#: Calls a turn; a turn's value is their median.
CALLS = 5
#: Longer than the threads of OpenBLAS and of torch wait for work before they sleep.
_PAUSE = 0.1
_PACKAGES = ("numpy", "torch", "transformers")


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured of one thing, one value a turn, in the order of the turns."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median of all turns."""
        return statistics.median(self.values)

    def scaled(self, factor: float) -> Figure:
        """Return the same in another unit."""
        return Figure(tuple(value * factor for value in self.values))

    def over(self, other: Figure) -> Figure:
        """Return the ratio to another side, turn by turn."""
        return Figure(
            tuple(mine / its for mine, its in zip(self.values, other.values, strict=True))
        )

    def __str__(self) -> str:
        if len(self.values) == 1:
            return number(self.values[0])
        low, high = number(min(self.values)), number(max(self.values))
        return f"{number(self.median)} ({low}–{high})"


def number(value: float) -> str:
    """Write a number with three significant digits and no exponent."""
    size = abs(value)
    places = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 else 4
    return f"{value:.{places}f}"


def in_turn(
    sides: Mapping[str, Callable[[], float]], *, rounds: int, warm_up: int = 1
) -> dict[str, Figure]:
    """Run the sides in turn, ``rounds`` times after ``warm_up`` turns that do not count.

    Each side is called without arguments and returns what it measured.
    """
    for _ in range(warm_up):
        for side in sides.values():
            side()
    values: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            values[name].append(side())
    return {name: Figure(tuple(measured)) for name, measured in values.items()}


def seconds_of(work: Callable[[], object]) -> float:
    """Return the seconds of one call."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def median_seconds(work: Callable[[], object]) -> float:
    """Return the median seconds of a few calls, after a pause and a call that is not counted."""
    time.sleep(_PAUSE)
    work()
    return Figure(tuple(seconds_of(work) for _ in range(CALLS))).median


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a Markdown table: the first column to the left, all others to the right."""
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"a row has {len(row)} cells and the header {len(header)}")
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def machine() -> str:
    """Say in a line on what machine and with which versions this was measured."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in _PACKAGES)
    return (
        f"{_processor()}, {os.cpu_count()} cores; load before the start "
        f"{os.getloadavg()[0]:.1f}; Python {platform.python_version()}, {versions}."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
