"""A checkpoint of the hub in the local cache, downloaded where it is not there yet."""

from __future__ import annotations

import re
from pathlib import Path

from inspector.errors import ModelError

#: What a checkpoint is read from: no code, nothing that torch would unpickle.
_FILES = ("*.json", "*.safetensors", "*.txt", "*.model", "*.jinja")
#: What a hub id looks like: at most owner/name.
HUB_ID = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?")


def downloaded(name: str, revision: str | None = None) -> Path:
    """Return the folder of a hub id, as ``huggingface_hub`` keeps it; the newest, or a revision.

    ``HF_HUB_OFFLINE`` and the cache are respected: what is there is not asked for again.

    Raises
    ------
    ModelError
        When it cannot be had.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        HfHubHTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=list(_FILES)))
    except LocalEntryNotFoundError as error:
        raise ModelError(
            f"The model {name} is not in the local cache, and the hub cannot be reached.",
            "Check the name and the connection, or use --model bundled, which needs neither.",
        ) from error
    except RepositoryNotFoundError as error:  # and those that are closed to one
        raise ModelError(
            f"The hub has no model {name} that can be read from here.",
            "Check the spelling; for a private or gated model log in with hf auth login.",
        ) from error
    except (HfHubHTTPError, OSError, ValueError) as error:
        said = str(error).strip().split("\n", 1)[0]
        raise ModelError(
            f"The model {name} cannot be had from the hub: {said}", "Check the name."
        ) from error
