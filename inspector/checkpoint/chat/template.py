"""A checkpoint's chat template: where its files keep it, and what it is given by name."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import Any

from inspector.checkpoint.folder import TOKENIZER_CONFIG
from inspector.checkpoint.json_file import read_bytes, read_object
from inspector.errors import ModelError
from inspector.record import record

#: A file of its own, which counts before what the tokenizer's config says.
FILE = "chat_template.jinja"
_KEY = "chat_template"
_SPECIAL = "special_tokens_map.json"
#: What templates may call by name, as transformers gives it to them.
_NAMES = tuple(f"{kind}_token" for kind in ("bos", "eos", "unk", "sep", "pad", "cls", "mask"))
#: Bytes; the longest in use have some tens of thousands.
_LONGEST = 1 << 18


@record(frozen=True, slots=True)
class Template:
    """A chat template in Jinja's language."""

    source: str
    #: Special tokens by what templates call them, such as ``bos_token``.
    names: dict[str, str] = field(default_factory=dict)


def read_template(folder: Path | None, title: str) -> Template:
    """Return the chat template of the model ``title``, whose files lie in ``folder``.

    Of several by name it is the one called ``default``.

    Raises
    ------
    ModelError
        When there is none, when a file cannot be read, or when it holds something else instead.
    """
    if folder is None:
        raise no_template(title)
    path = folder / TOKENIZER_CONFIG
    said = read_object(path) if path.exists() else {}
    own = folder / FILE
    source = _text(own) if own.exists() else chosen(said.get(_KEY), title)
    if (folder / _SPECIAL).exists():
        said = read_object(folder / _SPECIAL) | said
    found = {name: _name(said.get(name)) for name in _NAMES}
    return Template(source, {name: is_called for name, is_called in found.items() if is_called})


def chosen(said: object, title: str) -> str:
    """Return a template from what a tokenizer's config says: one, or several by name.

    Raises
    ------
    ModelError
        When it says nothing, has no template called ``default``, or has anything but a text, or
        one that is too long for a template.
    """
    if isinstance(said, list):
        said = {one.get("name"): one.get("template") for one in said if isinstance(one, dict)}
    if isinstance(said, dict):
        if "default" not in said:
            names = ", ".join(sorted(map(str, said))) or "none"
            raise ModelError(
                f"The chat templates of {title} are called {names}, and none is the default.",
                f"Put the one that is meant into {FILE}, or leave --chat out.",
            )
        said = said["default"]
    if said is None:
        raise no_template(title)
    if not isinstance(said, str):
        raise ModelError(
            f"The chat template of {title} is no text.", f"Correct it in {TOKENIZER_CONFIG}."
        )
    if len(said) > _LONGEST:
        raise ModelError(
            f"The chat template of {title} has {len(said):,} characters and should have few.",
            "Copy or download the checkpoint again.",
        )
    return said


def no_template(title: str) -> ModelError:
    """Return what is said of a checkpoint that has no chat template."""
    return ModelError(
        f"{title} has no chat template: its files do not say how a chat is written down.",
        "Leave --chat out, or choose a model that was taught to chat, such as --model smollm2.",
    )


def _text(path: Path) -> str:
    try:
        return read_bytes(path, _LONGEST).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ModelError(
            f"The file {path} is damaged: it is no text in UTF-8.", "Copy or download it again."
        ) from error


def _name(said: Any) -> str | None:
    """Return a special token's text, which files give by itself or with what else it is."""
    if isinstance(said, dict):
        said = said.get("content")
    return said if isinstance(said, str) else None
