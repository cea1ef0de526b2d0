"""What a page's blobs say, read by Python's own Ascii85 in another alphabet."""

import base64
import zlib

import numpy as np

_OURS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#%()*+,-./:;=?@[]^_{|}"
_THEIRS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"


def bytes_of(text: str) -> bytes:
    """The bytes that a page's text stands for."""
    return base64.b85decode(text.translate(str.maketrans(_OURS, _THEIRS)))


def unpacked(text: str) -> bytes:
    """The same, inflated."""
    return zlib.decompress(bytes_of(text), wbits=-15)


def numbers_of(raw: bytes, dtype: str, shape: list[int] | tuple[int, ...]) -> np.ndarray:
    """The numbers of inflated planes, put together byte by byte as the format is described."""
    if dtype == "steps":
        return _in_steps(raw, *shape)
    return _joined(raw, dtype).reshape(shape)


def _joined(raw: bytes, dtype: str) -> np.ndarray:
    each = np.dtype(dtype).itemsize
    count = len(raw) // each
    numbers = bytes(raw[place * count + i] for i in range(count) for place in range(each))
    return np.frombuffer(numbers, dtype)


def _in_steps(raw: bytes, heads: int, tokens: int, width: int) -> np.ndarray:
    """Whole numbers, and of each row of them its place among the dimensions, middle and step."""
    sides, at = heads * width, 2 * heads * tokens * width
    whole = _joined(raw[:at], "uint16").reshape(sides, tokens)
    order, middle, step = (
        _joined(raw[at + 4 * sides * n : at + 4 * sides * (n + 1)], dtype)
        for n, dtype in enumerate(("uint32", "int32", "float32"))
    )
    found = np.empty((heads, tokens, width))
    for row, side in enumerate(order):
        counted = whole[row].astype(float) - 0x8080 + middle[row]
        found[side // width, :, side % width] = counted * step[row]
    return found
