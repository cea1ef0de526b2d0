"""What a head does in this text: how spread its attention is, and where most of it goes."""

from __future__ import annotations

import numpy as np

from inspector.analysis.measures import negative_entropy, sink_masses
from inspector.records import Array, CapturedLayer, Float64, HeadLabel, HeadReading, Mask, Run

#: A head is labelled when at least this much of its attention goes to one kind of target.
LABEL_FROM = 0.4
#: Labels of heads that choose by place.
BY_PLACE: tuple[HeadLabel, ...] = ("previous", "next", "self")


def read_heads(run: Run) -> tuple[HeadReading, ...]:
    """Read every head of a run; the queries are the content tokens, the keys are all tokens.

    Between two texts nobody is next to anybody: there is no distance, and nothing is said of
    neighbours or of oneself.
    """
    weights = run.weights or [None] * len(run.layers)
    readings = []
    for layer, known in zip(run.layers, weights, strict=True):
        asking, heard = run.texts(layer.site)
        has_sink = known is not None and known.sink is not None
        readings += _read_layer(
            layer, asking.special, heard.special, same=asking is heard, has_sink=has_sink
        )
    return tuple(readings)


def _read_layer(
    layer: CapturedLayer, asking: Mask, heard: Mask, *, same: bool, has_sink: bool
) -> list[HeadReading]:
    """Read one layer; a dropped sink counts as one more key in the entropy, and is no target."""
    queries = np.flatnonzero(~asking)
    rows = layer.attention[:, queries]
    entropies = -negative_entropy(rows)
    if has_sink:
        entropies -= negative_entropy(sink_masses(rows))
    entropy = entropies.mean(axis=1)
    distance = np.full(len(rows), np.nan)
    masses = _masses(rows, queries, heard)
    if same:
        lengths = np.abs(queries[:, None] - np.arange(rows.shape[2])).astype(np.float64)
        distance = np.einsum("hij,ij->h", rows, lengths) / len(queries)
    else:
        masses |= {name: np.full(len(rows), np.nan) for name in BY_PLACE}
    there = [name for name in masses if same or name not in BY_PLACE]
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


def _masses(rows: Array, queries: np.ndarray, special: Mask) -> dict[HeadLabel, Float64]:
    """Return the mean mass of every head on each kind of target, (H,); none there counts as 0.

    Place −1 stands for a target that is not there.
    """
    separators = np.flatnonzero(special[1:]) + 1
    separator = separators[-1] if separators.size else -1
    targets: dict[HeadLabel, np.ndarray] = {
        "previous": queries - 1,
        "next": queries + 1,
        "self": queries,
        "first": np.zeros_like(queries),
        "separator": np.full_like(queries, separator),
    }
    masses: dict[HeadLabel, Float64] = {}
    for name, keys in targets.items():
        there = (keys >= 0) & (keys < rows.shape[2])
        mass = rows[:, np.flatnonzero(there), keys[there]]
        masses[name] = mass.sum(axis=1, dtype=np.float64) / len(queries)
    return masses
