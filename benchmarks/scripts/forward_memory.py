"""What one forward pass that keeps every attention matrix adds to a process's memory, at most.

``python forward_memory.py ours|theirs TEXT`` prints megabytes. A pass of a short text goes before,
so that the weights are in memory by then; what is counted is the highest mark after it, above what
the process held. Linux alone lets the mark be set back.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

_SHORT = "The weights are read."
_MEGABYTE = 1e6
_KIB = 1024
_STATUS = Path("/proc/self/status")
_MARK = Path("/proc/self/clear_refs")
#: What sets the highest mark back to what is held now: proc(5).
_SET_BACK = "5"


def _ours() -> Callable[[str], object]:
    from inspector.checkpoint.opening import open_checkpoint
    from inspector.checkpoint.sources import locate
    from inspector.checkpoint.tokens import encode
    from inspector.forward.model import forward

    checkpoint = open_checkpoint(locate("bundled"))
    return lambda text: forward(checkpoint, encode(checkpoint, text, truncate=False))


def _theirs() -> Callable[[str], object]:
    import torch

    import inspector

    loaded = inspector.load("bundled", device="cpu")
    loaded.model.pooler = None

    def run(text: str) -> object:
        with torch.inference_mode():
            given = loaded.tokenizer(text, return_tensors="pt")
            return loaded.model(**given, output_attentions=True, output_hidden_states=True)

    return run


def _held(name: str) -> float:
    """Return a line of this process's status in megabytes."""
    for line in _STATUS.read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * _KIB / _MEGABYTE
    raise RuntimeError(f"{_STATUS} has no {name}")


if __name__ == "__main__":
    forward = {"ours": _ours, "theirs": _theirs}[sys.argv[1]]()
    forward(_SHORT)
    _MARK.write_text(_SET_BACK, encoding="ascii")
    before = _held("VmRSS")
    kept = forward(sys.argv[2])
    print(_held("VmHWM") - before)
