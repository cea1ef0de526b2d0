"""The numbers of positions that a config fixes: rotary frequencies and ALiBi's slopes.

Both are taken in float32, as transformers does: in float64 they would differ in the eighth digit
from the ones that the model uses.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from inspector.records import Array, DynamicBase, Float32, LongSpeeds

#: The kinds of scaling that ``frequencies`` knows, and what a config must say of each.
ROPE_TYPES: Mapping[str, tuple[str, ...]] = {
    "default": (),
    "linear": ("factor",),
    "dynamic": ("factor",),
    "llama3": (
        "factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings",
    ),
    "yarn": ("factor", "original_max_position_embeddings"),
    "longrope": ("short_factor", "long_factor", "original_max_position_embeddings"),
}  # fmt: skip


def slopes(heads: int, *, at_once: bool = False) -> Float32:
    """Return ALiBi's slope of each head, (H,): 2^(−8k/H) for k = 1 … H where H is a power of two.

    Otherwise those of the power of two below it, and for the heads that are left every other one
    of the power of two above it. A power of the first of them, which is rounded, or ``at_once``
    each by itself: they differ in the last digit.
    """

    def powers(of: int, exponents: Array) -> Float32:
        if at_once:
            exact = np.exp2(exponents.astype(np.float64) * 8 / of).astype(np.float32)
            return np.reciprocal(exact)
        base = np.float32(2 ** -(2.0 ** (3 - math.log2(of))))
        # In float64 and then rounded: float32's own power differs from processor to processor.
        return np.power(np.float64(base), exponents).astype(np.float32)

    below: int = 2 ** math.floor(math.log2(heads))
    first = powers(below, np.arange(1, below + 1, dtype=np.float32))
    others = powers(2 * below, np.arange(1, 2 * (heads - below) + 1, 2, dtype=np.float32))
    return np.concatenate([first, others])


def frequencies(
    parameters: Mapping[str, Any], size: int, longest: int | None = None
) -> tuple[Float32, float]:
    """Return the radians a position of each pair of ``size`` dimensions, and a factor on both.

    ``parameters`` is a config's ``rope_parameters``: ``rope_theta`` and, by ``rope_type``,

    * ``linear``: all speeds divided by ``factor`` (Chen et al. 2023);
    * ``llama3``: only the slow ones, with a smooth passage (Llama 3.1's own);
    * ``yarn``: by how often a pair turns in the original window (Peng et al. 2023), and a factor on
      the turned vectors;
    * ``longrope``: each pair's by a number of its own, and such a factor (Ding et al. 2024);
    * ``dynamic``: none, until a text is longer than the window.

    ``longest`` is how many tokens fit, from which ``factor`` follows where it is not said. These
    are the speeds of a text within the window; ``beyond`` has what becomes of them in longer ones.
    """
    kind = parameters.get("rope_type", "default")
    if kind == "longrope":
        return _own(parameters, size, "short_factor"), _longrope_factor(parameters, longest)
    steps = np.arange(0, size, 2, dtype=np.float32) / np.float32(size)
    speeds: Float32 = (1 / parameters["rope_theta"] ** steps).astype(np.float32)
    if kind in ("default", "dynamic"):
        return speeds, 1.0
    factor = _stretched(parameters, longest)
    if kind == "linear":
        return (speeds / np.float32(factor)).astype(np.float32), 1.0
    if kind == "llama3":
        return _llama3(speeds, parameters, factor), 1.0
    if kind == "yarn":
        return _yarn(speeds, parameters, factor, size)
    raise ValueError(f"there is no rope_type {kind!r} here, only {', '.join(ROPE_TYPES)}")


def beyond(
    parameters: Mapping[str, Any], size: int, longest: int | None
) -> LongSpeeds | DynamicBase | None:
    """Return what takes the place of the speeds in long texts; None where nothing does."""
    kind = parameters.get("rope_type", "default")
    if kind == "longrope":
        window = int(parameters["original_max_position_embeddings"])
        return LongSpeeds(window, _own(parameters, size, "long_factor"))
    if kind == "dynamic" and longest is not None:
        return DynamicBase(longest, float(parameters["rope_theta"]), float(parameters["factor"]))
    return None


def _own(parameters: Mapping[str, Any], size: int, name: str) -> Float32:
    """Return speeds of which each is divided by a number of its own."""
    steps = np.arange(0, size, 2, dtype=np.float32) / np.float32(size)
    slowed = np.array(parameters[name], dtype=np.float32) * parameters["rope_theta"] ** steps
    speeds: Float32 = (1 / slowed).astype(np.float32)
    return speeds


def _stretched(parameters: Mapping[str, Any], longest: int | None) -> float:
    """Return by how much the window was stretched."""
    said = parameters.get("factor")
    if said is None and longest is not None:
        return longest / float(parameters["original_max_position_embeddings"])
    return float(said or 1)


def _longrope_factor(parameters: Mapping[str, Any], longest: int | None) -> float:
    if (given := parameters.get("attention_factor")) is not None:
        return float(given)
    factor = _stretched(parameters, longest)
    window = float(parameters["original_max_position_embeddings"])
    return 1.0 if min(factor, window) <= 1 else math.sqrt(1 + math.log(factor) / math.log(window))


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
