"""Keys and values of what a causal stack has read, so that what comes next reads on from there.

A token of a causal stack is never changed by what follows it: its keys and values stay, and only
those of new tokens are computed (Pope et al. 2022, "Efficiently Scaling Transformer Inference").
A decoder's cross-attention asks the same encoder's states every time, so that its keys and values
are computed once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np

from inspector.record import record
from inspector.records import Array, Mask, Model, Text
from inspector.records.text import Int64

#: The fewest tokens that memory is laid out for, and how much more than is needed after that.
_ROOM = 64
_MORE = 1.5


class Offered(NamedTuple):
    """What tokens offer to those that ask: keys on their way to the scores, and values."""

    #: (KV, S, d) as projected, with their norm, and turned by their place.
    projected: Array
    normed: Array
    key: Array
    #: (KV, S, e)
    value: Array


class Past(Protocol):
    """What one attention sub-layer has kept of earlier passes."""

    @property
    def start(self) -> int:
        """The place of the first new query among the keys."""
        ...

    def joined(self, offered: Callable[[], Offered]) -> Offered:
        """Return what is offered by all, of which ``offered`` computes what is new.

        ``projected`` and ``normed`` are of the new tokens alone.
        """
        ...


@record(frozen=True, slots=True)
class _Begun:
    """What a cache is of: it can go on with nothing else."""

    model: Model
    dtype: type[np.floating[Any]]
    #: Of an encoder–decoder what its encoder reads, and which of it is no padding.
    source: Text | None
    present: Mask | None

    def goes_on(self, other: _Begun) -> bool:
        return (
            self.model is other.model
            and self.dtype is other.dtype
            and np.array_equal(self.read, other.read)
        )

    @property
    def read(self) -> Int64:
        """The ids that the encoder reads, −1 for padding."""
        if self.source is None:
            return np.empty(0, dtype=np.int64)
        return (
            self.source.ids if self.present is None else np.where(self.present, self.source.ids, -1)
        )


class Cache:
    """What ``forward`` keeps between passes of one text through one model; empty at first.

    A pass that ends in an exception leaves it as it was.
    """

    def __init__(self) -> None:
        self._tokens = 0
        self._begun: _Begun | None = None
        self._encoded: Array | None = None
        self._own: dict[int, _Grown] = defaultdict(partial(_Grown, self))
        self._cross: dict[int, _Fixed] = defaultdict(_Fixed)

    @property
    def tokens(self) -> int:
        """How many tokens the stack has read."""
        return self._tokens

    @property
    def encoded(self) -> Array | None:
        """(S, D) the encoder's last states, once a pass has computed them."""
        return self._encoded

    def begin(
        self,
        model: Model,
        dtype: type[np.floating[Any]],
        source: Text | None,
        present: Mask | None,
    ) -> None:
        """Make ready for a pass.

        Raises
        ------
        ValueError
            When the passes before were of another model, source or dtype.
        """
        begun = _Begun(model, dtype, source, present)
        if not self._tokens:
            self._own.clear()
            self._cross.clear()
            self._begun = begun
        elif self._begun is None or not self._begun.goes_on(begun):
            raise ValueError("a cache goes on with the model, source and dtype that it began with")

    def end(self, tokens: int, encoded: Array | None) -> None:
        """Count the tokens of a pass that has ended, and keep what its encoder gave."""
        self._tokens += tokens
        self._encoded = encoded

    def own(self, layer: int) -> Past:
        """Return what a layer's attention on its own stack has kept."""
        return self._own[layer]

    def cross(self, layer: int) -> Past:
        """Return what a layer's attention on the encoder has kept."""
        return self._cross[layer]


class _Grown:
    """Keys and values to which new ones are added, in memory that is laid out ahead."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._keys: Array | None = None
        self._values: Array | None = None

    @property
    def start(self) -> int:
        return self._cache.tokens

    def joined(self, offered: Callable[[], Offered]) -> Offered:
        new = offered()
        self._keys = _with(self._keys, new.key, self.start)
        self._values = _with(self._values, new.value, self.start)
        end = self.start + new.key.shape[1]
        return new._replace(key=self._keys[:, :end], value=self._values[:, :end])


class _Fixed:
    """Keys and values that are computed once."""

    start = 0

    def __init__(self) -> None:
        self._held: Offered | None = None

    def joined(self, offered: Callable[[], Offered]) -> Offered:
        if self._held is None:
            self._held = offered()
        return self._held


def _with(held: Array | None, new: Array, start: int) -> Array:
    """Write ``new``, (KV, T, d), behind the first ``start`` tokens; in more memory if need be."""
    heads, count, width = new.shape
    end = start + count
    if held is None or end > held.shape[1]:
        grown = np.empty((heads, max(_ROOM, int(end * _MORE)), width), dtype=new.dtype)
        if held is not None:
            grown[:, :start] = held[:, :start]
        held = grown
    held[:, start:end] = new
    return held
