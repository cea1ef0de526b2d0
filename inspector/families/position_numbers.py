"""The numbers of positions that a config fixes: rotary frequencies and ALiBi's slopes.

Both are taken in float32, as transformers does: in float64 they would differ in the eighth digit
from the ones that the model uses.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from inspector.records import Array, Float32

#: The kinds of scaling that ``frequencies`` knows.
ROPE_TYPES = ("default", "linear", "llama3", "yarn")


def slopes(heads: int) -> Float32:
    """Return ALiBi's slope of each head, (H,): 2^(−8k/H) for k = 1 … H where H is a power of two.

    Otherwise those of the power of two below it, and for the heads that are left every other one
    of the power of two above it.
    """

    def powers(of: int, exponents: Array) -> Float32:
        base = np.float32(2 ** -(2.0 ** (3 - math.log2(of))))
        # In float64 and then rounded: float32's own power differs from processor to processor.
        return np.power(np.float64(base), exponents).astype(np.float32)

    below: int = 2 ** math.floor(math.log2(heads))
    first = powers(below, np.arange(1, below + 1, dtype=np.float32))
    others = powers(2 * below, np.arange(1, 2 * (heads - below) + 1, 2, dtype=np.float32))
    return np.concatenate([first, others])


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
    mscale, all_dim = parameters.get("mscale"), parameters.get("mscale_all_dim")
    if mscale and all_dim:
        return _grown(mscale, factor) / _grown(all_dim, factor)
    return _grown(1, factor)


def _grown(by: float, factor: float) -> float:
    return 1.0 if factor <= 1 else 0.1 * by * math.log(factor) + 1


def sharpened(parameters: Mapping[str, Any]) -> float:
    """Return what DeepSeek multiplies queries and keys by where positions are scaled, else 1."""
    all_dim = parameters.get("mscale_all_dim")
    if not all_dim or parameters.get("rope_type", "default") == "default":
        return 1.0
    return _grown(all_dim, float(parameters["factor"]))
