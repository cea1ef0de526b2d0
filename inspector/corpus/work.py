"""One shard through the model: what an engine has done, wherever it has it done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np

from inspector.corpus.bootstrap import REPLICATES, draws
from inspector.corpus.examples import Best
from inspector.corpus.measured.effects import EffectSums, refuse_effects
from inspector.corpus.measured.rungs import NAMES as RUNGS
from inspector.corpus.measured.rungs import sentence_ladder
from inspector.corpus.memory import hand_back
from inspector.corpus.planning import SHARD, Shard, batches
from inspector.corpus.record import LeftOut, Record, Tally
from inspector.corpus.sums import Sums
from inspector.corpus.treebank.syntax import SyntaxSums, batch_trees, found_arcs, joined, with_heads
from inspector.errors import ModelError
from inspector.parallel import one_blas_thread
from inspector.record import record
from inspector.records import TARGETS, Array, Batch, Float32, Float64, Text, pad
from inspector.session import load

if TYPE_CHECKING:
    from inspector.referee.loading import LoadedModel

Statistics = Literal["basic", "full", "effects"]
Dtype = Literal["float32", "bfloat16"]
#: Called with the number of sentences that are done.
Progress = Callable[[int], None]

#: Of the first shard, one such batch in so many runs in float32 too where the rest is bfloat16.
_COMPARED = 8
#: Batches after which freed memory is handed back: after each one would take a tenth of the time.
_HANDED_BACK = 4


@record(frozen=True, slots=True)
class Work:
    """What is to be done with every shard; small, so that it can be sent anywhere."""

    model: str
    device: str = "auto"
    dtype: Dtype = "float32"
    statistics: Statistics = "basic"
    truncate: bool = False
    seed: int = 0
    replicates: int = REPLICATES
    #: With effects: which sentences of the corpus they are measured on, by their places in it; None
    #: for all of them.
    sampled: tuple[int, ...] | None = None
    #: What the model has to be, so that no worker computes with another one; None for any.
    fingerprint: str | None = None


class Worker:
    """A model loaded once, for many shards.

    Parameters
    ----------
    work:
        What is to be done.
    loaded:
        The model, where it is there already.

    Raises
    ------
    InputError
        When the device is not there or has no such dtype.
    ModelError
        When the model cannot be had or read, or is another one than the work was planned for.
    """

    def __init__(self, work: Work, loaded: LoadedModel | None = None) -> None:
        from inspector.referee.fingerprint import fingerprint
        from inspector.referee.head_sums import STATISTICS
        from inspector.referee.streaming import Stream, refuse_dtype

        self.loaded = loaded or load(work.model, device=work.device)
        if work.fingerprint is not None and fingerprint(self.loaded) != work.fingerprint:
            raise ModelError(
                f"A worker has another {self.loaded.title} than the one that the run began with.",
                "Give all machines the same model.",
            )
        if work.statistics == "full" and self.loaded.checkpoint.attention is None:
            raise ModelError(
                f"{self.loaded.title} has no ladder: {self.loaded.checkpoint.no_rebuild}.",
                "Use --statistics basic.",
            )
        if work.statistics == "effects":
            refuse_effects(self.loaded)
        refuse_dtype(work.dtype, str(self.loaded.model.device))
        self._work = work
        self.stream = Stream(self.loaded, dtype=work.dtype)
        self._exact = self.stream if work.dtype == "float32" else Stream(self.loaded)
        self._limit = self.loaded.checkpoint.window
        # A tokenizer that does not say where its pieces stand may leave a text without words.
        dropped = () if self.loaded.tokenizer.is_fast else ("same_word",)
        self._kept = [at for at, name in enumerate(STATISTICS) if name not in dropped]
        plain = [STATISTICS[at] for at in self._kept]
        readings = ("", "_moved") if self.stream.moved else ("",)
        self.names = tuple(name + reading for reading in readings for name in plain)

    def measure(self, shard: Shard, progress: Progress = lambda _done: None) -> Record:
        """Run a shard and return what is kept of it.

        Raises
        ------
        MachineError
            When memory runs out.
        """
        # Two libraries with threads of their own would wait for each other's.
        with one_blas_thread():
            return self._measure(shard, progress)

    def _measure(self, shard: Shard, progress: Progress) -> Record:
        encoded, tally = self.encode(shard)
        progress(len(shard.sentences) - len(encoded))
        size = (self.stream.layers, self.stream.heads)
        basic = Sums.nothing(self.names, 1 + self._work.replicates, *size)
        permuted = Sums.nothing(self.names, 1, *size)
        masses = np.zeros((len(shard.sentences), *size, len(TARGETS)))
        queries = np.zeros(len(shard.sentences), dtype=np.int64)
        rungs: list[Sums] = []
        effects = EffectSums(
            self.loaded,
            self._work.sampled,
            1 + self._work.replicates,
            size,
            wanted=self._work.statistics == "effects",
        )
        syntax: list[SyntaxSums] = []
        shift = _Shift()
        for number, (places, together) in enumerate(batches(encoded)):
            keys = [shard.sentences[place].key for place in places]
            weights = draws(keys, self._work.seed, self._work.replicates)
            if number % _HANDED_BACK == 0:
                hand_back()
            batch = pad(together, self.stream.padding)
            trees = _Trees(shard, places, batch)
            found = self.stream.read(batch, trees.ask if trees else None)
            if trees:
                syntax.append(trees.sums())
            values = self._flat(found.values)
            counts = batch.queries[:, None, None, None].astype(np.float64)
            basic = basic.plus(Sums.weighted(self.names, weights, values, counts))
            permuted = permuted.plus(
                Sums.weighted(self.names, weights[:1], self._flat(found.permuted), counts)
            )
            masses[places] = self._masses(values / counts)
            queries[places] = batch.queries
            if self._work.statistics == "full":
                rungs.append(self._ladder(together, weights, lambda: progress(1)))
            elif self._work.statistics == "effects":
                numbers = [shard.index * SHARD + place for place in places]
                effects.add(numbers, together, weights, lambda: progress(1))
            else:
                progress(len(places))
            if self._exact is not self.stream and shard.index == 0 and number % _COMPARED == 0:
                shift.add(values, self._flat(self._exact.read(batch).values), counts)
        return Record(
            tally=tally,
            basic=basic,
            permuted=permuted,
            ladder=_total(rungs, 1 + self._work.replicates, *size)
            if self._work.statistics == "full"
            else None,
            effects=effects.heads,
            explanations=effects.explanations,
            best=Best.of(shard.sentences, masses, queries),
            keys=np.array([one.key for one in shard.sentences], dtype=np.int64),
            syntax=joined(syntax) if syntax else None,
            shift=shift.largest(self.names),
        )

    def encode(self, shard: Shard) -> tuple[dict[int, Text], Tally]:
        """Return the sentences that can be read, by their places in the shard."""
        from inspector.referee.encoding import encode_many

        found: dict[int, Text] = {}
        plain = [at for at, one in enumerate(shard.sentences) if one.tree is None]
        trees = [at for at, one in enumerate(shard.sentences) if one.tree is not None]
        for places, texts in (
            (plain, [shard.sentences[at].text for at in plain]),
            (trees, [list(tree.words) for one in shard.sentences if (tree := one.tree)]),
        ):
            encoded = encode_many(
                self.loaded.tokenizer, texts, limit=self._limit, truncate=self._work.truncate
            )
            found |= dict(zip(places, encoded, strict=True))
        unreadable = {at for at, one in found.items() if one.special.all()}
        too_long = {
            at for at, one in found.items() if self._limit is not None and len(one) > self._limit
        } - unreadable
        for at in unreadable | too_long:
            del found[at]
        left_out = [
            LeftOut.of([shard.sentences[at].key for at in sorted(places)])
            for places in (too_long, unreadable)
        ]
        return found, Tally(
            sentences=len(found),
            tokens=sum(len(one) for one in found.values()),
            queries=sum(int((~one.special).sum()) for one in found.values()),
            truncated=sum(one.truncated_from is not None for one in found.values()),
            first_is_content=sum(not one.special[0] for one in found.values()),
            too_long=left_out[0],
            unreadable=left_out[1],
        )

    def _flat(self, values: Float64) -> Float64:
        """(B, M, N, H, K) → (B, N, H, M·K), in the order of ``names``."""
        kept = np.moveaxis(values[..., self._kept], 1, 3)
        return kept.reshape(*kept.shape[:3], -1)

    def _masses(self, means: Float64) -> Float64:
        """Return the mean masses on each of ``TARGETS``, (B, N, H, targets); NaN for none."""
        columns = [self.names.index(name) if name in self.names else None for name in TARGETS]
        blank = np.full(means.shape[:3], np.nan)
        return np.stack([blank if at is None else means[..., at] for at in columns], axis=-1)

    def _ladder(self, together: list[Text], weights: Float64, done: Callable[[], None]) -> Sums:
        measured = []
        for one in together:
            measured.append(sentence_ladder(self.loaded, one))
            done()
        values = np.stack([sums for sums, _ in measured])
        counts = np.stack([counted for _, counted in measured])
        return Sums.weighted(RUNGS, weights, values, counts)


class _Trees:
    """The trees of the sentences of a batch that have one, asked layer by layer."""

    def __init__(self, shard: Shard, places: list[int], batch: Batch) -> None:
        found = [
            (row, place, tree)
            for row, place in enumerate(places)
            if (tree := shard.sentences[place].tree) is not None
        ]
        self._rows = [row for row, _, _ in found]
        self._all = len(found) == len(places)
        self._layers: list[Float32] = []
        self._trees = batch_trees(
            [tree for _, _, tree in found],
            batch.words[self._rows],
            [place for _, place, _ in found],
        )

    def __bool__(self) -> bool:
        return bool(self._rows)

    def ask(self, _layer: int, attention: Array) -> None:
        """Look in one layer, (B, H, T, T), which arcs its heads find."""
        rows = attention if self._all else attention[self._rows]
        self._layers.append(found_arcs(rows, self._trees))

    def sums(self) -> SyntaxSums:
        return with_heads(self._trees, self._layers)


class _Shift:
    """How far bfloat16 moves the means, on the batches that ran both ways."""

    def __init__(self) -> None:
        self._moved: list[Float64] = []
        self._counts = 0.0

    def add(self, values: Float64, exact: Float64, counts: Float64) -> None:
        self._moved.append((values - exact).sum(axis=0))
        self._counts += float(counts.sum())

    def largest(self, names: tuple[str, ...]) -> dict[str, float]:
        """Return the largest change of any head's mean by statistic; empty without a batch."""
        if not self._moved:
            return {}
        change = np.abs(np.sum(self._moved, axis=0)).max(axis=(0, 1)) / self._counts
        return {name: float(value) for name, value in zip(names, change, strict=True)}


def _total(parts: list[Sums], weights: int, layers: int, heads: int) -> Sums:
    nothing = np.zeros((weights, layers, heads, len(RUNGS)))
    total = Sums(RUNGS, nothing, nothing)
    for part in parts:
        total = total.plus(part)
    return total
