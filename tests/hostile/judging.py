"""What holds for every end of the program, whatever was asked of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hostile.program import End

#: Every code but 1, which none of these models deserves, and 70.
_CODES = {0, 2, 3, 4, 130}
#: Lines that may stand before the sentence and its hint.
_BEFORE = ("--model ", "Line ", "Finished shards are kept")


def wrong_end(end: End, codes: set[int], *, said: bool = True) -> str | None:
    """Say what is wrong with an exit code and with what was printed.

    ``codes`` are those that fit what was asked; ``said`` is whether standard error could be read.
    """
    if end.code not in codes:
        return f"exit {end.code} and not {' or '.join(map(str, sorted(codes)))}: {end.err[-300:]!r}"
    if end.code not in _CODES:
        return f"exit {end.code}"
    if "Traceback" in end.err or "Traceback" in end.out:
        return f"a traceback: {end.err[-300:]!r}"
    for text in (end.out, end.err):
        hidden = [c for c in text if not c.isprintable() and c != "\n"]
        if hidden:
            return f"a character that a terminal may obey, {hidden[0]!r}"
    if end.code and said:
        return _wrong_words(end)
    return None


def wrong_changes(
    before: Mapping[str, str], after: Mapping[str, str], allowed: set[str]
) -> str | None:
    """Say what was changed, made or removed that should not have been."""
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path) and path not in allowed:
            how = "made" if path not in before else "removed" if path not in after else "changed"
            return f"{path!r} was {how}"
    return None


def wrong_json(printed: str) -> str | None:
    """Say what is wrong with lines of JSON."""
    # Not splitlines(): what else Unicode calls a line end may stand in a sentence.
    for line in printed.removesuffix("\n").split("\n"):
        try:
            json.loads(line, parse_constant=_no_number)
        except ValueError as error:
            return f"invalid JSON: {error}"
    return None if printed.endswith("\n") else "no JSON"


def wrong_file(name: str, data: bytes) -> str | None:
    """Say whether a page or a file of tensors is not whole."""
    if name.endswith(".html"):
        return None if data.rstrip().endswith(b"</html>") else f"{name} is half a page"
    if name.endswith(".safetensors"):
        length = int.from_bytes(data[:8], "little")
        header: dict[str, Any] = json.loads(data[8 : 8 + length])
        ends = [one["data_offsets"][1] for key, one in header.items() if key != "__metadata__"]
        return None if len(data) == 8 + length + max(ends) else f"{name} is half a file"
    return None


def _wrong_words(end: End) -> str | None:
    lines = end.err.removesuffix("\n").split("\n")
    if len(lines) < 2 or not (lines[-2].startswith("Error: ") and lines[-1].startswith("Hint: ")):
        return f"no sentence and hint: {end.err[-300:]!r}"
    if any(not line.startswith(_BEFORE) for line in lines[:-2]):
        return f"more than a sentence and a hint: {end.err[:300]!r}"
    if not lines[-2].endswith((".", "?", "?)", "…")):
        return f"no sentence: {lines[-2]!r}"
    return None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
