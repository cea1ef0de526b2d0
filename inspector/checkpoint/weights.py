"""All weights of a checkpoint's folder by name, out of one file or out of several.

Only safetensors are read, and only inside the folder. An index may name nothing but plain names of
files in it: torch would unpickle a ``.bin``, and a path leads anywhere. A link may lead to another
file of the folder, or to a blob of the hub's cache, whose snapshots are made of such links.
"""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector.checkpoint.json_file import read_object, shown
from inspector.checkpoint.safetensors_file import (
    FLOATS,
    Entry,
    SafetensorsFile,
    widened,
)
from inspector.errors import ModelError

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"

_PLAIN_NAME = re.compile(r"[^/\\:\x00-\x1f]+\.safetensors")
_BLOBS = "blobs"
#: What a folder of the hub's cache is called.
_CACHED = "models--"
#: Floats looked at together: few enough to stay in the processor's cache.
_BLOCK = 1 << 16
#: Above all other floats are infinities and NaN: their bits, the sign left out.
_HALF_BITS: Mapping[str, tuple[int, int]] = {"F16": (0x7FFF, 0x7C00), "BF16": (0x7FFF, 0x7F80)}
#: A number for hidden scores that older checkpoints store and nobody reads.
_NOT_READ = ("masked_bias",)


class Weights(Mapping[str, NDArray[Any]]):
    """The tensors of a checkpoint, float16 and bfloat16 widened to float32 as they are asked for.

    The others are views of the mapped files.
    """

    def __init__(self, files: Mapping[str, SafetensorsFile]) -> None:
        #: Which file holds a tensor.
        self._files = files
        self.entries: Mapping[str, Entry] = {n: file.entries[n] for n, file in files.items()}

    def __getitem__(self, name: str) -> NDArray[Any]:
        return widened(self.stored(name), self.entries[name].dtype)

    def __contains__(self, name: object) -> bool:
        # A Mapping would fetch the tensor, and widen it, to say whether there is one.
        return name in self.entries

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def one_of(self, name: str, index: int) -> NDArray[Any]:
        """Return one of several matrices in a tensor, which alone is widened."""
        return widened(self.stored(name)[index], self.entries[name].dtype)

    @property
    def stored_dtypes(self) -> tuple[str, ...]:
        """What the weights are stored as, such as ``bfloat16``, that of the most numbers first."""
        sizes: Counter[str] = Counter()
        for entry in self.entries.values():
            if entry.dtype in FLOATS:
                sizes[FLOATS[entry.dtype]] += math.prod(entry.shape)
        return tuple(name for name, _ in sizes.most_common())

    def stored(self, name: str) -> NDArray[Any]:
        """Return a tensor as it lies in its file, bfloat16 as uint16."""
        return self._files[name][name]


def read_weights(folder: Path) -> Weights:
    """Find the weights of a folder and read the headers of their files.

    Raises
    ------
    ModelError
        When there are none, or when an index or a header is damaged or leads out of the folder.
    """
    single = folder / SINGLE
    if os.path.lexists(single):
        file = open_inside(folder, SINGLE)
        return Weights(dict.fromkeys(file, file))
    return _sharded(folder)


def weight_files(folder: Path) -> list[Path]:
    """Return the files that hold a folder's weights, by their names: one, or those of its index.

    Raises
    ------
    ModelError
        When the index is damaged or names anything else.
    """
    if os.path.lexists(folder / SINGLE):
        return [folder / SINGLE]
    if not (folder / INDEX).exists():
        return []
    return [folder / INDEX, *(folder / name for name in shard_names(folder / INDEX))]


def shard_names(index: Path) -> list[str]:
    """Return the files that an index names: plain names of safetensors files.

    Raises
    ------
    ModelError
        When the index is damaged or names anything else.
    """
    return list(dict.fromkeys(_weight_map(index).values()))


def _weight_map(index: Path) -> dict[str, str]:
    where = read_object(index).get("weight_map")
    if not isinstance(where, dict) or not where:
        raise ModelError(
            f"The index {index} is damaged: it has no weight_map that says where tensors lie.",
            "Copy or download the file again.",
        )
    for name in where.values():
        if not isinstance(name, str) or not _PLAIN_NAME.fullmatch(name):
            raise ModelError(
                f"The index {index} names {shown(name)}, which is no safetensors file in its "
                "folder.",
                "Use a checkpoint whose shards are safetensors files beside their index.",
            )
    return where


def _sharded(folder: Path) -> Weights:
    index = folder / INDEX
    where = _weight_map(index)
    files = {name: open_inside(folder, name) for name in dict.fromkeys(where.values())}
    found: dict[str, SafetensorsFile] = {}
    for shard, file in files.items():
        for tensor in file:
            if tensor in found:
                raise ModelError(
                    f"The tensor {shown(tensor)} lies in two files of {folder}: {shard} and "
                    f"{found[tensor].path.name}.",
                    "Copy or download the folder again.",
                )
            found[tensor] = file
    for tensor, shard in where.items():
        if tensor not in files[shard]:
            raise ModelError(
                f"The index {index} says that the tensor {shown(tensor)} lies in {shard}, "
                "and it does not.",
                "Copy or download the folder again.",
            )
    return Weights(found)


def open_inside(folder: Path, name: str) -> SafetensorsFile:
    """Open a safetensors file of a folder.

    Raises
    ------
    ModelError
        When it cannot be read or is damaged, or when it is a link out of the folder.
    """
    path = folder / name
    # Also where it leads nowhere: then it cannot be read, which the file itself says.
    leads_to = path.resolve()
    cached = leads_to.parent.name == _BLOBS and leads_to.parent.parent.name.startswith(_CACHED)
    if leads_to.parent != folder.resolve() and not cached:
        raise ModelError(
            f"{path} is a link to {leads_to}, out of the model's folder.",
            "Put the file itself into the folder, or give the folder that it lies in.",
        )
    return SafetensorsFile(path)


def refuse_not_finite(weights: Weights) -> None:
    """Refuse weights that are not numbers, or that float32 cannot hold.

    Every float is looked at once, in blocks; 90 MB take about ten milliseconds.

    Raises
    ------
    ModelError
        When a tensor holds NaN or an infinity; it says which tensor, and of which layer.
    """
    for name, entry in weights.entries.items():
        if entry.dtype not in FLOATS or name.endswith(_NOT_READ):
            continue
        if not _finite(weights.stored(name).reshape(-1), entry.dtype):
            raise ModelError(
                f"The weights {_layer(name)}are not finite: {shown(name)} holds NaN, "
                "an infinity or a number that float32 cannot hold.",
                "Use a checkpoint whose weights are numbers: this one was damaged, or its "
                "training diverged.",
            )


def _finite(flat: NDArray[Any], dtype: str) -> bool:
    blocks = (flat[at : at + _BLOCK] for at in range(0, len(flat), _BLOCK))
    if dtype in _HALF_BITS:
        mask, infinite = _HALF_BITS[dtype]
        # NumPy's own test for float16 is ten times slower than one of its bits.
        return all(int((block.view(np.uint16) & mask).max()) < infinite for block in blocks)
    if dtype == "F64":
        most = np.finfo(np.float32).max
        return all(bool((np.abs(block) <= most).all()) for block in blocks)
    return all(bool(np.isfinite(block).all()) for block in blocks)


def _layer(name: str) -> str:
    """Return which layer a tensor belongs to, by the first number in its name."""
    number = next((part for part in name.split(".") if part.isdecimal()), None)
    return "" if number is None else f"of layer {number} "
