"""Where a model's name leads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
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

#: Characters of a name that a message quotes.
_QUOTED = 80
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
    """Find out what ``name`` means: the bundled model, a folder, an alias or a hub id.

    Raises
    ------
    ModelError
        When a folder cannot be looked at, lacks something that a model needs, or is damaged or of
        a kind that is not read, or when the name can be neither a folder nor a hub id.
    """
    if name == bundled.NAME:
        shipped = bundled.place()
        read_folder(shipped, published=True)
        return Source(name, bundled.TITLE, str(shipped), local=True, sha256=bundled.SHA256)
    folder = _folder(name)
    if name in ALIASES and not _holds_a_model(folder):
        return Source(name, ALIASES[name], ALIASES[name], local=False, sha256=None)
    if folder.is_dir():
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


@contextmanager
def weights_checked(source: Source) -> Iterator[None]:
    """Hold the weights against their published hash, in a thread beside what is done meanwhile.

    Nothing may be said of the model before the end of it.

    Raises
    ------
    ModelError
        When the weights are missing or not the published ones, whatever else went wrong with them.
    """
    if source.sha256 is None:
        yield
        return
    with ThreadPoolExecutor(1) as pool:
        checked = pool.submit(bundled.check, Path(source.path))
        try:
            yield
        finally:
            checked.result()


def shadowed(name: str) -> str | None:
    """Return the hub id that a name would mean if no folder of that name were here."""
    return ALIASES[name] if name in ALIASES and _holds_a_model(Path(name)) else None


def _holds_a_model(folder: Path) -> bool:
    """Say whether a folder of a short name's own name is meant: any other folder is not."""
    return (folder / "config.json").exists()


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
