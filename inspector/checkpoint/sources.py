"""Where a model's name leads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from inspector.checkpoint import bundled
from inspector.checkpoint.folder import model_folder, read_folder
from inspector.errors import ModelError

#: Short names for hub ids.
ALIASES = {
    "bert": "google-bert/bert-base-uncased",
    "distilbert": "distilbert/distilbert-base-uncased",
}

_SHOWN = 60
_HUB_ID = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?")


@dataclass(frozen=True, slots=True)
class Source:
    """Where to read a model from."""

    #: What the user asked for.
    name: str
    #: What to call it on a page.
    title: str
    #: A folder, or a hub id when ``local`` is False.
    path: str
    local: bool
    sha256: str | None


def locate(name: str) -> Source:
    """Find out what ``name`` means: the bundled model, an alias, a folder or a hub id.

    Raises
    ------
    ModelError
        When a folder lacks something that a model needs, or is damaged or of a kind that is not
        read, or when the name can be neither a folder nor a hub id.
    """
    if name == bundled.NAME:
        shipped = bundled.folder()
        read_folder(shipped, published=True)
        return Source(name, bundled.TITLE, str(shipped), local=True, sha256=bundled.SHA256)
    folder, is_folder = _folder(name)
    # A model's folder of that name comes before the short name; any other folder does not.
    if name in ALIASES and not (is_folder and (folder / "config.json").exists()):
        return Source(name, ALIASES[name], ALIASES[name], local=False, sha256=None)
    if is_folder:
        inner = model_folder(folder)
        read_folder(inner)
        return Source(name, folder.resolve().name, str(inner), local=True, sha256=None)
    if folder.exists() and name.lower().endswith(".gguf"):
        raise ModelError(
            f"{name} is a GGUF file, which is not read.",
            "Give the folder of the safetensors checkpoint that it was made from.",
        )
    if folder.exists():
        raise ModelError(
            f"The model {name} is a file, not a folder.",
            "Give the folder that holds config.json, the tokenizer and model.safetensors.",
        )
    # A hub id is at most owner/name; everything else can only have been meant as a folder.
    if not _HUB_ID.fullmatch(name) or name.startswith((".", "/")):
        raise ModelError(
            f"There is no model folder {name}.",
            "Give an existing folder, a hub id such as distilbert/distilbert-base-uncased, "
            f"or one of the short names {', '.join([bundled.NAME, *ALIASES])}.",
        )
    return Source(name, name, name, local=False, sha256=None)


def _folder(name: str) -> tuple[Path, bool]:
    """Return the path that a name would be, and whether a folder is there."""
    try:
        folder = Path(name).expanduser()
        return folder, folder.is_dir()
    # A user whom nobody knows, or a path longer than any; or no right to look.
    except (RuntimeError, OSError) as error:
        shown = name if len(name) <= _SHOWN else name[:_SHOWN] + "…"
        raise ModelError(
            f"The model {shown} is no folder that can be looked into: "
            f"{getattr(error, 'strerror', None) or 'there is no such user'}.",
            "Give an existing folder, a hub id, or leave --model out.",
        ) from error
