"""Arrays and text on their way into a page: deflated, checked, escaped."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector.records import Array

Header = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Blob:
    """An array on its way into the page: deflated, with what is needed to notice damage."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    #: Length and CRC-32 of the bytes before they were deflated.
    length: int
    crc32: int
    deflated: bytes

    @classmethod
    def pack(cls, name: str, array: NDArray[Any]) -> Blob:
        """Lay out one array, in little-endian bytes with equal places of all numbers together.

        A float's sign and exponent repeat from number to number and its last bits do not, so
        splitting them apart is what lets deflate find anything. Each plane is a block of its own:
        deflate's codes are set block by block, and noisy planes would spoil those of the others.
        """
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        planes = little.reshape(-1).view(np.uint8).reshape(-1, array.dtype.itemsize).T
        *first, last = (plane.tobytes() for plane in planes)
        raw = b"".join((*first, last))
        deflater = zlib.compressobj(level=6, wbits=-zlib.MAX_WBITS)
        parts = [deflater.compress(plane) + deflater.flush(zlib.Z_BLOCK) for plane in first]
        deflated = b"".join((*parts, deflater.compress(last), deflater.flush()))
        return cls(name, array.shape, array.dtype.name, len(raw), zlib.crc32(raw), deflated)

    @property
    def entry(self) -> Header:
        """The header's entry for this blob."""
        return {
            "shape": list(self.shape),
            "dtype": self.dtype,
            "length": self.length,
            "crc32": self.crc32,
        }

    @property
    def base64(self) -> str:
        """The deflated bytes as text."""
        return base64.b64encode(self.deflated).decode("ascii")


def deflate(raw: bytes) -> bytes:
    """Deflate as the page unpacks it: without a header."""
    deflater = zlib.compressobj(level=6, wbits=-zlib.MAX_WBITS)
    return deflater.compress(raw) + deflater.flush()


def script_json(value: object) -> str:
    """JSON for the inside of a script element, whatever text it carries."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    # A lone surrogate cannot be written as UTF-8; escaped it survives the journey.
    return "".join(f"\\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" else c for c in text)


def half_where_it_fits(array: Array) -> Array:
    """Float16 where it neither overflows nor loses a number to zero entirely, else float32."""
    with np.errstate(over="ignore"):
        half = array.astype(np.float16)
    return half if np.isfinite(half).all() else array.astype(np.float32)


def patches(length: int, side: int) -> NDArray[np.intp]:
    """Where each of at most ``side`` patches begins."""
    side = min(length, side)
    return np.arange(side, dtype=np.intp) * length // side
