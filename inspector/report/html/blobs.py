"""Arrays and text on their way into a page: deflated, checked, escaped."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector.records import Array
from inspector.report.html.base85 import encode
from inspector.report.html.steps import Steps

Header = dict[str, Any]


@dataclass(frozen=True)
class Blob:
    """An array on its way into a page, with what is needed to notice damage."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    #: Its bytes: all first bytes of its numbers, then all second ones.
    planes: tuple[bytes, ...]

    @classmethod
    def pack(cls, name: str, array: NDArray[Any]) -> Blob:
        """Lay out one array, in little-endian bytes with equal places of all numbers together.

        A float's sign and exponent repeat from number to number and its last bits do not, so
        splitting them apart is what lets deflate find anything. Each plane is a block of its own:
        deflate's codes are set block by block, and noisy planes would spoil those of the others.
        """
        return cls(name, array.shape, array.dtype.name, _planes(array))

    @classmethod
    def pack_steps(cls, name: str, numbers: Steps) -> Blob:
        """Lay out numbers counted in steps: the counts, then what belongs to each dimension."""
        parts = (numbers.whole, numbers.order, numbers.middle, numbers.step)
        return cls(name, numbers.shape, "steps", tuple(p for part in parts for p in _planes(part)))

    @cached_property
    def entry(self) -> Header:
        """The header's entry for this blob: length and CRC-32 are those of its planes."""
        crc32 = 0
        for plane in self.planes:
            crc32 = zlib.crc32(plane, crc32)
        return {
            "shape": list(self.shape),
            "dtype": self.dtype,
            "length": sum(map(len, self.planes)),
            "crc32": crc32,
        }

    @cached_property
    def deflated(self) -> bytes:
        """The planes deflated, only where a page is made.

        In the bytes of numbers nothing repeats but a byte itself: looking for more takes six times
        as long and finds nothing. Text and masks are bytes.
        """
        return deflate(*self.planes, runs_only=self.dtype != "uint8")

    @property
    def text(self) -> str:
        """The deflated bytes as text."""
        return encode(self.deflated)


def _planes(array: NDArray[Any]) -> tuple[bytes, ...]:
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    planes = little.reshape(-1).view(np.uint8).reshape(-1, array.dtype.itemsize).T
    return tuple(plane.tobytes() for plane in planes)


def deflate(*parts: bytes, runs_only: bool) -> bytes:
    """Deflate as the page unpacks it, without a header; each part begins a block of its own."""
    strategy = zlib.Z_RLE if runs_only else zlib.Z_DEFAULT_STRATEGY
    deflater = zlib.compressobj(level=6, wbits=-zlib.MAX_WBITS, strategy=strategy)
    *first, last = parts
    done = [deflater.compress(part) + deflater.flush(zlib.Z_BLOCK) for part in first]
    return b"".join((*done, deflater.compress(last), deflater.flush()))


def policy_hash(content: str) -> str:
    """Write the hash of a script or a style as a Content-Security-Policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


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


def rounded(numbers: Sequence[float | None]) -> list[float | None]:
    """Six digits of each: the page shows fewer."""
    return [None if number is None else float(f"{number:.6g}") for number in numbers]


def patches(length: int, side: int) -> NDArray[np.intp]:
    """Where each of at most ``side`` patches begins."""
    side = min(length, side)
    return np.arange(side, dtype=np.intp) * length // side
