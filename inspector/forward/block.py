"""One block: attention, and the feed-forward behind it or beside it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

import numpy as np

from inspector.forward.activations import activate
from inspector.forward.attention import attention_of
from inspector.forward.cache import Cache
from inspector.forward.casting import cast
from inspector.forward.feed_forward import feed_forward
from inspector.forward.norms import apply_norm
from inspector.parallel import ALONE, Workers
from inspector.record import record
from inspector.records import (
    Adapter,
    Array,
    AttentionLayer,
    Block,
    Convolution,
    Edit,
    Experts,
    Mask,
    Norm,
    Norms,
    RebuiltLayer,
    SiteName,
    TracedLayer,
)


@record(frozen=True, slots=True)
class Around:
    """What is the same for every block of a stack."""

    site: SiteName
    workers: Workers
    #: What is changed for each of the texts, which stand below one another in all states.
    edits: tuple[tuple[Edit, ...], ...] = ((),)
    #: (T,) False where a token of the stack's own text is padding; None where none is.
    present: Mask | None = None
    #: (B·S, D) the encoder's last states, and which of its tokens are no padding.
    encoder_states: Array | None = None
    encoder_present: Mask | None = None
    #: What the stack has read before; None where it begins.
    cache: Cache | None = None
    #: How attention is computed where no matrix is to be whole; None where they are.
    by_rows: ByRows | None = None


class ByRows(Protocol):
    """Attention of one whole text of which nobody keeps the weights."""

    def __call__(
        self, layer: int, hidden: Array, known: AttentionLayer, workers: Workers
    ) -> tuple[Array, Array]:
        """Return the layer's normed states and what its attention gives, (T, D) both."""
        ...


@record(frozen=True, slots=True)
class Attended:
    """One attention sub-layer: what entered it, and what became of that."""

    hidden: Array
    #: (B·T, D) what the projections received.
    states: Array
    #: All that it computed; None where no matrix was whole.
    whole: RebuiltLayer | None

    @property
    def computed(self) -> RebuiltLayer:
        """All that it computed.

        Raises
        ------
        ValueError
            When no matrix was whole.
        """
        if self.whole is None:
            raise ValueError("of attention that went by rows nothing is kept")
        return self.whole

    @property
    def traced(self) -> TracedLayer:
        """The same as a model's trace has it."""
        done = self.computed
        return TracedLayer(
            done.site, done.layer, self.hidden, done.attention, done.output, done.encoder_states
        )


def run_block(
    states: Array, block: Block, layer: int, around: Around
) -> tuple[Array, list[Attended]]:
    """Return the states behind a block, (B·T, D), and its attention: its own, then on the encoder.

    Texts of one length, B of them, may go through a block at once, each with its own edits.
    """
    block = cast(block, states.dtype.type)
    through, attended = _run_block(states, block, layer, around)
    if block.convolution is not None:
        texts = len(around.edits)
        pairs = zip(np.split(through, texts), np.split(states, texts), strict=True)
        each = [convolve(*pair, block.convolution, around.present) for pair in pairs]
        through = np.concatenate(each)
    return through, attended


def _run_block(
    states: Array, block: Block, layer: int, around: Around
) -> tuple[Array, list[Attended]]:
    # Experts choose among all tokens; whatever else is behind attention goes row by row.
    experts = isinstance(block.feed_forward, Experts)
    last = partial(_behind, block=block, fed=not experts)
    if block.cross is None:
        rows = partial(last, norms=block.attention_norms)
        through, own = _attend(states, block.attention, rows, around, around.site, layer)
        attended = [own]
    else:
        rows = partial(_behind, block=block, fed=False, norms=block.attention_norms)
        heard, own = _attend(states, block.attention, rows, around, around.site, layer)
        rows = partial(last, norms=block.cross_norms)
        through, cross = _attend(heard, block.cross, rows, around, "cross", layer)
        attended = [own, cross]
    if experts:
        through = _fed(through, states, own.states, block, around.workers)
    return through, attended


def _attend(
    states: Array,
    known: AttentionLayer,
    rows: Callable[[Array, Array, Array], Array],
    around: Around,
    site: SiteName,
    layer: int,
) -> tuple[Array, Attended]:
    """Return what ``rows`` makes of the states and their attention, and that.

    It is given some of the states, what the projections received of them, and their output.
    """
    through = np.empty_like(states)

    def behind(part: slice, read: Array, output: Array) -> None:
        through[part] = rows(states[part], read[part], output[part])

    if around.by_rows is not None:
        read, output = around.by_rows(layer, states, known, around.workers)
        around.workers.over(len(states), lambda part: behind(part, read, output))
        return through, Attended(states, read, None)
    cross, cache, past = site == "cross", around.cache, None
    if cache is not None:
        past = cache.cross(layer) if cross else cache.own(layer)
    computed = attention_of(
        states,
        known,
        site=site,
        layer=layer,
        encoder_states=around.encoder_states if cross else None,
        present=around.encoder_present if cross else around.present,
        edits=around.edits,
        first=0 if cache is None else cache.tokens,
        past=past,
        workers=around.workers,
        behind=behind,
    )
    return through, Attended(states, computed.states, computed)


def _behind(
    states: Array, read: Array, output: Array, *, norms: Norms, block: Block, fed: bool
) -> Array:
    """Return the residual stream behind an attention sub-layer, or behind the feed-forward too."""
    if block.parallel:
        through: Array = states + output
    else:
        stays = read if block.residual_is_normed else states
        given = _multiplied(_normed(output, norms.inside, ALONE), norms)
        through = _normed(stays + given, norms.after, ALONE)
    return _fed(through, states, read, block, ALONE) if fed else through


def _fed(states: Array, entered: Array, read: Array, block: Block, workers: Workers) -> Array:
    """Return the residual stream behind the feed-forward, from that behind attention.

    Beside attention the feed-forward reads what ``entered`` the block, through a norm of its own,
    or what attention's projections ``read``.
    """
    norms = block.feed_forward_norms
    if block.parallel:
        beside = read if norms.before is None else _normed(entered, norms.before, workers)
        through: Array = states + feed_forward(beside, block.feed_forward, workers)
        return through
    normed = _normed(states, norms.before, workers)
    given = _normed(feed_forward(normed, block.feed_forward, workers), norms.inside, workers)
    given = _multiplied(given, norms)
    given += normed if block.residual_is_normed else states
    if block.adapter is not None:
        given = _adapted(given, block.adapter, workers)
    return _normed(given, norms.after, workers)


def _adapted(states: Array, adapter: Adapter, workers: Workers) -> Array:
    """Return the states behind an adapter (Pfeiffer et al. 2022, "Lifting the Curse")."""
    normed = _normed(states, adapter.norm, workers)
    given = feed_forward(normed, adapter.feed_forward, workers)
    given += normed if adapter.residual_is_normed else states
    return given


def _multiplied(given: Array, norms: Norms) -> Array:
    return given if norms.factor is None else given * given.dtype.type(norms.factor)


def _normed(states: Array, norm: Norm | None, workers: Workers) -> Array:
    return states if norm is None else apply_norm(states, norm, workers)


def convolve(states: Array, entered: Array, weights: Convolution, present: Mask | None) -> Array:
    """Return the first block's states with a convolution over what entered it added, and normed.

    He et al. 2021, "DeBERTa", version 2: each token hears its neighbours once as they are.
    ``entered`` and ``states`` are (T, D).
    """
    weights = cast(weights, states.dtype.type)
    width, channels, size = weights.weight.shape
    padded = np.pad(entered, (((size - 1) // 2, size // 2), (0, 0)))
    groups = padded.reshape(len(padded), weights.groups, channels)
    kernel = weights.weight.reshape(weights.groups, width // weights.groups, channels, size)
    heard: Array = np.zeros_like(states)
    for step in range(size):
        here = groups[step : step + len(entered)].swapaxes(0, 1)
        heard += (
            (here @ kernel[..., step].swapaxes(1, 2)).swapaxes(0, 1).reshape(len(entered), width)
        )
    heard += weights.bias
    if present is not None:
        heard[~present] = 0
    activate(weights.activation, heard)
    heard += states
    result = apply_norm(heard, weights.norm)
    if present is not None:
        result[~present] = 0
    return result
