"""One layer's attention folded into its readings while its rows go by.

What is read is the same as ``heads.py``, ``sinks.py`` and ``links.py`` read off whole matrices, by
the same definitions; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import replace
from threading import Lock

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from inspector.forward.by_rows.rows import Prepared, Rows, whole_rows
from inspector.forward.core import gram_of, repeat_heads, written_lengths
from inspector.records import (
    Array,
    AttentionConfig,
    AttentionLayer,
    Float32,
    Float64,
    Mask,
    Text,
)
from inspector.records.long_text import LongLayer, Span

Whole = NDArray[np.intp]

#: Up to this error of a weight a page computes with float16 queries and keys.
_HALF_ERROR = 5e-3


class Outline:
    """What of a text every layer's fold needs, once."""

    def __init__(self, text: Text, spans: tuple[Span, ...], rows: Whole) -> None:
        self.tokens = len(text)
        self.content: Mask = ~text.special
        #: Which query rows are kept whole.
        self.rows = rows
        self.starts = np.array([span.start for span in spans], dtype=np.intp)
        #: (P + 1,) where stretches begin, and the text's end; (T,) the stretch of each token.
        self.edges = np.append(self.starts, self.tokens)
        self.stretch = np.repeat(np.arange(len(spans)), np.diff(self.edges))
        self.separator = text.separator
        #: 1 where a key counts in a link: it says something, and is not the first, on which much
        #: rests whatever it is.
        telling = self.content & np.array([any(map(str.isalnum, one)) for one in text.pieces])
        telling[0] = False
        self.telling = telling
        self.ends = telling.astype(np.float32)
        #: |i − j| of every distance, from 1 − T to T − 1.
        self.lengths = np.abs(np.arange(1 - self.tokens, self.tokens)).astype(np.float32)

    def near(self, stretch: int) -> slice:
        """Return the tokens of a stretch and of its neighbours."""
        last = len(self.starts)
        return slice(int(self.edges[max(0, stretch - 1)]), int(self.edges[min(last, stretch + 2)]))


class LayerFold:
    """What a layer's rows come to. Shown them from several threads."""

    def __init__(self, layer: int, prepared: Prepared, known: AttentionLayer, of: Outline) -> None:
        heads, tokens, _ = prepared.asked.query.shape
        self.layer, self.of, self.config = layer, of, known.config
        self._prepared, self._known = prepared, known
        self._lock = Lock()
        value = prepared.offered.value
        self._gram = gram_of(known.weights.output, heads)
        self._norms = written_lengths(repeat_heads(value, heads), self._gram)
        spans = len(of.starts)
        #: (H, P, P) sums of weights; (H, T) sums of what others give to a key, and of its share of
        #: what moves in their rows.
        self.flow = np.zeros((heads, spans, spans), dtype=np.float32)
        self.received = np.zeros((heads, tokens))
        self.moved = np.zeros((heads, tokens))
        #: Sums over content queries: entropy in nats, distance in tokens, and the mass on each of
        #: the five targets; over all queries, the length of what is written.
        self.entropy, self.distance, self.written = np.zeros((3, heads))
        self.masses = np.zeros((5, heads))
        #: The strongest link of each query, and where it ends.
        self.strongest = np.zeros((heads, tokens), dtype=np.float32)
        self.target = np.zeros((heads, tokens), dtype=np.intp)
        #: All that goes over links, from which a usual one follows.
        self.linked = np.zeros(heads)

    def __call__(self, rows: Rows) -> None:
        """Take in some rows of one head."""
        of, head, start, first = self.of, rows.head, rows.queries.start, rows.keys.start
        powers, factor = rows.powers, 1 / rows.totals
        count, width = powers.shape
        at = np.arange(count)
        own = at + start - first
        itself = powers[at, own] * factor
        content = of.content[rows.queries]
        # What moves: each key's share of ‖A_ij·v_j·Wo‖ in its row.
        norms = self._norms[head, rows.keys]
        moving = powers @ norms
        both = np.stack([factor, np.divide(1, moving, out=np.zeros_like(moving), where=moving > 0)])
        received, moved = both @ powers
        received[own] -= itself
        moved[own] -= both[1] * powers[at, own]
        moved *= norms
        distances = sliding_window_view(
            of.lengths[
                first - rows.queries.stop + of.tokens : first - start + width + of.tokens - 1
            ],
            width,
        )[::-1]
        distance = np.vecdot(powers, distances) * factor
        pooled, here = self._pooled(rows, factor)
        strongest, target, linked = self._links(rows, factor)
        masses = self._masses(rows, factor, itself)
        lengths = written_lengths(rows.mixed, self._gram[head])
        with self._lock:
            self.received[head, rows.keys] += received
            self.moved[head, rows.keys] += moved
            self.flow[
                head, here[0] : here[0] + len(pooled), here[1] : here[1] + pooled.shape[1]
            ] += pooled
            self.entropy[head] += rows.entropies[content].sum(dtype=np.float64)
            self.distance[head] += distance[content].sum(dtype=np.float64)
            self.written[head] += lengths.sum(dtype=np.float64)
            self.masses[:, head] += masses[:, content].sum(axis=1)
            self.strongest[head, rows.queries] = strongest
            self.target[head, rows.queries] = target
            self.linked[head] += linked

    def _pooled(self, rows: Rows, factor: Array) -> tuple[Array, tuple[int, int]]:
        """Return what spans give to spans in these rows, and which of both are the first."""
        starts = self.of.starts
        edges = []
        for part in (rows.queries, rows.keys):
            first = int(np.searchsorted(starts, part.start, side="right")) - 1
            inside = starts[first : int(np.searchsorted(starts, part.stop))] - part.start
            edges.append((first, np.maximum(inside, 0)))
        (from_first, queries), (to_first, keys) = edges
        pooled = np.add.reduceat(rows.powers, keys, axis=1)
        pooled *= factor[:, None]
        return np.add.reduceat(pooled, queries, axis=0), (from_first, to_first)

    def _links(self, rows: Rows, factor: Array) -> tuple[Array, Whole, float]:
        """Return each query's strongest link to a telling token far away, and what all such give.

        Far is beyond the neighbouring stretches: nearly everything is linked to what stands beside
        it, which a map of thousands of tokens need not tell.
        """
        of, first = self.of, rows.keys.start
        ends = of.ends[rows.keys]
        powers = rows.powers * ends
        stretches = of.stretch[rows.queries]
        for stretch in range(int(stretches[0]), int(stretches[-1]) + 1):
            near = of.near(stretch)
            powers[stretches == stretch, max(0, near.start - first) : max(0, near.stop - first)] = 0
        target = powers.argmax(axis=1)
        asks = of.telling[rows.queries]
        strongest = powers[np.arange(len(powers)), target] * factor * asks
        linked = float(((powers @ np.ones_like(ends)) * factor)[asks].sum(dtype=np.float64))
        return strongest, target + first, linked

    def _masses(self, rows: Rows, factor: Array, itself: Array) -> Float64:
        """Return the mass of each row on the five targets, (5, R), in the order of ``LABELS``."""
        count, width = rows.powers.shape
        start, first = rows.queries.start, rows.keys.start
        masses = np.zeros((5, count))
        for number, step in ((0, -1), (1, 1)):
            beside = np.arange(count) + start + step - first
            there = (beside >= 0) & (beside < width)
            masses[number, there] = rows.powers[there, beside[there]] * factor[there]
        masses[2] = itself
        if first == 0:
            masses[3] = rows.powers[:, 0] * factor
        if 0 <= self.of.separator - first < width:
            masses[4] = rows.powers[:, self.of.separator - first] * factor
        return masses

    def finished(self) -> LongLayer:
        """Return what the layer came to, behind its last row."""
        of, config = self.of, self.config
        queries = np.diff(of.edges).astype(np.float32)
        seen = seen_by(config, of.tokens)
        rows, _ = whole_rows(self._prepared, self._known, of.rows)
        query, key, error = self._carried(rows)
        return LongLayer(
            layer=self.layer,
            config=config,
            flow=self.flow / queries[None, :, None],
            received=(self.received / np.maximum(seen, 1)).astype(np.float32),
            written=(self.written / of.tokens).astype(np.float32),
            query=query,
            key=key,
            bias=self._prepared.bias,
            sink=self._known.weights.sink,
            arithmetic_error=error,
            rows=rows,
        )

    def _carried(self, rows: Array) -> tuple[Array, Array, Float32]:
        """Return queries and keys as a page has them, and how far its weights then are off."""
        query, key = self._prepared.asked.query, self._prepared.offered.key
        with np.errstate(over="ignore"):
            halves = query.astype(np.float16), key.astype(np.float16)
        if all(np.isfinite(half).all() for half in halves):
            error = self._error(*halves, rows)
            if float(error.max()) <= _HALF_ERROR:
                return *halves, error
        return query, key, np.zeros(len(query), dtype=np.float32)

    def _error(self, query: Array, key: Array, rows: Array) -> Float32:
        """Return the largest error of a weight of each head in the rows that are kept whole."""
        rounded = replace(
            self._prepared,
            asked=self._prepared.asked._replace(query=query.astype(np.float32)),
            offered=self._prepared.offered._replace(key=key.astype(np.float32)),
        )
        found: Float32 = np.abs(whole_rows(rounded, self._known, self.of.rows)[0] - rows).max(
            axis=(1, 2)
        )
        return found


def keys_of(config: AttentionConfig, queries: Whole, tokens: int) -> tuple[Whole, Whole]:
    """Return each query's first key and the one behind its last, as ``reach`` does of a block."""
    window = config.window or tokens
    first = np.maximum(0, queries - window + 1)
    return first, queries + 1 if config.causal else np.minimum(tokens, queries + window)


def seen_by(config: AttentionConfig, tokens: int) -> Float64:
    """Return by how many other queries each key can be seen, (T,)."""
    places = np.arange(tokens)
    window = config.window or tokens
    behind = np.minimum(tokens - 1 - places, window - 1)
    ahead = np.zeros(tokens) if config.causal else np.minimum(places, window - 1)
    return (behind + ahead).astype(np.float64)
