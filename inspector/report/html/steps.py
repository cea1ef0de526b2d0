"""Queries and keys in whole steps: as fine as their products ask for, and no finer.

A page multiplies q and k, and what rounding q does to a score is as large as k is, dimension by
dimension. So each dimension of q is counted in steps that are the smaller the larger k is there,
and the other way round: every rounding then moves the scores alike, which no float does. How far
it may move them grows with the text, as a page's bytes do: a short text's weights are as near as
float16 would bring them, and of a long one a quarter of float16's bytes is saved.

A score q·k·scale of d dimensions, both sides rounded to steps of Δ/rms(other side), is off by about
Δ·scale·√(d/6), root mean square: 2·d roundings, each off by Δ/√12 of the other side's size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from inspector.records import Array, Float32

#: By how much rounding may move a score, root mean square: so much for each token, no less than the
#: first and no more than the second. The weight that moves most moves by about as much.
_NOISE_OF_TOKEN = 1 / 150_000
_NOISE = 1 / 1500, 1 / 300
#: What stands for the middle of a dimension; 128 on either side of it share their high byte.
MIDDLE = 0x8080


@dataclass(frozen=True)
class Steps:
    """(H, T, d) numbers as whole numbers of steps, each of a head's dimensions with its own."""

    #: (H, T, d).
    shape: tuple[int, ...]
    #: (H·d, T) how many on from the middle, which MIDDLE stands for. Dimensions whose numbers
    #: spread alike stand together: deflate's codes are set block by block.
    whole: NDArray[np.uint16]
    #: (H·d) which dimension each of these is, counted on through the heads.
    order: NDArray[np.uint32]
    #: (H·d) the number of steps in the middle of each.
    middle: NDArray[np.int32]
    #: (H·d) how long a step of each is.
    step: Float32

    @property
    def numbers(self) -> Float32:
        """(H, T, d) the numbers as the page has them."""
        heads, tokens, width = self.shape
        numbers = np.empty(self.whole.shape, dtype=np.float32)
        steps = self.whole.astype(np.float64) + (self.middle - MIDDLE)[:, None]
        numbers[self.order] = steps * self.step.astype(np.float64)[:, None]
        return np.ascontiguousarray(numbers.reshape(heads, width, tokens).swapaxes(1, 2))


def noise_of(tokens: int) -> float:
    """Return by how much rounding may move a score in a text of so many tokens."""
    least, most = _NOISE
    return min(max(tokens * _NOISE_OF_TOKEN, least), most)


def in_steps(query: Array, key: Array, scale: float, noise: float) -> tuple[Steps, Steps] | None:
    """Round queries (H, T, d) and keys (KV, S, d), of which H / KV heads share each.

    ``noise`` is by how much that may move a score, root mean square. None where a dimension has
    numbers so far apart that its steps cannot be counted in 16 bits, or that are not finite.
    """
    if not (np.isfinite(query).all() and np.isfinite(key).all()):
        return None
    kept, _, width = key.shape
    each = noise / (abs(scale) * np.sqrt(width / 6))
    shared = query.reshape(kept, -1, width)  # every query that asks a key's head
    asks, offers = (_size(side) for side in (shared, key))
    group = len(query) // kept
    queries = _counted(query, np.repeat(each / offers, group, axis=0))
    keys = _counted(key, each / asks)
    return None if queries is None or keys is None else (queries, keys)


def _size(side: Array) -> NDArray[np.float64]:
    """(KV, d) the root mean square of each dimension; never nothing, so that a step is finite."""
    size = np.sqrt(np.square(side, dtype=np.float64).mean(axis=1))
    least = 1e-3 * np.maximum(size.max(axis=1, keepdims=True), 1e-30)
    return cast(NDArray[np.float64], np.maximum(size, least))


def _counted(numbers: Array, steps: NDArray[np.float64]) -> Steps | None:
    step = steps.astype(np.float32).reshape(-1)
    counts = numbers.swapaxes(1, 2).reshape(len(step), -1) / step[:, None]
    order = np.argsort(counts.std(axis=1, dtype=np.float64), kind="stable")
    counts, step = np.rint(counts[order]), step[order]
    middle = np.rint(counts.mean(axis=1))
    counts += MIDDLE - middle[:, None]
    limits = np.iinfo(np.uint16)
    if counts.min() < 0 or counts.max() > limits.max or abs(middle).max() >= 2**31 - MIDDLE:
        return None
    whole = counts.astype(np.uint16)
    return Steps(numbers.shape, whole, order.astype(np.uint32), middle.astype(np.int32), step)
