"""Where a word stands, put into queries and keys by turning them: rotary position embedding.

Su et al. 2021, "RoFormer". A pair of dimensions is a point in a plane, turned by an angle that
grows with the position; each pair has a speed of its own. The scalar product of a turned query and
a turned key then depends on how far apart they stand.

The angles are taken in float32 whatever the dtype of the vectors, as transformers does: in float64
they would differ in the eighth digit from the ones that the model used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from inspector.records import Array, Float32, Rope

#: The kinds of scaling that ``frequencies`` knows.
ROPE_TYPES = ("default", "linear", "llama3", "yarn")


def turned(vectors: tuple[Array, Array], rope: Rope | None) -> tuple[Array, Array]:
    """Turn queries and keys by their positions, where the family does."""
    if rope is None:
        return vectors
    query, key = vectors
    return rotate(query, rope), rotate(key, rope)


def rotate(vectors: Array, rope: Rope) -> Array:
    """Return (H, T, d) with the first 2·len(frequencies) dimensions turned by their position."""
    count = len(rope.frequencies)
    positions = np.arange(vectors.shape[1], dtype=np.float32)
    angles = positions[:, None] * rope.frequencies
    cos = (np.cos(angles) * np.float32(rope.factor)).astype(vectors.dtype)
    sin = (np.sin(angles) * np.float32(rope.factor)).astype(vectors.dtype)
    # Which dimensions make a pair: neighbours, or one of the first half and one of the second.
    firsts, seconds = (
        (slice(0, 2 * count, 2), slice(1, 2 * count, 2))
        if rope.interleaved
        else (slice(0, count), slice(count, 2 * count))
    )
    first, second = vectors[..., firsts], vectors[..., seconds]
    rotated = vectors.copy()
    rotated[..., firsts] = first * cos - second * sin
    rotated[..., seconds] = second * cos + first * sin
    return rotated


def frequencies(parameters: Mapping[str, Any], size: int) -> tuple[Float32, float]:
    """Return the radians a position of each pair of ``size`` dimensions, and a factor on both.

    ``parameters`` is a config's ``rope_parameters``: ``rope_theta`` and, by ``rope_type``,

    * ``linear``: all speeds divided by ``factor`` (Chen et al. 2023);
    * ``llama3``: only the slow ones, with a smooth passage (Llama 3.1's own);
    * ``yarn``: by how often a pair turns in the original window (Peng et al. 2023), and a factor on
      the turned vectors.
    """
    steps = np.arange(0, size, 2, dtype=np.float32) / np.float32(size)
    speeds: Float32 = (1 / parameters["rope_theta"] ** steps).astype(np.float32)
    kind = parameters.get("rope_type", "default")
    if kind == "default":
        return speeds, 1.0
    factor = float(parameters["factor"])
    if kind == "linear":
        return (speeds / np.float32(factor)).astype(np.float32), 1.0
    if kind == "llama3":
        return _llama3(speeds, parameters, factor), 1.0
    if kind == "yarn":
        return _yarn(speeds, parameters, factor, size)
    raise ValueError(f"there is no rope_type {kind!r} here, only {', '.join(ROPE_TYPES)}")


def _llama3(speeds: Float32, parameters: Mapping[str, Any], factor: float) -> Float32:
    window = float(parameters["original_max_position_embeddings"])
    low, high = float(parameters["low_freq_factor"]), float(parameters["high_freq_factor"])
    turns = window * speeds / (2 * math.pi)
    # 0 where a pair turns so slowly that it is slowed by the whole factor, 1 where not at all.
    share = np.clip((turns - low) / (high - low), 0, 1)
    slowed: Float32 = ((1 - share) * speeds / factor + share * speeds).astype(np.float32)
    return slowed


def _yarn(
    speeds: Float32, parameters: Mapping[str, Any], factor: float, size: int
) -> tuple[Float32, float]:
    window = float(parameters["original_max_position_embeddings"])
    theta = float(parameters["rope_theta"])

    def pair_that_turns(times: float) -> float:
        return size * math.log(window / (times * 2 * math.pi)) / (2 * math.log(theta))

    low = pair_that_turns(parameters.get("beta_fast") or 32)
    high = pair_that_turns(parameters.get("beta_slow") or 1)
    if parameters.get("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, size - 1)
    places = np.arange(size // 2, dtype=np.float32)
    slowed = np.clip((places - low) / (high - low or 0.001), 0, 1)
    mixed = (speeds / factor * slowed + speeds * (1 - slowed)).astype(np.float32)
    return mixed, _yarn_factor(parameters, factor)


def _yarn_factor(parameters: Mapping[str, Any], factor: float) -> float:
    if (given := parameters.get("attention_factor")) is not None:
        return float(given)

    def grown(by: float) -> float:
        return 1.0 if factor <= 1 else 0.1 * by * math.log(factor) + 1

    mscale, all_dim = parameters.get("mscale"), parameters.get("mscale_all_dim")
    return grown(mscale) / grown(all_dim) if mscale and all_dim else grown(1)
