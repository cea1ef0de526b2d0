"""Small random models that write, saved with a tokenizer of small words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from forward_models import ALL, random_model
from small_models import save


def writer(variant: str, folder: Path, **generation: Any) -> Path:
    """Save a random model with its head; ``generation`` is all that its generation config says."""
    model_type, options = ALL[variant]
    model = random_model(model_type, options)
    model.config.eos_token_id = None
    save(model, folder)
    (folder / "generation_config.json").write_text(json.dumps(generation))
    return folder
