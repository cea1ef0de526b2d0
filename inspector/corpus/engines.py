"""Who runs the shards of a plan.

An engine gets the work and the shards that are still to be done, and gives each back with its
number, in any order, once. The shards are merged by their numbers, so the result is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

from inspector.corpus.planning import Shard
from inspector.corpus.work import Progress, Work, Worker

if TYPE_CHECKING:
    from inspector.referee.loading import LoadedModel


class Engine(Protocol):
    """Runs shards somewhere."""

    def run(
        self, work: Work, shards: Iterable[Shard], progress: Progress
    ) -> Iterator[tuple[int, bytes]]:
        """Give each shard's number and the bytes of its record as it gets done."""
        ...


class Local:
    """Runs the shards one after another in this process."""

    def __init__(self, loaded: LoadedModel) -> None:
        self._loaded = loaded

    def run(
        self, work: Work, shards: Iterable[Shard], progress: Progress
    ) -> Iterator[tuple[int, bytes]]:
        """Run shard after shard."""
        worker = Worker(work, self._loaded)
        for shard in shards:
            yield shard.index, worker.measure(shard, progress).to_bytes()
