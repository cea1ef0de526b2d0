"""Does it matter, over a corpus: every head silenced and every word blocked, sentence by sentence.

Measured as everywhere (``analysis/effects.py``), by our own forward, on a sample of the sentences:
each takes as long as many plain passes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from inspector.analysis.effects import measure_effects
from inspector.corpus.sums import Sums
from inspector.errors import ModelError
from inspector.forward.model import forward
from inspector.records import Float64, Text
from inspector.records.effects import READINGS

if TYPE_CHECKING:
    from inspector.referee.loading import LoadedModel

NAMES = ("effect",)
#: The readings that have a correlation with what they are set beside: not the same for every token.
RUNGS = tuple(rung for rung in READINGS if rung != "uniform")
EXPLANATIONS = tuple(f"{rung}_{part}" for rung in RUNGS for part in ("rank_correlation", "top1"))


def sampled(sentences: int, size: int | None, seed: int) -> tuple[int, ...] | None:
    """Return which sentences of a corpus are measured, by their places in it; None for all."""
    if size is None or size >= sentences:
        return None
    drawn = np.random.default_rng(seed).choice(sentences, size, replace=False)
    return tuple(sorted(int(at) for at in drawn))


def refuse_effects(loaded: LoadedModel) -> None:
    """Refuse a model that our own forward does not run.

    Raises
    ------
    ModelError
        Saying why.
    """
    if (reason := loaded.checkpoint.cannot_run) is not None:
        raise ModelError(
            f"{loaded.checkpoint.title} has no effects: our own forward does not run it, {reason}.",
            "Use --statistics basic.",
        )


def sentence_effects(loaded: LoadedModel, text: Text) -> tuple[Float64, Float64, Float64]:
    """Return of one sentence the effect of every head, (N, H, 1), and the second ladder's numbers.

    The latter are (1, 1, K) in the order of ``EXPLANATIONS``, and whether each is there: of one
    word, and where a side is constant, there is no correlation.
    """
    trace = forward(loaded.checkpoint, text)
    found = measure_effects(loaded.checkpoint, trace)
    effects = np.zeros((len(trace.layers), trace.heads, len(NAMES)))
    for one in found.heads or ():
        effects[one.layer, one.head] = one.effect.size
    told = {one.rung: (one.rank_correlation, one.top1) for one in found.explanations}
    numbers = [number for rung in RUNGS for number in told.get(rung, (None, None))]
    there = np.array([number is not None for number in numbers], dtype=np.float64)
    values = np.array([number or 0.0 for number in numbers])
    return effects, values.reshape(1, 1, -1), there.reshape(1, 1, -1)


class EffectSums:
    """The effects of the sampled sentences of a shard; None where they are not wanted.

    ``weights`` is how many each sentence has: 1, and the bootstrap's.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        sample: tuple[int, ...] | None,
        weights: int,
        size: tuple[int, int],
        *,
        wanted: bool,
    ) -> None:
        self._loaded = loaded
        self._sample = None if sample is None else frozenset(sample)
        self.heads: Sums | None = None
        self.explanations: Sums | None = None
        if wanted:
            self.heads = Sums.nothing(NAMES, weights, *size)
            nothing = np.zeros((weights, 1, 1, len(EXPLANATIONS)))
            self.explanations = Sums(EXPLANATIONS, nothing, nothing)

    def add(
        self, numbers: list[int], texts: list[Text], weights: Float64, done: Callable[[], None]
    ) -> None:
        """Measure those of a batch that are of the sample; ``numbers`` are their places."""
        if self.heads is None or self.explanations is None:
            return
        for column, (number, text) in enumerate(zip(numbers, texts, strict=True)):
            if self._sample is None or number in self._sample:
                drawn = weights[:, [column]]
                effects, told, there = sentence_effects(self._loaded, text)
                counts = np.ones((1, 1, 1, 1))
                self.heads = self.heads.plus(Sums.weighted(NAMES, drawn, effects[None], counts))
                self.explanations = self.explanations.plus(
                    Sums.weighted(EXPLANATIONS, drawn, told[None], there[None])
                )
            done()
