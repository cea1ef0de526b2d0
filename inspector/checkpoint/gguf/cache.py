"""Converted GGUF files, each in the cache by the hash of its content."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from inspector.checkpoint.cache import Converted, Progress, digest_of, kept, made, made_before
from inspector.checkpoint.gguf.convert import convert
from inspector.errors import ModelError


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
    known = made_before("gguf", [path]) if sha256 is None else found(sha256)
    if known is not None:
        return replace(known, name=path.name)
    digest = digest_of(path)
    if sha256 is not None and digest != sha256:
        raise ModelError(
            f"The file {path} has SHA-256 {digest[:12]}…, the published one has {sha256[:12]}….",
            hint,
        )
    converted_once = made(
        "gguf",
        digest,
        [path],
        lambda folder: convert(path, folder, progress=progress),
        name=path.name,
        progress=progress,
    )
    # The same file may lie elsewhere too, under another name.
    return replace(converted_once, name=path.name)


def found(sha256: str) -> Converted | None:
    """Return the folder of the file with a hash; None where it was not converted."""
    return kept("gguf", sha256)
