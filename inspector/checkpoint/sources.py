"""Where a model's name leads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from inspector.checkpoint import bundled
from inspector.errors import ModelError

#: Short names for hub ids.
ALIASES = {
    "bert": "google-bert/bert-base-uncased",
    "distilbert": "distilbert/distilbert-base-uncased",
}

#: Characters of a name that a message quotes.
_QUOTED = 80
_HUB_ID = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?")
_TOKENIZER_FILES = ("tokenizer.json", "vocab.txt", "vocab.json", "tokenizer.model", "spiece.model")
_WEIGHT_FILES = ("model.safetensors", "model.safetensors.index.json")


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
    """Find out what ``name`` means: the bundled model, a folder, an alias or a hub id.

    Raises
    ------
    ModelError
        When a folder cannot be looked at or lacks a file that a model needs, or when the name can
        be neither a folder nor a hub id.
    """
    if name == bundled.NAME:
        return Source(name, bundled.TITLE, str(bundled.folder()), local=True, sha256=bundled.SHA256)
    folder = _folder(name)
    if name in ALIASES and not folder.is_dir():
        return Source(name, ALIASES[name], ALIASES[name], local=False, sha256=None)
    if folder.is_dir():
        _check_folder(folder)
        return Source(name, folder.resolve().name, str(folder), local=True, sha256=None)
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


def shadowed(name: str) -> str | None:
    """Return the hub id that a name would mean if no folder of that name were here."""
    return ALIASES[name] if name in ALIASES and Path(name).is_dir() else None


def _folder(name: str) -> Path:
    """Return the folder that a name may mean, whether it is there or not.

    Raises
    ------
    ModelError
        When no folder can have that name, or when the machine lets nobody look.
    """
    try:
        folder = Path(name).expanduser()
        if folder.is_dir():
            next(folder.iterdir(), None)
        folder.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, RuntimeError, ValueError) as error:
        # Without such a user there is no home folder, and Python says so with a RuntimeError.
        reason = (getattr(error, "strerror", None) or str(error)).lower().rstrip(".")
        raise ModelError(
            f"The model folder {_short(name)} cannot be looked at: {reason}.",
            "Check the name and its permissions.",
        ) from error
    return folder


def _short(name: str) -> str:
    return name if len(name) <= _QUOTED else f"{name[:_QUOTED]}…"


def _check_folder(folder: Path) -> None:
    needed = {
        "config.json": ("config.json",),
        "a tokenizer": _TOKENIZER_FILES,
        "safetensors weights": _WEIGHT_FILES,
    }
    for what, names in needed.items():
        if not any((folder / name).is_file() for name in names):
            raise ModelError(
                f"The model folder {folder} has no {what}: looked for {' or '.join(names)}.",
                "Save the model and its tokenizer there with save_pretrained().",
            )
