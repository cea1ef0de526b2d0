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
    Array,
    Float64,
    HeadLabel,
    HeadReading,
    Mask,
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
    by_layer = parallel_map(
        lambda of: _read_layer(of[0], *trace.texts(of[0].site), has_sink=of[1]),
        zip(trace.layers, sinks, strict=True),
        tokens=trace.longest,
    )
    return tuple(chain.from_iterable(by_layer))


def _read_layer(
    layer: TracedLayer, asking: Text, attended: Text, *, has_sink: bool
) -> list[HeadReading]:
    """Read one layer; a dropped sink counts as one more key in the entropy, and is no target."""
    queries = np.flatnonzero(~asking.special)
    rows = layer.attention[:, queries]
    entropies = -negative_entropy(rows)
    if has_sink:
        entropies -= negative_entropy(sink_masses(rows))
    entropy = entropies.mean(axis=1)
    same = asking is attended
    key = np.arange(rows.shape[2])
    masses = _masses(rows, fixed(key, attended.separator) | relative(queries[:, None], key))
    distance = np.full(len(rows), np.nan)
    if same:
        lengths = np.abs(queries[:, None] - key).astype(np.float64)
        distance = np.einsum("hij,ij->h", rows, lengths) / len(queries)
    else:
        masses |= {name: np.full(len(rows), np.nan) for name in RELATIVE}
    there = [name for name in LABELS if same or name not in RELATIVE]
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


def _masses(rows: Array, targets: dict[str, Mask]) -> dict[HeadLabel, Float64]:
    """Return the mean mass of every head on each target, (H,); where there is none, 0."""
    masses: dict[HeadLabel, Float64] = {}
    for name in LABELS:
        query, key = np.nonzero(np.broadcast_to(targets[name], rows.shape[1:]))
        masses[name] = rows[:, query, key].sum(axis=1, dtype=np.float64) / rows.shape[1]
    return masses
