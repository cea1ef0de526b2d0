"""``python -m benchmarks [section …]``: print Markdown tables, of the named sections or of all."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from benchmarks.measuring import machine

#: In the order in which they run: the start is measured while this process is still small.
SECTIONS = (
    *("start", "forward", "rebuild", "analysis", "effects"),
    *("report", "use", "classroom", "compare", "live", "corpus", "language", "long_text"),
)

#: Those that read a file of sentences.
_OF_SENTENCES = ("corpus", "language")


def main(arguments: list[str] | None = None) -> None:
    """Run the sections that were named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="section", help=", ".join(SECTIONS))
    parser.add_argument("--rounds", type=int, help="turns of each side (default: the section's)")
    parser.add_argument(
        "--sentences",
        type=Path,
        help="for corpus and language: a .txt, .jsonl or .conllu file of sentences",
    )
    given = parser.parse_args(arguments)
    unknown = set(given.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    if given.rounds is not None and given.rounds < 1:
        parser.error("--rounds must be at least 1")
    print(machine(), flush=True)
    for section in SECTIONS:
        if section in given.sections or not given.sections:
            more = {"sentences": given.sentences} if section in _OF_SENTENCES else {}
            measured = import_module(f"benchmarks.{section}").run(given.rounds, **more)
            print(f"\n{measured}", flush=True)


if __name__ == "__main__":
    main()
