"""Which queries of a text the ladder and the shares are measured on: of a long one, a sample.

Every measure is a mean over queries, and their cost grows with the square of the text. The sample
is drawn without looking at the text, always the same for the same length and model, and is said
with its size and with how exact it makes the measures wherever they are shown.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inspector.records import Float64, Mask, RowSample, SampledRows, SiteName, Trace

#: Queries of a text that are measured at most, and at least, where it has as many.
_MOST, _FEWEST = 64, 16
#: How many weights are compared in all: what the measures cost then grows no faster than the
#: model's own work, in a model of many heads too.
_WEIGHTS = 2_500_000
#: Queries of a long text of which every weight is kept.
_WHOLE = 16
_SEED = 0
#: Half of a 95 % interval in standard errors.
_NORMAL_95 = 1.96


def measured_rows(trace: Trace, site: SiteName) -> Mask:
    """Return which queries of a site are measured: (T,)."""
    asking, attended = trace.texts(site)
    count = len(asking)
    heads = sum(len(layer.attention) for layer in trace.layers)
    sampled = max(_FEWEST, min(_MOST, _WEIGHTS // (heads * len(attended))))
    if count <= sampled:
        return np.ones(count, dtype=np.bool_)
    drawn = np.zeros(count, dtype=np.bool_)
    drawn[np.random.default_rng(_SEED).choice(count, sampled, replace=False)] = True
    return drawn


def whole_rows_of(tokens: int) -> NDArray[np.intp]:
    """Return which queries of a long text are kept whole, in order; the last is among them."""
    others = np.random.default_rng(_SEED).choice(tokens - 1, min(_WHOLE, tokens) - 1, replace=False)
    return np.sort(np.append(others, tokens - 1)).astype(np.intp)


def row_sample(trace: Trace) -> RowSample | None:
    """Say how large the sample of every site is; None where all queries are measured."""
    sites = tuple(
        SampledRows(site, int(measured_rows(trace, site).sum()), len(trace.texts(site)[0]))
        for site in trace.sites
    )
    if all(rows.measured == rows.of for rows in sites):
        return None
    return RowSample(_SEED, sites)


def half_interval(values: Float64, of: int) -> Float64:
    """Return half of the 95 % interval of a mean over a sample drawn without replacement.

    ``values`` are (…, M, R): of M matrices the number of each of R sampled queries, NaN where there
    is none; they are averaged over the matrices, and then over the queries, ``of`` of which there
    are. 0 where all of them, or of one or none, there is a number: of one there is no spread. The
    correction for a finite population is Cochran's ("Sampling Techniques", 1977, section 2.6).
    """
    there = ~np.isnan(values)
    numbers = there.sum(axis=-2)
    counted = numbers > 0
    rows = np.where(there, values, 0).sum(axis=-2) / np.maximum(numbers, 1)
    count = counted.sum(axis=-1)
    mean = rows.sum(axis=-1) / np.maximum(count, 1)
    squares = (np.where(counted, rows - mean[..., None], 0) ** 2).sum(axis=-1)
    variance = squares / np.maximum(count - 1, 1)
    left_out = np.maximum(1 - count / of, 0)
    half: Float64 = _NORMAL_95 * np.sqrt(variance * left_out / np.maximum(count, 1))
    return half
