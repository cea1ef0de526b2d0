"""Where a word stands, put into queries and keys by turning them: rotary position embedding.

Su et al. 2021, "RoFormer". A pair of dimensions is a point in a plane, turned by an angle that
grows with the position; each pair has a speed of its own. The scalar product of a turned query and
a turned key then depends on how far apart they stand.

The angles are taken in float32 whatever the dtype of the vectors, as transformers does: in float64
they would differ in the eighth digit from the ones that the model used.
"""

from __future__ import annotations

import numpy as np

from inspector.records import Array, Float32, LongSpeeds, Rope


def turned(vectors: tuple[Array, Array], rope: Rope | None) -> tuple[Array, Array]:
    """Turn queries and keys of a whole text by their positions, where the family does."""
    if rope is None:
        return vectors
    query, key = vectors
    return rotate(query, rope), rotate(key, rope)


def rotate(vectors: Array, rope: Rope, start: int = 0) -> Array:
    """Return (H, T, d) with 2·len(frequencies) dimensions of them turned by their position.

    ``start`` is the place of the first of the T; the text ends with the last of them.
    """
    if rope.in_float32 and vectors.dtype != np.float32:
        return rotate(vectors.astype(np.float32), rope, start).astype(vectors.dtype)
    count = len(rope.frequencies)
    sin, cos = _sines(rope, start, start + vectors.shape[1])
    sin, cos = sin.astype(vectors.dtype), cos.astype(vectors.dtype)
    # Which dimensions make a pair: neighbours, or one of the first half and one of the second.
    one, end = rope.first, rope.first + 2 * count
    firsts, seconds = (
        (slice(one, end, 2), slice(one + 1, end, 2))
        if rope.interleaved
        else (slice(one, one + count), slice(one + count, end))
    )
    first, second = vectors[..., firsts], vectors[..., seconds]
    rotated = vectors.copy()
    rotated[..., firsts] = first * cos - second * sin
    rotated[..., seconds] = second * cos + first * sin
    return rotated


def _sines(rope: Rope, first: int, end: int) -> tuple[Array, Array]:
    """Return the sines and cosines of the places from ``first`` to before ``end``, (T, r/2)."""
    if rope.table is not None:
        half = rope.table.shape[1] // 2
        return rope.table[first:end, :half], rope.table[first:end, half:]
    angles = np.arange(first, end, dtype=np.float32)[:, None] * speeds(rope, end)
    factor = np.float32(rope.factor)
    return np.sin(angles) * factor, np.cos(angles) * factor


def speeds(rope: Rope, tokens: int) -> Float32:
    """Return the radians a position, (r/2,), of each pair in a text of so many tokens.

    Ding et al. 2024, "LongRoPE", has two sets of them; NTK-aware scaling, which was published
    outside of papers, is described in Peng et al. 2023, "YaRN", section 3.
    """
    beyond = rope.beyond
    if beyond is None or tokens <= beyond.window:
        return rope.frequencies
    if isinstance(beyond, LongSpeeds):
        return beyond.frequencies
    size = 2 * len(rope.frequencies)
    grown = beyond.factor * tokens / beyond.window - (beyond.factor - 1)
    # A single pair's speed is 1 whatever the base.
    base = np.float32(beyond.base * grown ** (size / max(size - 2, 1)))
    steps = np.arange(0, size, 2, dtype=np.float32) / np.float32(size)
    found: Float32 = (1 / base**steps).astype(np.float32)
    return found
