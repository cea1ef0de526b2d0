"""Converted GGUF files, each a folder of its own in the user's cache, by the hash of its content.

A folder appears when all of it is there. One lock serves the whole cache: of two runs that want the
same file at once, the second waits and finds it converted.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from inspector import signals
from inspector.checkpoint.gguf.convert import Progress, convert
from inspector.checkpoint.json_file import regular_size, unreadable
from inspector.checkpoint.weights import SINGLE
from inspector.errors import MachineError, ModelError
from inspector.files import refusals
from inspector.files.cache import cache_folder

#: What is written is not what an earlier version wrote.
_VERSION = 1
_RECORD = "converted.json"
_UNFINISHED = ".unfinished"
_LOCK = ".lock"
_SHOWN_HASH = 32


@dataclass(frozen=True, slots=True)
class Converted:
    """A converted file in the cache."""

    folder: Path
    #: The name of the GGUF file.
    name: str
    #: What its weights were, such as ``4-bit weights, dequantised``; None where they were plain.
    dequantised: str | None
    #: Bytes on the disk.
    size: int


def converted(
    path: Path, *, progress: Progress, sha256: str | None = None, hint: str = ""
) -> Converted:
    """Return the folder that a GGUF file was converted to, converting it where it was not.

    ``sha256`` is the hash that the file must have, where one is known; ``hint`` what to do where it
    has another.

    Raises
    ------
    ModelError
        When the file cannot be read, is damaged, of a kind that is not read, or not the one.
    MachineError
        When the cache cannot be written.
    """
    root = cache_folder("gguf")
    known = _by_place(root, path) if sha256 is None else _kept(root, sha256)
    if known is not None:
        return known
    digest = _digest(path)
    if sha256 is not None and digest != sha256:
        raise ModelError(
            f"The file {path} has SHA-256 {digest[:12]}…, the published one has {sha256[:12]}….",
            hint,
        )
    if (known := _kept(root, digest)) is not None:
        return known
    with refusals(root):
        root.mkdir(parents=True, exist_ok=True)
    with _alone(root, progress):
        if (known := _kept(root, digest)) is not None:
            return known
        return _convert(root, path, digest, progress)


def found(sha256: str) -> Converted | None:
    """Return the folder of the file with a hash; None where it was not converted."""
    return _kept(cache_folder("gguf"), sha256)


def listed() -> list[Converted]:
    """Return all that is in the cache, by name.

    Raises
    ------
    MachineError
        When it cannot be looked at.
    """
    root = cache_folder("gguf")
    with refusals(root):
        folders = sorted(root.iterdir()) if root.is_dir() else []
    all_of_it = [one for one in map(_read, folders) if one is not None]
    return sorted(all_of_it, key=lambda one: one.name)


def forget() -> list[Converted]:
    """Empty the cache, and return what was in it.

    Raises
    ------
    MachineError
        When the machine refuses.
    """
    root = cache_folder("gguf")
    if not root.is_dir():
        return []
    with _alone(root, lambda _said: None):
        there = listed()
        with refusals(root):
            for folder in root.iterdir():
                if folder.is_dir() and not folder.is_symlink():
                    shutil.rmtree(folder)
    return there


def _convert(root: Path, path: Path, digest: str, progress: Progress) -> Converted:
    unfinished, folder = root / _UNFINISHED, _place(root, digest)
    with refusals(root):
        # A run that was killed has left one, or somebody has taken files out of a finished one.
        for left in (unfinished, folder):
            if left.exists():
                shutil.rmtree(left)
        unfinished.mkdir()
    try:
        dequantised = convert(path, unfinished, progress=progress)
        with refusals(root):
            record = {
                "name": path.name,
                "dequantised": dequantised,
                "weights": (unfinished / SINGLE).stat().st_size,
                "from": _from(path),
            }
            (unfinished / _RECORD).write_text(json.dumps(record), encoding="utf-8")
            unfinished.rename(folder)
    finally:
        with signals.held(), suppress(OSError):
            if unfinished.exists():
                shutil.rmtree(unfinished)
    made = _read(folder)
    if made is None:
        raise MachineError(f"{folder} was written and is not there.", "Try again.")
    return made


def _place(root: Path, digest: str) -> Path:
    return root / f"{digest[:_SHOWN_HASH]}-{_VERSION}"


def _kept(root: Path, digest: str) -> Converted | None:
    return _read(_place(root, digest))


def _by_place(root: Path, path: Path) -> Converted | None:
    """Return what was made of the very file at a place, without reading it."""
    with suppress(OSError):
        looked_for = _from(path)
        for folder in root.glob(f"*-{_VERSION}"):
            if _record(folder).get("from") == looked_for:
                return _read(folder)
    return None


def _from(path: Path) -> list[Any]:
    """Return by what a file is known again that was not changed."""
    found = path.stat()
    return [str(path.resolve()), found.st_size, found.st_mtime_ns, found.st_ino]


def _read(folder: Path) -> Converted | None:
    """Return what is in a folder; None where it is none of ours, or not whole."""
    record = _record(folder)
    try:
        sizes = {one.name: one.stat().st_size for one in folder.iterdir()}
    except OSError:
        return None
    name, dequantised = record.get("name"), record.get("dequantised")
    if not isinstance(name, str) or record.get("weights") != sizes.get(SINGLE, -1):
        return None
    return Converted(folder, name, dequantised, sum(sizes.values()))


def _record(folder: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        said = json.loads((folder / _RECORD).read_bytes())
        if isinstance(said, dict):
            return said
    return {}


def _digest(path: Path) -> str:
    regular_size(path)
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from error


@contextmanager
def _alone(root: Path, progress: Progress) -> Iterator[None]:
    """Hold the lock of the cache; the system frees it when the process dies."""
    with refusals(root):
        lock = FileLock(root / _LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            progress("Waiting for another run that converts a file")
            lock.acquire()
    try:
        yield
    finally:
        lock.release()
