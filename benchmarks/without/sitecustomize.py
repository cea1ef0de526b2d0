"""On ``PYTHONPATH``, this makes a Python that cannot find sentence-transformers.

Nor what comes with it and with nothing else that the inspector needs. transformers imports
scikit-learn and SciPy where it finds them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

HIDDEN = {"sentence_transformers", "sklearn", "scipy", "joblib"}


class FindsLess(PathFinder):
    """The usual finder, which does not see what is hidden."""

    @classmethod
    def find_spec(
        cls,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return None, which is "not installed", for what is hidden."""
        if fullname.partition(".")[0] in HIDDEN:
            return None
        return super().find_spec(fullname, path, target)


sys.meta_path = [FindsLess if finder is PathFinder else finder for finder in sys.meta_path]
