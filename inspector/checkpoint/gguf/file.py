"""A GGUF file: its header checked to the last byte, its tensors found and mapped, not read.

The format (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): the letters GGUF, a version,
two counts, that many keys with their values, that many tensors with name, shape, kind and place,
and then the tensors. This reader is our own because the ``gguf`` package's believes every count: a
file of a hundred bytes that claims 2⁶⁰ numbers keeps it busy until the memory is full. The package
tells how many bytes each kind of block has, and dequantises them.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector.checkpoint.json_file import regular_size, shown, unreadable
from inspector.errors import ModelError
from inspector.record import record

MAGIC = b"GGUF"
ARCHITECTURE = "general.architecture"

_VERSIONS = (2, 3)
#: The number of the version 3 where all numbers have their bytes the other way round.
_TURNED = 3 << 24
_STRING, _ARRAY = 8, 9
#: What the format calls its kinds of numbers.
_NUMBERS: Mapping[int, np.dtype[Any]] = {
    0: np.dtype("u1"), 1: np.dtype("i1"), 2: np.dtype("<u2"), 3: np.dtype("<i2"),
    4: np.dtype("<u4"), 5: np.dtype("<i4"), 6: np.dtype("<f4"), 7: np.dtype("?"),
    10: np.dtype("<u8"), 11: np.dtype("<i8"), 12: np.dtype("<f8"),
}  # fmt: skip
_ALIGNMENT = "general.alignment"
_USUAL_ALIGNMENT = 32
#: As many dimensions as ggml has, and a bound on what each may say.
_MOST_DIMENSIONS = 4
_LARGEST = 1 << 40
#: The least bytes of a key with its value, and of what is said of a tensor.
_LEAST_VALUE, _LEAST_TENSOR = 13, 32
_HINT = "Copy or download the file again."


@record(frozen=True, slots=True)
class TensorInfo:
    """What a header says of one tensor, and where its bytes lie in the file."""

    name: str
    #: As NumPy has it: the dimension that varies fastest is the last.
    shape: tuple[int, ...]
    #: The number and the name of its kind of block, such as ``Q4_1``.
    kind: int
    kind_name: str
    start: int
    end: int


class GGUFFile:
    """The metadata and the tensors of a GGUF file.

    Raises
    ------
    ModelError
        When the file cannot be read, when its header and its length do not fit each other, or when
        a tensor is of a kind that nobody here can dequantise.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not regular_size(path):
            raise self.damaged("it is empty")
        try:
            self._mapped: NDArray[np.uint8] = np.memmap(path, dtype=np.uint8, mode="r")
        except OSError as error:
            raise unreadable(path, error) from error
        cursor = _Cursor(self, self._mapped)
        tensors, values = self._counts(cursor)
        self.metadata: dict[str, Any] = {}
        for _ in range(values):
            key = cursor.string()
            if key in self.metadata:
                raise self.damaged(f"{shown(key)} stands in it twice")
            self.metadata[key] = cursor.value(cursor.number("<I"), key)
        said = [_said_of_tensor(self, cursor) for _ in range(tensors)]
        self.tensors = self._placed(said, cursor.at)

    def bytes_of(self, tensor: TensorInfo) -> NDArray[np.uint8]:
        """Return a tensor as it is stored, a row of the tensor to a row: (rows, bytes) uint8."""
        rows = math.prod(tensor.shape[:-1])
        return self._mapped[tensor.start : tensor.end].reshape(rows, -1)

    def damaged(self, what: str) -> ModelError:
        """Say that the file breaks the rules of its format."""
        return ModelError(f"The GGUF file {self.path} is damaged: {what}.", _HINT)

    def wrong(self, key: str, why: str) -> ModelError:
        """Say what is wrong with a key, with its value."""
        said = self.metadata.get(key)
        if isinstance(said, list | np.ndarray):
            what = f"a list of {len(said):,}"
        else:
            what = "nothing" if said is None else shown(said)
        return ModelError(
            f"The GGUF file {self.path} says {key} = {what}, {why}.",
            "Use another GGUF file, or the safetensors checkpoint that it was made from.",
        )

    def _counts(self, cursor: _Cursor) -> tuple[int, int]:
        if bytes(cursor.take(len(MAGIC))) != MAGIC:
            raise ModelError(
                f"{self.path} does not begin as a GGUF file does.", "Give a GGUF file, or a folder."
            )
        version = cursor.number("<I")
        if version not in _VERSIONS:
            said = "is big-endian" if version == _TURNED else f"has version {version}"
            raise ModelError(
                f"The GGUF file {self.path} {said}, which is not read.",
                "Convert it again with a newer llama.cpp.",
            )
        tensors, values = cursor.number("<Q"), cursor.number("<Q")
        if tensors * _LEAST_TENSOR + values * _LEAST_VALUE > cursor.left:
            raise self.damaged(
                f"it would have {values:,} keys and {tensors:,} tensors, for which it is too short"
            )
        return tensors, values

    def _placed(self, said: list[_Said], header: int) -> dict[str, TensorInfo]:
        alignment = self.metadata.get(_ALIGNMENT, _USUAL_ALIGNMENT)
        if type(alignment) is not int or alignment <= 0 or alignment % 8:
            raise self.wrong(_ALIGNMENT, "and it is a multiple of 8")
        begin = -(-header // alignment) * alignment
        placed: dict[str, TensorInfo] = {}
        reached = begin
        for one in sorted(said, key=lambda one: one.offset):
            if one.name in placed:
                raise self.damaged(f"the tensor {shown(one.name)} stands in it twice")
            kind, needed = _kind(self, one)
            start = begin + one.offset
            if start % alignment or start < reached:
                raise self.damaged(f"the tensor {shown(one.name)} lies where it cannot lie")
            reached = start + needed
            if reached > len(self._mapped):
                raise self.damaged(
                    f"it ends before the tensor {shown(one.name)} does, "
                    f"{reached - len(self._mapped):,} bytes early"
                )
            placed[one.name] = TensorInfo(one.name, one.shape, one.kind, kind, start, reached)
        return {one.name: placed[one.name] for one in said}


@record(frozen=True, slots=True)
class _Said:
    name: str
    shape: tuple[int, ...]
    kind: int
    offset: int


class _Cursor:
    """A place in the file that only moves on, and never behind its end."""

    def __init__(self, file: GGUFFile, data: NDArray[np.uint8]) -> None:
        self._file = file
        self._data = memoryview(data.data)
        self.at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self.at

    def take(self, count: int) -> memoryview:
        if count > self.left:
            raise self._file.damaged("it ends within its header")
        self.at += count
        return self._data[self.at - count : self.at]

    def number(self, kind: str) -> int:
        (found,) = struct.unpack(kind, self.take(struct.calcsize(kind)))
        return int(found)

    def string(self) -> str:
        try:
            return str(self.take(self.number("<Q")), "utf-8")
        except UnicodeDecodeError as error:
            raise self._file.damaged(f"a text before its byte {self.at:,} is no UTF-8") from error

    def value(self, kind: int, key: str) -> Any:
        """Return a value of plain Python, a list for an array; numbers of an array as one array."""
        if kind == _STRING:
            return self.string()
        if kind in _NUMBERS:
            return np.frombuffer(self.take(_NUMBERS[kind].itemsize), _NUMBERS[kind])[0].item()
        if kind != _ARRAY:
            raise self._file.damaged(f"{shown(key)} is of the unknown kind {kind}")
        inner, count = self.number("<I"), self.number("<Q")
        if inner in _NUMBERS:
            return np.frombuffer(self.take(count * _NUMBERS[inner].itemsize), _NUMBERS[inner])
        if inner != _STRING:  # the format allows arrays of arrays, and no key has one
            raise self._file.damaged(f"{shown(key)} is a list of the unknown kind {inner}")
        if count * 8 > self.left:
            raise self._file.damaged(f"{shown(key)} would have {count:,} entries")
        return [self.string() for _ in range(count)]


def _said_of_tensor(file: GGUFFile, cursor: _Cursor) -> _Said:
    name, dimensions = cursor.string(), cursor.number("<I")
    if not 1 <= dimensions <= _MOST_DIMENSIONS:
        raise file.damaged(f"the tensor {shown(name)} has {dimensions} dimensions")
    sizes = [cursor.number("<Q") for _ in range(dimensions)]
    if not all(1 <= size <= _LARGEST for size in sizes):
        raise file.damaged(f"the tensor {shown(name)} has the shape {shown(sizes)}")
    return _Said(name, tuple(reversed(sizes)), cursor.number("<I"), cursor.number("<Q"))


def _kind(file: GGUFFile, one: _Said) -> tuple[str, int]:
    """Return the name of a tensor's kind of block, and how many bytes the tensor has."""
    from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
    from gguf.quants import dequantize

    try:
        kind = GGMLQuantizationType(one.kind)
        entries, size = GGML_QUANT_SIZES[kind]
        # Which kinds the package knows is told by nothing but trying.
        dequantize(np.zeros((1, size), np.uint8), kind)
    except (ValueError, KeyError, NotImplementedError) as error:
        raise ModelError(
            f"In {file.path} the tensor {shown(one.name)} is quantised in a way that is not read "
            f"(kind {one.kind}).",
            "Use a file in one of the usual kinds, such as Q4_K_M or Q8_0.",
        ) from error
    if one.shape[-1] % entries:
        raise file.damaged(
            f"the tensor {shown(one.name)} has rows of {one.shape[-1]:,}, in blocks of {entries}"
        )
    return kind.name, math.prod(one.shape) // entries * size
