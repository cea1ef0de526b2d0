"""Models made of other files, each a folder of its own in the user's cache, by what it was made of.

A kind of file has its own part of the cache. A folder appears when all of it is there. One lock
serves each part: of two runs that want the same model at once, the second waits and finds it made.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from inspector import signals
from inspector.checkpoint.json_file import regular_size, unreadable
from inspector.checkpoint.weights import SINGLE
from inspector.errors import MachineError
from inspector.files import refusals
from inspector.files.cache import cache_folder
from inspector.record import record
from inspector.records import Origin

Progress = Callable[[str], None]
Kind = Literal["gguf", "adapters"]
KINDS: tuple[Kind, ...] = ("gguf", "adapters")

#: What is written is not what an earlier version wrote.
_VERSION = 2
_RECORD = "converted.json"
_UNFINISHED = ".unfinished"
_LOCK = ".lock"
_SHOWN_HASH = 32


@record(frozen=True, slots=True)
class Converted:
    """A model in the cache."""

    folder: Path
    #: The name of the GGUF file, or of the adapter's folder and its base model.
    name: str
    #: What its weights were; None where they were plain, and stayed as they were.
    origin: Origin | None
    #: Bytes on the disk.
    size: int


def made(
    kind: Kind,
    digest: str,
    sources: Sequence[Path],
    make: Callable[[Path], Origin | None],
    *,
    name: str,
    progress: Progress,
) -> Converted:
    """Return the folder of a model in the cache, made where it is not there.

    ``digest`` stands for all that it is made of, ``sources`` are the files by whose places and
    dates it is found again without reading them; ``make`` writes it into a folder.

    Raises
    ------
    ModelError
        When ``make`` does.
    MachineError
        When the cache cannot be written.
    """
    if (known := kept(kind, digest)) is not None:
        return known
    root = cache_folder(kind)
    with refusals(root):
        root.mkdir(parents=True, exist_ok=True)
    with _alone(root, progress):
        if (known := kept(kind, digest)) is not None:
            return known
        return _make(root, _place(root, digest), sources, make, name)


def kept(kind: Kind, digest: str) -> Converted | None:
    """Return the folder of a model that was made before; None where it was not."""
    return _read(_place(cache_folder(kind), digest))


def made_before(kind: Kind, sources: Sequence[Path]) -> Converted | None:
    """Return what was made of the very files at their places, without reading them."""
    with suppress(OSError):
        looked_for = _from(sources)
        for folder in cache_folder(kind).glob(f"*-{_VERSION}"):
            if _record(folder).get("from") == looked_for:
                return _read(folder)
    return None


def listed() -> list[Converted]:
    """Return all that is in the cache, by name.

    Raises
    ------
    MachineError
        When it cannot be looked at.
    """
    return sorted((one for kind in KINDS for one in _listed(kind)), key=lambda one: one.name)


def forget() -> list[Converted]:
    """Empty the cache, and return what was in it.

    Raises
    ------
    MachineError
        When the machine refuses.
    """
    gone: list[Converted] = []
    for kind in KINDS:
        root = cache_folder(kind)
        if not root.is_dir():
            continue
        with _alone(root, lambda _said: None):
            gone += _listed(kind)
            with refusals(root):
                for folder in root.iterdir():
                    if folder.is_dir() and not folder.is_symlink():
                        shutil.rmtree(folder)
    return sorted(gone, key=lambda one: one.name)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file.

    Raises
    ------
    ModelError
        When it cannot be read, or is no regular file.
    """
    regular_size(path)
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from error


def _make(
    root: Path,
    folder: Path,
    sources: Sequence[Path],
    make: Callable[[Path], Origin | None],
    name: str,
) -> Converted:
    unfinished = root / _UNFINISHED
    with refusals(root):
        # A run that was killed has left one, or somebody has taken files out of a finished one.
        for left in (unfinished, folder):
            if left.exists():
                shutil.rmtree(left)
        unfinished.mkdir()
    try:
        origin = make(unfinished)
        with refusals(root):
            record = {
                "name": name,
                "said": None if origin is None else origin.said,
                "stored": None if origin is None else origin.stored_dtypes,
                "weights": (unfinished / SINGLE).stat().st_size,
                "from": _from(sources),
            }
            (unfinished / _RECORD).write_text(json.dumps(record), encoding="utf-8")
            unfinished.rename(folder)
    finally:
        with signals.held(), suppress(OSError):
            if unfinished.exists():
                shutil.rmtree(unfinished)
    found = _read(folder)
    if found is None:
        raise MachineError(f"{folder} was written and is not there.", "Try again.")
    return found


def _listed(kind: Kind) -> list[Converted]:
    root = cache_folder(kind)
    with refusals(root):
        folders = list(root.iterdir()) if root.is_dir() else []
    return [one for one in map(_read, folders) if one is not None]


def _place(root: Path, digest: str) -> Path:
    return root / f"{digest[:_SHOWN_HASH]}-{_VERSION}"


def _from(sources: Sequence[Path]) -> list[list[Any]]:
    """Return by what files are known again that were not changed."""
    found = [(path, path.stat()) for path in sources]
    return [[str(path.resolve()), s.st_size, s.st_mtime_ns, s.st_ino] for path, s in found]


def _read(folder: Path) -> Converted | None:
    """Return what is in a folder; None where it is none of ours, or not whole."""
    record = _record(folder)
    try:
        sizes = {str(one): one.stat().st_size for one in folder.rglob("*") if not one.is_dir()}
    except OSError:
        return None
    name, said, stored = record.get("name"), record.get("said"), record.get("stored")
    whole = isinstance(name, str) and isinstance(stored, list | None)
    if not whole or record.get("weights") != sizes.get(str(folder / SINGLE), -1):
        return None
    origin = None if said is None else Origin(str(said), tuple(map(str, stored or ())))
    return Converted(folder, str(name), origin, sum(sizes.values()))


def _record(folder: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        said = json.loads((folder / _RECORD).read_bytes())
        if isinstance(said, dict):
            return said
    return {}


@contextmanager
def _alone(root: Path, progress: Progress) -> Iterator[None]:
    """Hold the lock of a part of the cache; the system frees it when the process dies."""
    with refusals(root):
        lock = FileLock(root / _LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            progress("Waiting for another run that makes a model")
            lock.acquire()
    try:
        yield
    finally:
        lock.release()
