"""What a head does in this text: how spread its attention is, and where most of it goes."""

from __future__ import annotations

from itertools import chain

import numpy as np

from inspector.analysis.measures import negative_entropy, sink_masses
from inspector.parallel import parallel_map
from inspector.records import (
    LABEL_FROM,
    LABELS,
    RELATIVE,
    Float64,
    HeadLabel,
    HeadReading,
    Rebuild,
    Text,
    Trace,
    TracedLayer,
)
from inspector.records.targets import fixed, relative


def read_heads(trace: Trace, rebuild: Rebuild) -> tuple[HeadReading, ...]:
    """Read every head of a trace; the queries are the content tokens, the keys are all tokens.

    Between two texts nothing is next to anything: there is no distance, and nothing is said of
    neighbours or of the token itself.
    """
    sinks = [layer.sink is not None for layer in rebuild.layers] or [False] * len(trace.layers)
    places = {site: _Places(*trace.texts(site)) for site in trace.sites}
    by_layer = parallel_map(
        lambda of: _read_layer(of[0], places[of[0].site], has_sink=of[1]),
        zip(trace.layers, sinks, strict=True),
        tokens=trace.longest,
    )
    return tuple(chain.from_iterable(by_layer))


class _Places:
    """Where in a site's matrices what is looked for stands, the same in each of its layers."""

    def __init__(self, asking: Text, attended: Text) -> None:
        self.queries = np.flatnonzero(~asking.special)
        key = np.arange(len(attended))
        targets = fixed(key, attended.separator) | relative(self.queries[:, None], key)
        self.same = asking is attended
        self.there = [name for name in LABELS if self.same or name not in RELATIVE]
        shape = (len(self.queries), len(key))
        #: Of each target that is there the entries that are it, as (row, key).
        self.entries = {
            name: np.nonzero(np.broadcast_to(targets[name], shape)) for name in self.there
        }
        #: (R, S) how far each key is from each query, in tokens.
        self.lengths = np.abs(self.queries[:, None] - key).astype(np.float64)


def _read_layer(layer: TracedLayer, places: _Places, *, has_sink: bool) -> list[HeadReading]:
    """Read one layer; a dropped sink counts as one more key in the entropy, and is no target."""
    queries, there = places.queries, places.there
    rows = layer.attention[:, queries]
    entropies = -negative_entropy(rows)
    if has_sink:
        entropies -= negative_entropy(sink_masses(rows))
    entropy = entropies.mean(axis=1)
    masses: dict[HeadLabel, Float64] = {name: np.full(len(rows), np.nan) for name in LABELS}
    for name, (query, key) in places.entries.items():
        # Where there is no such key, 0.
        masses[name] = rows[:, query, key].sum(axis=1, dtype=np.float64) / len(queries)
    distance = np.full(len(rows), np.nan)
    if places.same:
        distance = np.einsum("hij,ij->h", rows, places.lengths) / len(queries)
    readings = []
    for head in range(len(rows)):
        best: HeadLabel = max(there, key=lambda name: masses[name][head])
        score = float(masses[best][head])
        readings.append(
            HeadReading(
                site=layer.site,
                layer=layer.layer,
                head=head,
                entropy_bits=float(entropy[head]),
                distance=float(distance[head]),
                masses={name: float(mass[head]) for name, mass in masses.items()},
                label=best if score >= LABEL_FROM else None,
                score=score,
            )
        )
    return readings
