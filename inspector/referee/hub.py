"""A hub id's files in the hub's cache: downloaded once, and then looked over as any folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers.utils import hub

from inspector.checkpoint.config import FILE, read_config
from inspector.checkpoint.sources import Source
from inspector.checkpoint.weights import INDEX, SINGLE, shard_names
from inspector.errors import ModelError

# Its functions' annotations do not say that they may give None.
_cached_file: Any = hub.cached_file


def fetch(source: Source) -> tuple[Path, str]:
    """Download a model's config and weights, and return their folder and their revision.

    The config is checked before the weights are downloaded, and the names in an index before they
    are asked for. All files are of the one revision that the config was found at.

    Raises
    ------
    ModelError
        When the config or the index is damaged, or when there are no safetensors weights.
    """
    config = Path(_cached_file(source.path, FILE))
    # …/snapshots/<revision>/config.json
    folder, revision = config.parent, config.parent.name
    read_config(folder)

    def there(name: str) -> bool:
        found = _cached_file(
            source.path,
            name,
            revision=revision,
            _raise_exceptions_for_missing_entries=False,
        )
        return found is not None

    if there(SINGLE):
        return folder, revision
    if not there(INDEX):
        raise ModelError(
            f"The model {source.path} has no safetensors weights on the hub.",
            "Choose a model that has them: weights in other formats are not read.",
        )
    for name in shard_names(folder / INDEX):
        if not there(name):
            raise ModelError(
                f"The model {source.path} lacks {name} on the hub, which its index names.",
                "Choose another model, or tell its owner.",
            )
    return folder, revision
