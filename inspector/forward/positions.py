"""Where a word stands, put into queries and keys by turning them: rotary position embedding.

Su et al. 2021, "RoFormer". A pair of dimensions is a point in a plane, turned by an angle that
grows with the position; each pair has a speed of its own. The scalar product of a turned query and
a turned key then depends on how far apart they stand.

The angles are taken in float32 whatever the dtype of the vectors, as transformers does: in float64
they would differ in the eighth digit from the ones that the model used.
"""

from __future__ import annotations

import numpy as np

from inspector.records import Array, Rope


def turned(vectors: tuple[Array, Array], rope: Rope | None) -> tuple[Array, Array]:
    """Turn queries and keys of a whole text by their positions, where the family does."""
    if rope is None:
        return vectors
    query, key = vectors
    return rotate(query, rope), rotate(key, rope)


def rotate(vectors: Array, rope: Rope, start: int = 0) -> Array:
    """Return (H, T, d) with 2·len(frequencies) dimensions of them turned by their position.

    ``start`` is the place of the first of the T.
    """
    if rope.in_float32 and vectors.dtype != np.float32:
        return rotate(vectors.astype(np.float32), rope, start).astype(vectors.dtype)
    count = len(rope.frequencies)
    positions = np.arange(start, start + vectors.shape[1], dtype=np.float32)
    angles = positions[:, None] * rope.frequencies
    cos = (np.cos(angles) * np.float32(rope.factor)).astype(vectors.dtype)
    sin = (np.sin(angles) * np.float32(rope.factor)).astype(vectors.dtype)
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
