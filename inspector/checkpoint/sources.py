"""Where a model's name leads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.checkpoint import bundled
from inspector.checkpoint.config import ADAPTER_FILE
from inspector.checkpoint.folder import model_folder, read_folder
from inspector.checkpoint.gguf import smollm2
from inspector.checkpoint.hub import HUB_ID
from inspector.errors import ModelError
from inspector.record import record
from inspector.records import Origin

if TYPE_CHECKING:
    from inspector.checkpoint.cache import Converted, Progress

#: Short names for hub ids.
ALIASES = {
    "bert": "google-bert/bert-base-uncased",
    "distilbert": "distilbert/distilbert-base-uncased",
}

#: Characters of a name that a message quotes.
_QUOTED = 80


@record(frozen=True, slots=True)
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
    #: Whether its weights are known to be numbers: published with a hash, written by ourselves, or
    #: just gone through.
    known: bool = False
    #: What the weights were before; None where they are read as they were published.
    origin: Origin | None = None


def locate(name: str, *, progress: Progress = lambda _said: None) -> Source:
    """Find out what ``name`` means: the bundled model, a folder, a GGUF file, an alias, a hub id.

    A GGUF file is converted, and an adapter's folder merged with its base, where it was not before;
    ``progress`` is then called with a few words.

    Raises
    ------
    ModelError
        When a folder cannot be looked at, lacks something that a model needs, or is damaged or of
        a kind that is not read, or when the name can be neither a folder nor a hub id.
    MachineError
        When something is to be converted or merged, and the cache cannot be written.
    """
    if name == bundled.NAME:
        shipped = bundled.place()
        read_folder(shipped, published=True)
        return Source(
            name, bundled.TITLE, str(shipped), local=True, sha256=bundled.SHA256, known=True
        )
    folder = _folder(name)
    if name == smollm2.NAME and not _holds_a_model(folder):
        return _converted(name, smollm2.HUB_ID, smollm2.model(progress), sha256=smollm2.SHA256)
    if name in ALIASES and not _holds_a_model(folder):
        return Source(name, ALIASES[name], ALIASES[name], local=False, sha256=None)
    if (made := _made(folder, progress)) is not None:
        return _converted(name, made.name, made)
    if folder.is_dir():
        inner = model_folder(folder)
        read_folder(inner)
        title = folder.resolve().name
        return Source(name, title, str(inner), local=True, sha256=None, known=True)
    if folder.exists():
        raise ModelError(
            f"The model {name} is a file, not a folder.",
            "Give the folder that holds config.json, the tokenizer and model.safetensors, or a "
            "GGUF file.",
        )
    # Everything else can only have been meant as a folder.
    if not HUB_ID.fullmatch(name) or name.startswith((".", "/")):
        raise ModelError(
            f"There is no model folder {name}.",
            "Give an existing folder, a hub id such as distilbert/distilbert-base-uncased, "
            f"or one of the short names {', '.join([bundled.NAME, smollm2.NAME, *ALIASES])}.",
        )
    return Source(name, name, name, local=False, sha256=None)


@contextmanager
def weights_checked(source: Source) -> Iterator[None]:
    """Hold the bundled weights against their hash, in a thread beside what is done meanwhile.

    What was converted was held against its own hash before that. Nothing may be said of the model
    before the end of it.

    Raises
    ------
    ModelError
        When the weights are missing or not the published ones, whatever else went wrong with them.
    """
    if source.name != bundled.NAME:
        yield
        return
    checked = bundled.checking(Path(source.path))
    try:
        yield
    finally:
        checked.result()


def shadowed(name: str) -> str | None:
    """Return the hub id that a name would mean if no folder of that name were here."""
    ids = ALIASES | {smollm2.NAME: smollm2.HUB_ID}
    return ids[name] if name in ids and _holds_a_model(Path(name)) else None


def _converted(name: str, title: str, made: Converted, sha256: str | None = None) -> Source:
    """Return what was converted, whose title says on every page what its weights are."""
    if made.origin is not None:
        title = f"{title} ({made.origin.said})"
    return Source(
        name,
        title,
        str(made.folder),
        local=True,
        sha256=sha256,
        known=True,
        origin=made.origin,
    )


def _made(path: Path, progress: Progress) -> Converted | None:
    """Return what is made of an adapter's folder or of a GGUF file; None for anything else."""
    # Imported here: most models are neither, and need not wait for what reads one.
    if _is_adapter(path):
        from inspector.checkpoint.adapter.cache import merged

        return merged(path, progress=progress)
    if _is_gguf(path):
        from inspector.checkpoint.gguf.cache import converted

        return converted(path, progress=progress)
    return None


def _is_adapter(path: Path) -> bool:
    return (path / ADAPTER_FILE).exists()


def _is_gguf(path: Path) -> bool:
    """Say whether a file is meant as GGUF: by its name, or because it begins so."""
    if path.is_dir() or not path.exists():
        return False
    if path.suffix.lower() == ".gguf":
        return True
    # A device or a pipe may never answer.
    if not path.is_file():
        return False
    from inspector.checkpoint.gguf.file import MAGIC

    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def _holds_a_model(folder: Path) -> bool:
    """Say whether a folder of a short name's own name is meant: any other folder is not."""
    return (folder / "config.json").exists() or _is_adapter(folder)


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
