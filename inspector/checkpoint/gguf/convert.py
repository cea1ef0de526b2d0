"""A GGUF file written out as a model's folder: safetensors, config.json, tokenizer.json."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from inspector.checkpoint.cache import Progress
from inspector.checkpoint.folder import TOKENIZER_CONFIG, read_folder
from inspector.checkpoint.gguf.architectures import ARCHITECTURES
from inspector.checkpoint.gguf.config import config_of, name_of
from inspector.checkpoint.gguf.file import GGUFFile
from inspector.checkpoint.gguf.tensors import pieces, planned
from inspector.checkpoint.gguf.tokenizer import tokenizer_of
from inspector.checkpoint.tokens import TOKENIZER
from inspector.checkpoint.weights import SINGLE
from inspector.checkpoint.written import Written, write_safetensors
from inspector.errors import ModelError
from inspector.files import refusals
from inspector.records import Origin

_CONFIG = "config.json"
#: Kinds that are numbers, and not blocks of a few bits that stand for some.
_PLAIN = ("F16", "BF16", "F32")
#: Kinds whose names do not begin with their bits.
_BITS = {"MXFP4": "4", "NVFP4": "4", "TQ1_0": "2", "TQ2_0": "2"}


def convert(path: Path, folder: Path, *, progress: Progress) -> Origin | None:
    """Write a GGUF file into a folder, and say what its weights were if they were not plain.

    The weights come as float32; what the file has as float16 or bfloat16 stays that.

    Raises
    ------
    ModelError
        When the file is damaged, or of a kind that is not read.
    MachineError
        When the folder cannot be written.
    """
    file = GGUFFile(path)
    name = name_of(file)
    if name not in ARCHITECTURES:
        raise ModelError(
            f"The GGUF file {path} holds a {name}, which is not read from GGUF: only "
            f"{', '.join(ARCHITECTURES)} are.",
            "Use the safetensors checkpoint that it was made from.",
        )
    architecture = ARCHITECTURES[name]
    config = config_of(file, architecture)
    tensors = planned(file, architecture, config)
    longest = config.get("max_position_embeddings", config.get("n_positions"))
    tokenizer = tokenizer_of(file, architecture, longest)
    with refusals(folder):
        _write_json(folder / _CONFIG, config)
        _write_json(folder / TOKENIZER_CONFIG, tokenizer.config)
        (folder / TOKENIZER).write_text(tokenizer.tokenizer, encoding="utf-8")
        write_safetensors(
            folder / SINGLE,
            [
                Written(one.name, one.dtype, one.shape, partial(pieces, file, one))
                for one in tensors
            ],
            lambda share: progress(f"Converting {path.name}, once ({share} %)"),
        )
    _look_over(path, folder)
    stored = quantised(file)
    return None if stored is None else Origin(f"{stored} weights, dequantised", (stored,))


def quantised(file: GGUFFile) -> str | None:
    """Say how most of a file's numbers are kept, such as ``4-bit``; None where they are plain."""
    numbers: Counter[str] = Counter()
    for tensor in file.tensors.values():
        size = 1
        for length in tensor.shape:
            size *= length
        numbers[tensor.kind_name] += size
    kind = numbers.most_common(1)[0][0]
    if all(one in _PLAIN for one in numbers):
        return None
    if kind in _PLAIN:
        return "partly quantised"
    bits = _BITS.get(kind) or next(letter for letter in kind if letter.isdigit())
    return f"{bits}-bit"


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=1, ensure_ascii=False), encoding="utf-8")


def _look_over(path: Path, folder: Path) -> None:
    """Hold the folder to what any folder is held to, and speak of the file where it fails."""
    try:
        read_folder(folder)
    except ModelError as error:
        said = error.message.replace(f"{folder}{os.sep}", "").replace(str(folder), path.name)
        raise ModelError(
            f"The GGUF file {path} does not hold together: {said}",
            "Use another GGUF file, or the safetensors checkpoint that it was made from.",
        ) from error
