"""Keeping other packages' talk off the terminal while they work for us."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from huggingface_hub.utils import logging as hub_logging
from transformers.utils import logging as _transformers_logging

# transformers' logging functions carry no annotations.
transformers_logging: Any = _transformers_logging


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the notices, progress bars and retries of transformers and the hub off the terminal."""
    verbosity = transformers_logging.get_verbosity()
    hub_verbosity = hub_logging.get_verbosity()
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    hub_logging.set_verbosity(logging.CRITICAL)
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        hub_logging.set_verbosity(hub_verbosity)
        if bars:
            transformers_logging.enable_progress_bar()
