"""Python processes of their own: one that imports no torch, one that dies where it would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_KILLED = """
import os, sys
class Killer:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            os._exit({code})
sys.meta_path.insert(0, Killer())
from inspector.commands import main
main({arguments!r})
"""
_WITHOUT_TORCH = """
import sys
from inspector.commands import main
code = main({arguments!r})
heavy = {{"torch", "transformers"}} & set(sys.modules)
assert not heavy, heavy
sys.exit(code)
"""
#: What a process ends with that was killed.
KILLED = 9

Done = subprocess.CompletedProcess[str]


def killed_before_torch(place: Path, *arguments: str) -> Done:
    """Run the program in a folder; it dies at the moment at which torch is imported."""
    return run_python(place, _KILLED.format(code=KILLED, arguments=list(arguments)))


def without_torch(place: Path, *arguments: str) -> Done:
    """Run the program in a folder; it fails where torch or transformers was imported."""
    return run_python(place, _WITHOUT_TORCH.format(arguments=list(arguments)))


def run_python(place: Path, code: str) -> Done:
    """Run some Python in a folder."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=place,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
