"""A checkpoint's JSON files as plain values, each fault of theirs in a sentence of its own."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any, NoReturn

from inspector.errors import ModelError

#: A config or an index above this is none.
_LONGEST = 100_000_000
_HINT = "Copy or download the file again."
_SHOWN = 60


def read_object(path: Path) -> dict[str, Any]:
    """Return the object that a JSON file holds.

    Raises
    ------
    ModelError
        When the file cannot be read, is no regular file, or holds anything else.
    """
    return parse_object(read_bytes(path), str(path))


def read_bytes(path: Path, limit: int = _LONGEST) -> bytes:
    """Return what a regular file of at most ``limit`` bytes holds.

    Raises
    ------
    ModelError
        When it cannot be read, or is longer, or is a device or a pipe, which may never end.
    """
    size = regular_size(path)
    if size > limit:
        raise ModelError(f"The file {path} has {size:,} bytes and should have few.", _HINT)
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error


def regular_size(path: Path) -> int:
    """Return how many bytes a regular file has.

    Raises
    ------
    ModelError
        When there is none, or when it is a folder, a device or a pipe.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise unreadable(path, error) from error
    if not stat.S_ISREG(found.st_mode):
        raise ModelError(f"{path} is not a regular file.", "Put the file itself in its place.")
    return found.st_size


def unreadable(path: Path, error: OSError) -> ModelError:
    """Say that a file cannot be read, and why."""
    return ModelError(
        f"The file {path} cannot be read: {error.strerror or type(error).__name__}.",
        "Check that it is there and that you may read it.",
    )


def parse_object(data: bytes, what: str, *, strict: bool = False) -> dict[str, Any]:
    """Return the object that JSON text holds.

    ``strict`` refuses what JSON itself does not know, NaN and Infinity (which some configs have),
    and a key that stands twice in one object.

    Raises
    ------
    ModelError
        When the text is no JSON, or no object.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice = next(key for i, (key, _) in enumerate(pairs) if key in dict(pairs[:i]))
            raise ModelError(f"{what} is damaged: {shown(twice)} stands in it twice.", _HINT)
        return found

    def number(constant: str) -> NoReturn:
        raise ModelError(f"{what} is damaged: {constant} is no JSON.", _HINT)

    options: dict[str, Any] = (
        {"object_pairs_hook": once, "parse_constant": number} if strict else {}
    )
    try:
        found = json.loads(data.decode("utf-8"), **options)
    except json.JSONDecodeError as error:
        raise ModelError(
            f"{what} is damaged: it is no JSON from line {error.lineno}, column {error.colno} on.",
            _HINT,
        ) from error
    # Bytes that are no UTF-8, a number of thousands of digits, or brackets within brackets.
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{what} is damaged: it is no JSON that can be read.", _HINT) from error
    if not isinstance(found, dict):
        raise ModelError(f"{what} is damaged: it holds no JSON object.", _HINT)
    return found


def shown(value: object) -> str:
    """Return a value from a file as a sentence can hold it: as JSON writes it, cut where long."""
    try:
        written = json.dumps(value, ensure_ascii=False)
    except (ValueError, TypeError):
        # A whole number of thousands of digits.
        return "a number out of bounds"
    return written if len(written) <= _SHOWN else written[:_SHOWN] + "…"
