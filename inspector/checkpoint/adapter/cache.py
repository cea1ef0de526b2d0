"""An adapter merged once with its base into a folder of the cache: plain safetensors."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from functools import partial
from pathlib import Path

from inspector.checkpoint.adapter.config import AdapterConfig, read_adapter_config
from inspector.checkpoint.adapter.merging import Plan, plan
from inspector.checkpoint.adapter.tensors import FILE, read_adapter_tensors
from inspector.checkpoint.cache import Converted, Progress, digest_of, made, made_before
from inspector.checkpoint.config import ADAPTER_FILE
from inspector.checkpoint.config import FILE as CONFIG
from inspector.checkpoint.folder import TOKENIZERS, CheckpointFiles, model_folder, read_folder
from inspector.checkpoint.hub import HUB_ID, downloaded
from inspector.checkpoint.json_file import read_bytes, unreadable
from inspector.checkpoint.weights import INDEX, SINGLE, weight_files
from inspector.checkpoint.written import Written, write_safetensors
from inspector.errors import ModelError
from inspector.files import refusals
from inspector.records import Origin

#: What a model's folder has beside its weights and its tokenizer.
_OF_THE_MODEL = (
    CONFIG, "generation_config.json", "modules.json", "sentence_bert_config.json",
    "config_sentence_transformers.json",
)  # fmt: skip
_NOT_COPIED = (ADAPTER_FILE, INDEX, "trainer_state.json")
_KINDS = (".json", ".txt", ".model", ".spm", ".jinja")


def merged(folder: Path, *, progress: Progress) -> Converted:
    """Return the folder of an adapter merged with its base, merging them where they were not.

    Raises
    ------
    ModelError
        When the adapter or its base cannot be had, is damaged or of a kind that is not read, or
        when one does not fit the other.
    MachineError
        When the cache cannot be written.
    """
    config = read_adapter_config(folder)
    name = f"{folder.resolve().name} on {_title(config.base)}"
    base = _base_folder(folder, config)
    copied = _copied(folder, base)
    sources = [config.path, folder / FILE, *weight_files(base), *copied.values()]
    if (known := made_before("adapters", sources)) is not None:
        return replace(known, name=name)
    adapter = read_adapter_tensors(folder)
    files = read_folder(base)
    changes = plan(files, adapter, config)
    hashes = [digest_of(path) for path in sources]
    merged_once = made(
        "adapters",
        hashlib.sha256(json.dumps([hashes, list(copied)]).encode()).hexdigest(),
        sources,
        partial(_write, files, copied, config, changes, progress=progress),
        name=name,
        progress=progress,
    )
    # The same adapter may lie elsewhere too, under another name.
    return replace(merged_once, name=name)


def _title(base: str) -> str:
    """Return what to call a base: its hub id, or the name of its folder."""
    try:
        local = Path(base).is_dir() or not HUB_ID.fullmatch(base)
        return Path(base).absolute().name if local else base
    except (OSError, ValueError):
        return base


def _base_folder(folder: Path, config: AdapterConfig) -> Path:
    """Find the base where peft would: a folder of that name, seen from here, or a hub id."""
    name = config.base
    try:
        found = Path(name)
        if found.is_dir():
            return model_folder(found)
    except (OSError, ValueError):
        pass
    if not HUB_ID.fullmatch(name) or name.startswith("."):
        raise config.wrong(
            "base_model_name_or_path",
            "and there is no such folder",
            "Put its base model there, or write there where it lies.",
        )
    try:
        return model_folder(downloaded(name, revision=config.revision))
    except ModelError as error:
        raise ModelError(
            f"The adapter in {folder} needs its base model: {error.message}", error.hint
        ) from error


def _copied(folder: Path, base: Path) -> dict[str, Path]:
    """Return the files to copy, by their names in the merged folder.

    The tokenizer is the adapter's own where it has one: texts may have been marked with tokens of
    its own when it was trained.
    """
    try:
        found = {name: base / name for name in _OF_THE_MODEL if (base / name).exists()}
        # What says how texts are pooled.
        found |= {f"{path.parent.name}/{CONFIG}": path for path in base.glob(f"*/{CONFIG}")}
        own = any((folder / name).exists() for name in TOKENIZERS)
        for path in sorted((folder if own else base).iterdir()):
            if path.name in (*_OF_THE_MODEL, *_NOT_COPIED) or path.suffix not in _KINDS:
                continue
            if path.is_file():
                found[path.name] = path
    except OSError as error:
        raise unreadable(base, error) from error
    return found


def _write(
    files: CheckpointFiles,
    copied: dict[str, Path],
    config: AdapterConfig,
    changes: Plan,
    folder: Path,
    *,
    progress: Progress,
) -> Origin:
    said = f"Merging {config.path.parent.resolve().name} into its base, once"
    with refusals(folder):
        for name, path in copied.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(read_bytes(path))
        if config.without_words:
            # The base's head for words was not there when the adapter was trained.
            values = {**files.config.values, "architectures": []}
            (folder / CONFIG).write_text(json.dumps(values, indent=1), encoding="utf-8")
        write_safetensors(
            folder / SINGLE,
            [_written(files, name, changes) for name in files.weights],
            lambda share: progress(f"{said} ({share} %)"),
        )
    _look_over(folder, config)
    kind = "DoRA" if config.on("use_dora") else "LoRA"
    return Origin(f"{kind} adapter, merged", files.weights.stored_dtypes)


def _written(files: CheckpointFiles, name: str, changes: Plan) -> Written:
    entry = files.weights.entries[name]
    if (change := changes.get(name)) is None:
        return Written(name, entry.dtype, entry.shape, lambda: [files.weights.stored(name)])
    return Written(name, "F32", entry.shape, lambda: [change()])


def _look_over(folder: Path, config: AdapterConfig) -> None:
    """Hold the merged folder to what any folder is held to, and speak of the adapter."""
    try:
        read_folder(folder)
    except ModelError as error:
        said = error.message.replace(f"{folder}{os.sep}", "").replace(str(folder), "what came out")
        raise ModelError(
            f"The adapter in {config.path.parent} and its base do not make a model: {said}",
            "Use another adapter, or another base.",
        ) from error
