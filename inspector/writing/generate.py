"""Writing on: a causal stack asked for the next token, again and again.

Each token costs one pass of itself alone: keys and values of what went before are kept
(``forward/cache.py``). The likeliest is taken, or one is drawn from the softmax of logits divided
by the temperature, of all entries or of the ``top_k`` likeliest (Fan et al. 2018, "Hierarchical
Neural Story Generation"). What a checkpoint says besides of how it likes to write, beams,
penalties, tokens that are forced, is left aside: what is shown are the model's own probabilities.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np

from inspector.forward.cache import Cache
from inspector.forward.head import word_logits
from inspector.forward.model import forward
from inspector.parallel import Workers
from inspector.records import Array, Candidate, Checkpoint, Float64, Text
from inspector.records.generation import Generation, Writing, WrittenToken


def generate(
    checkpoint: Checkpoint,
    text: Text,
    target: Text | None,
    asked: Writing,
    *,
    ends: Collection[int],
    read: Callable[[int], str],
) -> Generation:
    """Write on behind a text, or behind the target with which a decoder begins.

    Stops behind an entry of ``ends``, or when ``asked.tokens`` have been written.
    ``read`` says what an entry of the vocabulary reads as.

    Raises
    ------
    ModelError
        When nobody knows how this checkpoint is put together.
    ValueError
        When it has no head for words, or when attention is not causal.
    """
    if checkpoint.model is None or checkpoint.model.head is None:
        raise ValueError("a model without a head for words writes none")
    choose = Choice(asked)
    written: list[WrittenToken] = []
    for row in _rows(checkpoint, text, target, written):
        entry, shares = choose(row), softmax(row)
        second = runner_up(shares, entry)
        written.append(
            WrittenToken(
                entry,
                float(shares[entry]),
                Candidate(second, read(second), float(shares[second])),
            )
        )
        if len(written) == asked.tokens or entry in ends:
            break
    return Generation(
        asked=asked,
        text=text,
        target=target,
        tokens=tuple(written),
        ended=written[-1].id in ends,
    )


def _rows(
    checkpoint: Checkpoint, text: Text, target: Text | None, written: list[WrittenToken]
) -> Iterator[Array]:
    """Yield the logits of what comes next, (V,): behind the text, then behind each token of it.

    Each time it is asked for more, ``written`` has one token more.
    """
    model, cache = checkpoint.model, Cache()
    if model is None or model.head is None:
        raise ValueError("a model without a head for words writes none")
    begun = text if target is None else target
    new = begun
    while True:
        if any(cache.tokens <= window < cache.tokens + len(new) for window in model.rope_windows):
            # From here on all that was read is turned otherwise.
            cache, new = Cache(), _reached(begun, written)
        trace = forward(
            checkpoint,
            new if target is None else text,
            None if target is None else new,
            cache=cache,
            keep=(),
        )
        if trace.final is None:
            raise ValueError("a pass without final states")
        with Workers(1) as workers:
            logits = word_logits(trace.final[-1:], model.head, workers)
        yield logits[0]
        new = _reached(begun, written, from_token=len(written) - 1)


def _reached(begun: Text, written: Sequence[WrittenToken], from_token: int | None = None) -> Text:
    """Return the text with what was written behind it, or only what was from a token on."""
    ids = np.array([token.id for token in written[from_token or 0 :]], dtype=np.int64)
    types = begun.token_types
    # What is written is of the segment that it is written in.
    its = None if types is None else np.repeat(types[-1:], len(ids))
    if from_token is None:
        ids = np.concatenate([begun.ids, ids])
        its = None if types is None or its is None else np.concatenate([types, its])
    return replace(Text.of_ids(ids), token_types=its)


class Choice:
    """How the next token is chosen, one after the other; the same seed chooses the same."""

    def __init__(self, asked: Writing) -> None:
        self._asked = asked
        self._random = np.random.default_rng(asked.seed)

    def __call__(self, logits: Array) -> int:
        """Return an entry of the vocabulary, from its logits, (V,)."""
        asked = self._asked
        if asked.greedy:
            return int(np.argmax(logits))
        # In the order of their likelihood, so that a draw near an edge falls among neighbours.
        order = np.argsort(-logits, kind="stable")[: asked.top_k]
        below = logits[order].astype(np.float64) - logits[order[0]]
        with np.errstate(over="ignore"):  # −∞ is what is meant: then it is never drawn
            shares = softmax(below / (asked.temperature or 1.0))
        drawn = np.searchsorted(np.cumsum(shares), self._random.random(), side="right")
        return int(order[min(int(drawn), len(order) - 1)])


def runner_up(shares: Float64, entry: int) -> int:
    """Return the likeliest entry beside the given one."""
    others = shares.copy()
    others[entry] = -1
    return int(np.argmax(others))


def softmax(logits: Array) -> Float64:
    """Return the probabilities of logits, (V,), in float64."""
    powers: Float64 = np.exp(logits.astype(np.float64) - logits.max())
    powers /= powers.sum()
    return powers
