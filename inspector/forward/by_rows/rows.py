"""Attention of a long text, a block of query rows at a time: no matrix is ever whole.

Everything but the weights themselves is linear in the text, and every reading of them is a fold
over rows. So a block of rows of one head is computed, mixed, shown to whoever watches, and its
memory used again. The formula is ``core``'s; a row is divided by its sum only where it is small
already, behind the product with the values (Rabe and Staats 2021, "Self-attention Does Not Need
O(n²) Memory"). In a causal model the keys ahead, and outside a window those too far behind, are not
computed at all.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from inspector.forward.attention import Asked, learned_positions, normed, of_themselves
from inspector.forward.biases import bias_of, expand
from inspector.forward.cache import Offered
from inspector.forward.core import FORBIDDEN, cap, visible
from inspector.forward.products import project
from inspector.parallel import ALONE, Workers
from inspector.record import record
from inspector.records import (
    Array,
    AttentionConfig,
    AttentionLayer,
    Bias,
    DistanceVectors,
    Mask,
)

#: Numbers of a block: it and its exponentials stay in a core's own cache.
_BLOCK = 1 << 17
#: Rows of a block, at the least: with fewer, the product reads the keys too often.
_ROWS = 16


@record(frozen=True, slots=True)
class Rows:
    """Some rows of one head's attention, the memory of which is used again afterwards."""

    head: int
    #: Which queries the R rows are of, and to which K keys some of them may attend.
    queries: slice
    keys: slice
    #: (R, K) e^(s − m): weights times ``totals``, 0 where a query may not attend.
    powers: Array
    #: (R,) what a row is to be divided by; a sink's share is in it.
    totals: Array
    #: (R,) the entropy in nats, in which a sink is one more key.
    entropies: Array
    #: (R, d) what the rows mix of the values.
    mixed: Array


#: Is shown every block once, from several threads.
Watch = Callable[[Rows], None]


@record(frozen=True, slots=True)
class Prepared:
    """One layer's attention before any weight is computed."""

    #: (T, D) what the projections received.
    states: Array
    asked: Asked
    offered: Offered
    bias: Bias | None


def prepare(hidden: Array, known: AttentionLayer, workers: Workers = ALONE) -> Prepared:
    """Return queries, keys, values and biases of a layer of one whole text, (T, D)."""
    weights, config = known.weights, known.config
    states = normed(hidden, weights.norm, workers)
    present = np.ones(len(states), dtype=np.bool_)
    learned = learned_positions(weights)
    return Prepared(
        states,
        *of_themselves(states, known, workers=workers),
        bias_of(config.positions, learned, present, len(states), hidden.dtype.type),
    )


def attend_by_rows(
    prepared: Prepared,
    known: AttentionLayer,
    *,
    watch: Watch | None = None,
    blocked: Mask | None = None,
    workers: Workers,
) -> Array:
    """Return what a layer's attention gives, (T, D), and show every block of rows to ``watch``.

    ``blocked``, (T,), is True where a key is attended to by nobody but itself.
    """
    heads, tokens, _ = prepared.asked.query.shape
    value = prepared.offered.value
    merged = np.empty((tokens, heads * value.shape[2]), dtype=value.dtype)
    blocks = _blocks(known.config, heads, tokens)
    # In turn: late rows of a causal head are many times as long as early ones.
    blocks = [one for part in range(workers.count) for one in blocks[part :: workers.count]]

    def work(some: slice) -> None:
        space: list[Array] = []
        for head, queries, keys in blocks[some]:
            rows = rows_of(prepared, known, head, queries, keys, blocked=blocked, space=space)
            at = head * value.shape[2]
            merged[queries, at : at + value.shape[2]] = rows.mixed
            if watch is not None:
                watch(rows)

    workers.over(len(blocks), work)
    return project(merged, known.weights.output, workers)


def rows_of(
    prepared: Prepared,
    known: AttentionLayer,
    head: int,
    queries: slice,
    keys: slice,
    *,
    blocked: Mask | None = None,
    space: list[Array] | None = None,
) -> Rows:
    """Return some rows of a head; ``keys`` are all that any of them may attend to.

    ``blocked`` is ``attend_by_rows``'s, (T,). ``space`` keeps the memory of the largest block so
    far, for the next one, which overwrites the ``powers`` that were returned.
    """
    config = known.config
    query, key = prepared.asked.query, prepared.offered.key
    shared = len(query) // len(key)
    scores, powers = _room(queries, keys, query.dtype, [] if space is None else space)
    scaled = query[head, queries] * query.dtype.type(config.scale)
    np.matmul(scaled, key[head // shared, keys].T, out=scores)
    if config.softcap is not None:
        cap(scores, config.softcap)
    if prepared.bias is not None:
        part = _bias_of_rows(prepared.bias, len(query[head]), queries, keys)
        its = slice(head // shared, head // shared + 1)
        added = expand(
            _of_head(part, head), query[head : head + 1, queries], key[its, keys], config.scale
        )
        if added is not None:
            scores += added[0]
    _forbid(scores, config, queries, keys, blocked)
    largest = scores.max(axis=1)
    sink = None if known.weights.sink is None else known.weights.sink[head]
    if sink is not None:
        np.maximum(largest, sink, out=largest)
    scores -= largest[:, None]
    np.exp(scores, out=powers)
    totals = powers @ np.ones(powers.shape[1], dtype=powers.dtype)
    weighted = np.vecdot(powers, scores)
    if sink is not None:
        beside = np.exp(sink - largest)
        totals += beside
        weighted += beside * (sink - largest)
    return Rows(
        head=head,
        queries=queries,
        keys=keys,
        powers=powers,
        totals=totals,
        entropies=np.log(totals) - weighted / totals,
        mixed=powers @ prepared.offered.value[head // shared, keys] / totals[:, None],
    )


def whole_rows(
    prepared: Prepared, known: AttentionLayer, rows: NDArray[np.intp]
) -> tuple[Array, Array]:
    """Return the weights of R queries, (H, R, T), and what they mix of the values, (R, H, d)."""
    query, value = prepared.asked.query, prepared.offered.value
    heads, tokens, _ = query.shape
    attention = np.zeros((heads, len(rows), tokens), dtype=query.dtype)
    mixed = np.empty((len(rows), heads, value.shape[2]), dtype=query.dtype)
    for place, at in enumerate(rows.tolist()):
        queries = slice(at, at + 1)
        keys = reach(known.config, queries, tokens)
        for head in range(heads):
            row = rows_of(prepared, known, head, queries, keys)
            attention[head, place, keys] = row.powers[0] / row.totals[0]
            mixed[place, head] = row.mixed[0]
    return attention, mixed


def reach(config: AttentionConfig, queries: slice, tokens: int) -> slice:
    """Return the keys to which some of these queries may attend."""
    first, last = 0, tokens
    if config.window is not None:
        first = max(0, queries.start - config.window + 1)
        last = min(tokens, queries.stop + config.window - 1)
    return slice(first, min(last, queries.stop) if config.causal else last)


def _blocks(config: AttentionConfig, heads: int, tokens: int) -> list[tuple[int, slice, slice]]:
    """Part every head into blocks of rows, each with the keys that its rows can see."""
    found = []
    first = 0
    while first < tokens:
        rows = tokens - first
        while rows > _ROWS and rows * _keys(config, first, rows, tokens) > _BLOCK:
            rows //= 2
        queries = slice(first, min(tokens, first + max(rows, _ROWS)))
        found.append((queries, reach(config, queries, tokens)))
        first = queries.stop
    return [(head, *block) for head in range(heads) for block in found]


def _keys(config: AttentionConfig, first: int, rows: int, tokens: int) -> int:
    return _width(reach(config, slice(first, first + rows), tokens))


def _width(part: slice) -> int:
    return int(part.stop - part.start)


def _room(
    queries: slice, keys: slice, dtype: np.dtype[np.floating], space: list[Array]
) -> tuple[Array, Array]:
    """Return memory for a block's scores and its exponentials, (R, K) each; ``space`` grows."""
    shape = _width(queries), _width(keys)
    size = shape[0] * shape[1]
    if not space or space[0].size < size:
        space[:] = [np.empty(size, dtype=dtype) for _ in range(2)]
    first, second = (one[:size].reshape(shape) for one in space)
    return first, second


def _forbid(
    scores: Array, config: AttentionConfig, queries: slice, keys: slice, blocked: Mask | None
) -> None:
    """Overwrite, in place, the scores of the keys that a query may not attend to."""
    forbidden = scores.dtype.type(FORBIDDEN)
    start, rows = queries.start, _width(queries)
    if blocked is not None and blocked[keys].any():
        own = scores[np.arange(rows), np.arange(start, start + rows) - keys.start]
        scores[:, blocked[keys]] = forbidden
        scores[np.arange(rows), np.arange(start, start + rows) - keys.start] = own
    if config.window is not None:
        allowed = visible(config, rows, _width(keys), None, start - keys.start)
        scores[~allowed] = forbidden
    elif config.causal:
        # Up to the block's own square everything is behind.
        ahead = ~visible(config, rows)
        scores[:, start - keys.start :][ahead] = forbidden


def _bias_of_rows(bias: Bias, tokens: int, queries: slice, keys: slice) -> Bias:
    """Return what is added to the scores of some queries on some keys, as compact as before."""
    if bias.by_key is not None:
        return Bias(by_key=bias.by_key[:, keys])
    # From the distance of the last query and the first key on.
    first = keys.start - (queries.stop - 1) + tokens - 1
    part = slice(first, first + _width(queries) + _width(keys) - 1)
    if bias.by_distance is not None:
        return Bias(by_distance=bias.by_distance[:, part])
    if bias.vectors is None:
        raise ValueError("a bias without any part")
    vectors = bias.vectors
    return Bias(vectors=DistanceVectors(vectors.rows[part], vectors.keys, vectors.queries))


def _of_head(bias: Bias, head: int) -> Bias:
    its = slice(head, head + 1)
    if bias.by_key is not None:
        return Bias(by_key=bias.by_key[its])
    if bias.by_distance is not None:
        return Bias(by_distance=bias.by_distance[its])
    if bias.vectors is None:
        raise ValueError("a bias without any part")
    keys, queries = (
        None if part is None else part[its] for part in (bias.vectors.keys, bias.vectors.queries)
    )
    return Bias(vectors=DistanceVectors(bias.vectors.rows, keys, queries))
