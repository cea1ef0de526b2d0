"""What the folded layers of a long text say: of its heads, its sinks and its strongest links."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inspector.analysis.links import words
from inspector.analysis.long_text.folding import LayerFold, Outline, keys_of, seen_by
from inspector.analysis.sinks import Measured, relative_norm, sinks_among
from inspector.forward.by_rows.rows import Prepared, Rows
from inspector.records import (
    LABEL_FROM,
    LABELS,
    RELATIVE,
    Array,
    AttentionConfig,
    AttentionLayer,
    Float32,
    Float64,
    HeadLabel,
    HeadReading,
    Link,
    Sink,
    Text,
)
from inspector.records.long_text import LongLayer, Span

#: How many links are named, and how many are looked at to find them.
_LINKS, _LOOKED_AT = 12, 400
#: A stretch is to be heard by one in so many.
_FEW = 10
_BY_PLACE = (*RELATIVE, "first")


class Reading:
    """All layers of a long text, read one after the other as a forward computes them."""

    def __init__(
        self,
        text: Text,
        spans: tuple[Span, ...],
        rows: NDArray[np.intp],
        begun: Callable[[int], None] = lambda _layer: None,
    ) -> None:
        self._text, self._begun = text, begun
        self._outline = Outline(text, spans, rows)
        self._gathered = _Gathered(len(text))
        self._strongest = _Strongest(self._outline)
        #: (T, D) what entered the last layer that was read.
        self.last: Array = np.empty((0, 0), dtype=np.float32)
        self.layers: list[LongLayer] = []
        self.heads: list[HeadReading] = []

    def __call__(
        self, layer: int, hidden: Array, prepared: Prepared, known: AttentionLayer
    ) -> _Layer:
        """Begin with a layer."""
        self._begun(layer)
        return _Layer(self, hidden, LayerFold(layer, prepared, known, self._outline))

    def take(self, hidden: Array, fold: LayerFold) -> None:
        """Take in a layer whose rows have all gone by; ``hidden`` (T, D) is what entered it."""
        # What takes long goes first: Ctrl-C in it then leaves the layer out of everything.
        layer, readings = fold.finished(), read_heads(fold)
        self.last = hidden
        self._gathered.add(fold, hidden)
        self._strongest.add(fold, readings)
        self.heads += readings
        self.layers.append(layer)

    def sinks(self) -> tuple[Sink, ...]:
        """Return the keys that much of everybody's attention rests on."""
        return self._gathered.sinks(self._text)

    def lifts(self, sinks: Sequence[Sink]) -> Float32:
        """Return how much more than an even part stretches are given from afar, (N, P).

        Of what a query gives beyond the neighbouring stretches, those with a sink set aside, the
        part of each, in units of its part if that were spread evenly; the mean over queries and a
        layer's heads. NaN for the first, for one with a sink, and where fewer than a tenth of all
        stretches can listen from afar.
        """
        outline = self._outline
        count = len(outline.starts)
        apart = np.abs(np.arange(count)[:, None] - np.arange(count)) > 1
        # Much rests on the first token whatever it is, even where that is not enough for a sink.
        apart[:, [0, *(int(outline.stretch[sink.index]) for sink in sinks)]] = False
        queries = np.diff(outline.edges)
        found = np.full((len(self.layers), count), np.nan, dtype=np.float32)
        for at, layer in enumerate(self.layers):
            flow = layer.flow.mean(axis=0, dtype=np.float64) * apart
            even = even_flow(layer.config, outline.edges) * apart
            both = []
            for of in (flow, even):
                total = of.sum(axis=1, keepdims=True)
                share = np.divide(of, total, out=np.zeros_like(of), where=total > 0)
                both.append(queries @ share)
            # Where only a few stretches follow, the nearest of them say nearly everything.
            enough = (even > 0).sum(axis=0) >= max(1, count // _FEW)
            np.divide(both[0], both[1], out=found[at], where=enough, casting="unsafe")
        return found

    def links(self, sinks: Sequence[Sink]) -> tuple[Link, ...]:
        """Return the strongest links between words, those to sinks left out."""
        return self._strongest.links(_words_of_tokens(self._text), sinks)


class _Layer:
    """One layer on its way: its fold is shown the rows."""

    def __init__(self, reading: Reading, hidden: Array, fold: LayerFold) -> None:
        self._reading, self._hidden, self._fold = reading, hidden, fold

    def __call__(self, rows: Rows) -> None:
        self._fold(rows)

    def end(self) -> None:
        self._reading.take(self._hidden, self._fold)


def _words_of_tokens(text: Text) -> list[str]:
    """Return for each token the word that it belongs to, as the text spells it."""
    named = [""] * len(text)
    for word in words(text):
        for token in word.tokens:
            named[token] = word.text
    return named


class _Gathered:
    """What is added up over layers: who is a sink is known only behind the last of them."""

    def __init__(self, tokens: int) -> None:
        self._weight, self._even, self._moved, self._pairs, self._queries, self._norm = np.zeros(
            (6, tokens)
        )
        self._layers = 0

    def add(self, fold: LayerFold, hidden: Array) -> None:
        """Take in a layer."""
        tokens, config = fold.of.tokens, fold.config
        heads = len(fold.received)
        seen = seen_by(config, tokens)
        self._queries = np.maximum(self._queries, seen)
        self._pairs += heads * seen
        self._weight += fold.received.sum(axis=0)
        self._moved += fold.moved.sum(axis=0)
        self._even += heads * _even(config, tokens)
        self._norm += relative_norm(hidden)
        self._layers += 1

    def sinks(self, text: Text) -> tuple[Sink, ...]:
        """Return the keys that much of everybody's attention rests on."""
        with np.errstate(invalid="ignore"):
            measured = Measured(
                queries=self._queries,
                share=self._weight / self._pairs,
                even=self._even / self._pairs,
                moved=self._moved / self._pairs,
                norm=self._norm / max(1, self._layers),
            )
        return tuple(sinks_among(measured, "self", text))


def _even(config: AttentionConfig, tokens: int) -> Float64:
    """Return what a key would be given by others if all spread their attention evenly, (T,)."""
    places = np.arange(tokens)
    first, last = keys_of(config, places, tokens)
    each = 1 / (last - first)
    until = np.concatenate([[0.0], np.cumsum(each)])
    begins = places if config.causal else first
    ends = np.minimum(tokens, places + (config.window or tokens))
    given: Float64 = until[ends] - until[begins] - each
    # What nobody else can see is given nothing: what is left there is rounding.
    given[seen_by(config, tokens) == 0] = 0
    return given


def even_flow(config: AttentionConfig, edges: NDArray[np.intp]) -> Float64:
    """Return what stretches would give to stretches if all spread their attention evenly, (P, P).

    ``edges``, (P + 1,), are where they begin, and where the text ends.
    """
    tokens = int(edges[-1])
    first, last = keys_of(config, np.arange(tokens)[:, None], tokens)
    begins, ends = np.maximum(first, edges[:-1]), np.minimum(last, edges[1:])
    share = np.maximum(0, ends - begins) / (last - first)
    flow: Float64 = np.add.reduceat(share, edges[:-1], axis=0) / np.diff(edges)[:, None]
    return flow


def read_heads(fold: LayerFold) -> list[HeadReading]:
    """Return what each head of a layer does, as ``heads.read_heads`` says it of a short text."""
    queries = max(1, int(fold.of.content.sum()))
    readings = []
    for head in range(len(fold.entropy)):
        masses: dict[HeadLabel, float] = {
            name: float(fold.masses[at, head]) / queries for at, name in enumerate(LABELS)
        }
        best = max(LABELS, key=lambda name: masses[name])
        score = masses[best]
        readings.append(
            HeadReading(
                site="self",
                layer=fold.layer,
                head=head,
                entropy_bits=float(fold.entropy[head]) / queries / math.log(2),
                distance=float(fold.distance[head]) / queries,
                masses=masses,
                label=best if score >= LABEL_FROM else None,
                score=score,
            )
        )
    return readings


class _Strongest:
    """The strongest links so far, one for each pair of tokens, of heads that do not go by place."""

    def __init__(self, of: Outline) -> None:
        self._of = of
        self._best: dict[tuple[int, int], Link] = {}

    def _pairs(self, config: AttentionConfig) -> int:
        """Return how many links there can be between telling tokens far from each other."""
        of, telling = self._of, np.flatnonzero(self._of.telling)
        counted = np.concatenate([[0], np.cumsum(of.telling)])
        first, last = keys_of(config, telling, of.tokens)
        near = [of.near(stretch) for stretch in of.stretch[telling].tolist()]
        # Of a text in which nothing tells anything these lists are empty, and of no kind.
        starts, stops = (
            np.array(edges, dtype=np.intp)
            for edges in ([one.start for one in near], [one.stop for one in near])
        )
        begins = np.maximum(first, starts)
        ends = np.maximum(begins, np.minimum(last, stops))
        inside = counted[ends] - counted[begins]
        return int((counted[last] - counted[first] - inside).sum())

    def add(self, fold: LayerFold, readings: Sequence[HeadReading]) -> None:
        """Take in a layer's links."""
        pairs = max(1, self._pairs(fold.config))
        for head, reading in enumerate(readings):
            if reading.label in _BY_PLACE:
                continue
            weights = fold.strongest[head]
            usual = fold.linked[head] / pairs
            count = min(_LOOKED_AT, len(weights))
            for source in np.argpartition(-weights, count - 1)[:count].tolist():
                weight, target = float(weights[source]), int(fold.target[head, source])
                known = self._best.get((source, target))
                if weight <= 0 or (known is not None and known.weight >= weight):
                    continue
                self._best[source, target] = Link(
                    source="",
                    target="",
                    source_token=source,
                    target_token=target,
                    weight=weight,
                    lift=float(weight / usual) if usual else math.nan,
                    site="self",
                    layer=fold.layer,
                    head=head,
                )

    def links(self, words: Sequence[str], sinks: Sequence[Sink]) -> tuple[Link, ...]:
        """Return the strongest, named by the words that their tokens belong to.

        One link for each pair of words; keys that turned out to be sinks are left out.
        """
        aside = {sink.index for sink in sinks}
        found: list[Link] = []
        named: set[tuple[str, str]] = set()
        for link in sorted(self._best.values(), key=lambda one: (-one.weight, one.source_token)):
            pair = words[link.source_token], words[link.target_token]
            if link.target_token in aside or pair in named:
                continue
            named.add(pair)
            found.append(replace(link, source=pair[0], target=pair[1]))
            if len(found) == _LINKS:
                break
        return tuple(found)
