"""A safetensors file: its header checked to the last byte, its tensors read by memory map.

The format is small: eight bytes that say how long the header is, the header, a JSON object with a
dtype, a shape and a place for each tensor, and then the tensors, one behind the other. This reader
is our own because the ``safetensors`` package cannot hand out what is needed here: its NumPy side
copies every tensor, and has no bfloat16. It is also the place where a file that lies is found out,
before anything is built from what it says.

Numbers are little-endian, in the file and in what is returned.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector.checkpoint.json_file import parse_object, regular_size, shown, unreadable
from inspector.errors import ModelError
from inspector.record import record

#: The longest header that the format allows.
_LONGEST_HEADER = 100_000_000
_LENGTH_BYTES = 8
_OFFSETS = 2
#: NumPy's most dimensions.
_MOST_DIMENSIONS = 64
_METADATA = "__metadata__"
_HINT = "Copy or download the file again."

#: What the format calls its dtypes, and how NumPy reads them. bfloat16 has no name in NumPy and
#: comes as its 16 bits; the two float8 as their eight.
DTYPES: Mapping[str, np.dtype[Any]] = {
    "BOOL": np.dtype("?"),
    "U8": np.dtype("u1"),
    "I8": np.dtype("i1"),
    "F8_E5M2": np.dtype("u1"),
    "F8_E4M3": np.dtype("u1"),
    "U16": np.dtype("<u2"),
    "I16": np.dtype("<i2"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype("<u2"),
    "U32": np.dtype("<u4"),
    "I32": np.dtype("<i4"),
    "F32": np.dtype("<f4"),
    "U64": np.dtype("<u8"),
    "I64": np.dtype("<i8"),
    "F64": np.dtype("<f8"),
    "C64": np.dtype("<c8"),
}
#: Those that weights may have, and what everybody else calls them.
FLOATS: Mapping[str, str] = {
    "F16": "float16",
    "BF16": "bfloat16",
    "F32": "float32",
    "F64": "float64",
}


@record(frozen=True, slots=True)
class Entry:
    """What a header says of one tensor, and where its bytes lie in the file."""

    file: Path
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


class SafetensorsFile(Mapping[str, NDArray[Any]]):
    """The tensors of one file, by name: views of the mapped file, which cannot be written to.

    A bfloat16 tensor comes as uint16; see ``widened``.

    Raises
    ------
    ModelError
        When the file cannot be read, or when its header and its length do not fit each other.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries = read_header(path)
        self._mapped: NDArray[np.uint8] | None = None

    def __getitem__(self, name: str) -> NDArray[Any]:
        entry = self.entries[name]
        kind = DTYPES[entry.dtype]
        if entry.start == entry.end:  # nothing lies there, and an empty file cannot be mapped
            return np.empty(entry.shape, kind)
        if self._mapped is None:
            try:
                self._mapped = np.memmap(self.path, dtype=np.uint8, mode="r")
            except OSError as error:
                raise unreadable(self.path, error) from error
        return np.asarray(self._mapped[entry.start : entry.end]).view(kind).reshape(entry.shape)

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


def read_header(path: Path) -> dict[str, Entry]:
    """Read and check the header of a safetensors file.

    The tensors must fill the file behind the header without a hole and without sharing a byte,
    and each must have as many bytes as its dtype and shape say.

    Raises
    ------
    ModelError
        When the file cannot be read or breaks one of these rules.
    """
    size = regular_size(path)
    try:
        with path.open("rb") as file:
            first = file.read(_LENGTH_BYTES)
            length = int.from_bytes(first, "little")
            if len(first) < _LENGTH_BYTES or length > size - _LENGTH_BYTES:
                raise _damaged(path, "it ends within its header")
            if length > _LONGEST_HEADER:
                raise _damaged(path, f"its header would have {length:,} bytes")
            written = file.read(length)
    except OSError as error:
        raise unreadable(path, error) from error
    if not written.startswith(b"{"):
        raise _damaged(path, "it does not begin with a safetensors header")
    said = parse_object(written, f"The header of {path}", strict=True)
    metadata = said.pop(_METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise _damaged(path, "its metadata are no texts")
    data = size - _LENGTH_BYTES - length
    entries = {
        name: _entry(path, name, value, _LENGTH_BYTES + length) for name, value in said.items()
    }
    _refuse_gaps(path, entries, _LENGTH_BYTES + length, data)
    return entries


def widened(stored: NDArray[Any], dtype: str) -> NDArray[Any]:
    """Return a float tensor as NumPy calculates with it: bfloat16 and float16 in float32.

    float32 and float64 come back as they are, without a copy.
    """
    if dtype == "BF16":
        # The upper half of a float32.
        return (stored.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return stored.astype(np.float32) if dtype == "F16" else stored


def _entry(path: Path, name: str, value: object, begin: int) -> Entry:
    tensor = f"the tensor {shown(name)}"
    if not isinstance(value, dict) or value.keys() != {"dtype", "shape", "data_offsets"}:
        raise _damaged(path, f"of {tensor} it does not say dtype, shape and place")
    dtype, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise ModelError(
            f"In {path} {tensor} has the dtype {shown(dtype)}, which is not read here.",
            "Use a checkpoint whose weights are stored as float32, float16 or bfloat16.",
        )
    if not _whole_numbers(shape) or len(shape) > _MOST_DIMENSIONS:
        raise _damaged(path, f"{tensor} has the shape {shown(shape)}")
    if not _whole_numbers(offsets) or len(offsets) != _OFFSETS or offsets[0] > offsets[1]:
        raise _damaged(path, f"{tensor} lies at {shown(offsets)}")
    start, end = offsets
    needed = math.prod(shape) * DTYPES[dtype].itemsize
    if end - start != needed:
        raise _damaged(path, f"{tensor} has {end - start:,} bytes, and its shape {needed:,}")
    return Entry(path, dtype, tuple(shape), begin + start, begin + end)


def _whole_numbers(value: object) -> bool:
    return isinstance(value, list) and all(type(one) is int and one >= 0 for one in value)


def _refuse_gaps(path: Path, entries: Mapping[str, Entry], begin: int, data: int) -> None:
    reached = begin
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].start, item[1].end)):
        if entry.start < reached:
            raise _damaged(path, f"the tensor {shown(name)} shares bytes with another")
        if entry.start > reached:
            raise _damaged(path, f"before the tensor {shown(name)} are bytes that nobody has")
        reached = entry.end
    if reached > begin + data:
        raise _damaged(path, f"it lacks {reached - begin - data:,} bytes at its end")
    if reached < begin + data:
        raise _damaged(path, f"it has {begin + data - reached:,} bytes too many at its end")


def _damaged(path: Path, what: str) -> ModelError:
    return ModelError(f"The weights file {path} is damaged: {what}.", _HINT)
