"""Which queries of a text the ladder and the shares are measured on: of a long one, a sample.

Every measure is a mean over queries, and their cost grows with the square of the text. The sample
is drawn without looking at the text, always the same for the same length, and is said with its
size wherever the measures are shown.
"""

from __future__ import annotations

import numpy as np

from inspector.records import Mask, RowSample, SampledRows, Text, Trace

#: Up to this many tokens every query is measured, beyond it so many of them.
_ALL_UP_TO = 256
_SAMPLED = 128
_SEED = 0


def measured_rows(text: Text) -> Mask:
    """Return which queries of a text are measured: (T,)."""
    count = len(text)
    if count <= _ALL_UP_TO:
        return np.ones(count, dtype=np.bool_)
    drawn = np.zeros(count, dtype=np.bool_)
    drawn[np.random.default_rng(_SEED).choice(count, _SAMPLED, replace=False)] = True
    return drawn


def row_sample(trace: Trace) -> RowSample | None:
    """Say how large the sample of every site is; None where all queries are measured."""
    asking = {site: trace.texts(site)[0] for site in trace.sites}
    sites = tuple(
        SampledRows(site, int(measured_rows(text).sum()), len(text))
        for site, text in asking.items()
    )
    if all(rows.measured == rows.of for rows in sites):
        return None
    return RowSample(_SEED, sites)
