"""Which positions are sinks: keys that take much of everybody's attention, whatever they are.

A first position that nearly all attention rests on is a sink whether or not its token is special
(Xiao et al. 2023, "Efficient Streaming Language Models with Attention Sinks"; Gu et al. 2025, "When
Attention Sink Emerges in Language Models"). So a sink is known by what a position does, over all
layers and heads of a site. The share of a key is the mean of A_ij over layers, heads and the
queries i that can see it; in self-attention without itself, which hears itself for other reasons.

- A key with a share of at least 0.3 is a sink.
- So is a later key with at least half of that whose states are at least half as large again as
  usual: such a second sink has a smaller share and the same large norm (Sun et al. 2024, "Massive
  Activations in Large Language Models").
- Neither is a key that takes about what an even spread would give it, which is much in a text of
  three words, or that fewer than two queries can see.

How much of what moves comes from a sink is said beside its share, and decides nothing.
"""

from __future__ import annotations

import numpy as np

from inspector.forward.core import transformed_norms
from inspector.record import record
from inspector.records import (
    Array,
    Float64,
    Mask,
    Rebuild,
    RebuiltLayer,
    Sink,
    SiteName,
    Text,
    Trace,
    TracedLayer,
)

#: From which share on a key is a sink, and from which a later one that is as large.
SINK_FROM = 0.3
LATER_FROM = SINK_FROM / 2
#: How much larger its states are than the text's median.
_LARGE = 1.5
#: How many times what an even spread would give it a sink takes at least.
_UNEVEN = 1.1
#: One query is not everybody.
_QUERIES = 2


def find_sinks(trace: Trace, rebuild: Rebuild) -> tuple[Sink, ...]:
    """Return the sinks of every site, in the order of the sites and of their texts."""
    return tuple(sink for site in trace.sites for sink in _sinks_of(trace, rebuild, site))


def sink_keys(sinks: tuple[Sink, ...], site: SiteName) -> list[int]:
    """Return which keys of a site are sinks."""
    return [sink.index for sink in sinks if sink.site == site]


def _sinks_of(trace: Trace, rebuild: Rebuild, site: SiteName) -> list[Sink]:
    asking, attended = trace.texts(site)
    return sinks_among(_measure(trace, rebuild, site, same=asking is attended), site, attended)


def sinks_among(measured: Measured, site: SiteName, attended: Text) -> list[Sink]:
    """Return which of a text's keys are sinks, by what they do."""
    enough = (measured.queries >= _QUERIES) & (measured.share >= _UNEVEN * measured.even)
    plain = enough & (measured.share >= SINK_FROM)
    after = np.arange(len(plain)) > (np.argmax(plain) if plain.any() else len(plain))
    later = enough & after & (measured.share >= LATER_FROM) & (measured.norm >= _LARGE)
    shown = attended.shown
    return [
        Sink(
            site=site,
            index=int(at),
            token=shown[at],
            share=float(measured.share[at]),
            value_weighted_share=None
            if measured.moved is None or np.isnan(measured.moved[at])
            else float(measured.moved[at]),
        )
        for at in np.flatnonzero(plain | later)
    ]


@record(frozen=True, slots=True)
class Measured:
    """What the S keys of a site do."""

    #: (S,) how many queries can see a key in some layer, but for itself.
    queries: Float64
    #: (S,) mean weight, and what it would be if every query spread its attention evenly.
    share: Float64
    even: Float64
    #: (S,) mean share of ‖A_ij·v_j·Wo‖; None without a rebuild from the weights.
    moved: Float64 | None
    #: (S,) mean over layers of the norm of its states beside the median.
    norm: Float64


def _measure(trace: Trace, rebuild: Rebuild, site: SiteName, *, same: bool) -> Measured:
    indices = trace.indices(site)
    keys = trace.layers[indices[0]].attention.shape[2]
    weight, even, moved, pairs, queries, norm = np.zeros((6, keys))
    for index in indices:
        layer = trace.layers[index]
        heads = len(layer.attention)
        seen = _seen(layer, rebuild, index)
        spread = seen / np.maximum(seen.sum(axis=1, keepdims=True), 1)
        if same:
            # The diagonal is taken off: what a position gives to itself says nothing of others.
            np.fill_diagonal(seen, val=False)
            np.fill_diagonal(spread, 0)
        count = seen.sum(axis=0, dtype=np.float64)
        queries = np.maximum(queries, count)
        pairs += heads * count
        ones = np.ones(layer.attention.shape[:2], dtype=layer.attention.dtype)
        weight += _received(layer.attention, ones, same=same).sum(axis=0)
        even += heads * spread.sum(axis=0)
        norm += relative_norm(layer.hidden if layer.key_states is None else layer.key_states)
        if rebuild.from_weights:
            moved += _moved(layer.attention, rebuild.from_weights[index], same=same).sum(axis=0)
    with np.errstate(invalid="ignore"):
        return Measured(
            queries=queries,
            share=weight / pairs,
            even=even / pairs,
            moved=moved / pairs if rebuild.from_weights else None,
            norm=norm / len(indices),
        )


def _seen(layer: TracedLayer, rebuild: Rebuild, index: int) -> Mask:
    """Return which query can see which key, (T, S); without a rebuild, what any head attends to."""
    if rebuild.layers:
        return rebuild.layers[index].visible.copy()
    seen: Mask = np.any(layer.attention > 0, axis=0)
    return seen


def _received(attention: Array, factor: Array, *, same: bool) -> Float64:
    """Return Σ_i f_hi·A_hij for every head and key, (H, S), without i = j within one text."""
    total: Float64 = np.matmul(factor[:, None, :], attention)[:, 0].astype(np.float64)
    if same:
        total -= factor * np.diagonal(attention, axis1=1, axis2=2)
    return total


def _moved(attention: Array, rebuilt: RebuiltLayer, *, same: bool) -> Float64:
    """Return Σ_i of the shares of ‖A_ij·v_j·Wo‖ in their rows for every head and key, (H, S)."""
    lengths = transformed_norms(rebuilt.value, rebuilt.output_projection, len(attention))
    rows = np.matmul(attention, lengths[:, :, None])[:, :, 0]
    factor = np.divide(1, rows, out=np.zeros_like(rows), where=rows > 0)
    return _received(attention, factor, same=same) * lengths


def relative_norm(states: Array) -> Float64:
    """Return the norms of the states that keys are made from, (S, D), beside their median."""
    norms = np.linalg.norm(states.astype(np.float64), axis=1)
    # By hand: NumPy's own imports its masked arrays first, a sixtieth of what a short text takes.
    ordered = np.sort(norms)
    median = float(ordered[(len(norms) - 1) // 2] + ordered[len(norms) // 2]) / 2
    return norms / median if median > 0 else np.ones_like(norms)
