"""A GGUF file written out as a model's folder: safetensors, config.json, tokenizer.json."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from inspector.checkpoint.folder import TOKENIZER_CONFIG, read_folder
from inspector.checkpoint.gguf.architectures import ARCHITECTURES
from inspector.checkpoint.gguf.config import config_of, name_of
from inspector.checkpoint.gguf.file import GGUFFile
from inspector.checkpoint.gguf.tensors import Planned, pieces, planned
from inspector.checkpoint.gguf.tokenizer import tokenizer_of
from inspector.checkpoint.tokens import TOKENIZER
from inspector.checkpoint.weights import SINGLE
from inspector.errors import ModelError
from inspector.files import refusals

Progress = Callable[[str], None]

_CONFIG = "config.json"
#: Kinds that are numbers, and not blocks of a few bits that stand for some.
_PLAIN = ("F16", "BF16", "F32")
#: Kinds whose names do not begin with their bits.
_BITS = {"MXFP4": "4", "NVFP4": "4", "TQ1_0": "2", "TQ2_0": "2"}


def convert(path: Path, folder: Path, *, progress: Progress) -> str | None:
    """Write a GGUF file into a folder, and say what its weights were if they were not plain.

    Such as ``4-bit weights, dequantised``. The weights come as float32; what the file has as
    float16 or bfloat16 stays that.

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
        with (folder / SINGLE).open("wb") as target:
            _write_tensors(target, file, tensors, progress)
            target.flush()
            os.fsync(target.fileno())
    _look_over(path, folder)
    return quantised(file)


def quantised(file: GGUFFile) -> str | None:
    """Say in how many bits most of a file's numbers are kept; None where they are plain."""
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
        return "partly quantised weights, dequantised"
    bits = _BITS.get(kind) or next(letter for letter in kind if letter.isdigit())
    return f"{bits}-bit weights, dequantised"


def _write_tensors(
    target: BinaryIO, file: GGUFFile, tensors: Sequence[Planned], progress: Progress
) -> None:
    """Write a safetensors file as its tensors come, so that never more than one is in memory."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for one in tensors:
        header[one.name] = {
            "dtype": one.dtype, "shape": list(one.shape), "data_offsets": [end, end + one.size],
        }  # fmt: skip
        end += one.size
    written = json.dumps(header).encode()
    written += b" " * (-len(written) % 8)
    target.write(len(written).to_bytes(8, "little") + written)
    done, said = 0, -1
    for one in tensors:
        for part in pieces(file, one):
            target.write(part.data)
            done += part.nbytes
            if said != (share := 100 * done // end):
                said = share
                progress(f"Converting {file.path.name}, once ({share} %)")


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
