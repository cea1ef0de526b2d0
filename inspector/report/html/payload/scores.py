"""How one layer's attention travels into a page: as what its scores are made of, or as itself."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from inspector.forward.biases import expand
from inspector.forward.core import attend
from inspector.records import Array, Bias, DistanceVectors, Float32, RebuiltLayer, RecomputedLayer
from inspector.report.html.blobs import half_where_it_fits
from inspector.report.html.steps import Steps, in_steps, noise_of

#: q and k are rounded unless that moves some attention weight by more than this.
ROUNDING_BOUND = 5e-3

Source = Literal["query_key", "attention"]
Precision = Literal["steps", "float16", "float32"]


def carry(
    rebuilt: RecomputedLayer, model: Float32, *, beside: bool
) -> tuple[Source, str, list[float], dict[str, NDArray[Any] | Steps]]:
    """Choose how one layer's attention travels, and measure how far the page's arithmetic is off.

    q and k in steps, or in float16 where they stand ``beside`` A itself, and with them the keys and
    queries of distances in float16, if the scores made of them then stay within the bound of the
    model's A; else in steps of half the length, and at last all in float32. Where even that is not
    the model's attention, A itself.
    """
    # What positions added to captured q·k is not kept: where it matters, A itself travels.
    added = rebuilt.bias if isinstance(rebuilt, RebuiltLayer) else None
    for precision, query, key in _roughest_first(rebuilt, beside=beside):
        dtype = np.float32 if precision == "float32" else np.float16
        with np.errstate(over="ignore"):
            bias = _rounded_bias(added, dtype)
        error = _arithmetic_error(_numbers(query), _numbers(key), bias, rebuilt, model)
        if max(error) <= ROUNDING_BOUND:
            carried: dict[str, NDArray[Any] | Steps] = {"query": query, "key": key}
            return "query_key", precision, error, carried | _score_terms(bias, rebuilt.sink)
    attention = half_where_it_fits(model)
    error = largest_each(attention.astype(np.float32) - model)
    return "attention", attention.dtype.name, error, {"attention": attention}


def _roughest_first(
    rebuilt: RecomputedLayer, *, beside: bool
) -> Iterator[tuple[Precision, NDArray[Any] | Steps, NDArray[Any] | Steps]]:
    query, key = rebuilt.query, rebuilt.key
    if beside:
        with np.errstate(over="ignore"):  # beyond float16's range: inf, which no bound allows
            yield "float16", query.astype(np.float16), key.astype(np.float16)
    else:
        noise = noise_of(max(query.shape[1], key.shape[1]))
        for finer in (1, 2):
            if (steps := in_steps(query, key, rebuilt.scale, noise / finer)) is not None:
                yield "steps", *steps
    yield "float32", query.astype(np.float32), key.astype(np.float32)


def _numbers(rounded: NDArray[Any] | Steps) -> NDArray[Any]:
    return rounded.numbers if isinstance(rounded, Steps) else rounded


def _rounded_bias(bias: Bias | None, dtype: type[np.floating[Any]]) -> Bias | None:
    """Round a bias as it travels: numbers to be added in float32, vectors as q and k do."""
    if bias is None:
        return None
    by_key, by_distance = (
        None if added is None else added.astype(np.float32)
        for added in (bias.by_key, bias.by_distance)
    )
    vectors = bias.vectors
    if vectors is not None:
        keys, queries = (
            None if made is None else made.astype(dtype) for made in (vectors.keys, vectors.queries)
        )
        vectors = DistanceVectors(vectors.rows, keys, queries)
    return Bias(by_key, by_distance, vectors)


def _score_terms(bias: Bias | None, sink: Array | None) -> dict[str, NDArray[Any] | Steps]:
    """Name what stands beside q·k in the scores as ``assets/attention/score_terms.js`` reads it."""
    arrays: dict[str, NDArray[Any] | None] = {
        "sink": None if sink is None else sink.astype(np.float32)
    }
    if bias is not None:
        arrays |= {"by_key": bias.by_key, "by_distance": bias.by_distance}
        if bias.vectors is not None:
            arrays["distance_rows"] = bias.vectors.rows.astype(np.uint32)
            arrays |= {"distance_keys": bias.vectors.keys, "distance_queries": bias.vectors.queries}
    return {name: array for name, array in arrays.items() if array is not None}


def _arithmetic_error(
    query: NDArray[Any],
    key: NDArray[Any],
    bias: Bias | None,
    rebuilt: RecomputedLayer,
    model: Float32,
) -> list[float]:
    """Return, per head, the largest difference of the page's own formula, done here, from A."""
    vectors = bias.vectors if bias else None
    distances = (vectors.keys, vectors.queries) if vectors else ()
    if not all(part is None or np.isfinite(part).all() for part in (query, key, *distances)):
        return [math.inf] * len(model)
    group = len(query) // len(key)
    whole_query, whole_key = query.astype(np.float32), key.astype(np.float32)
    sink = None if rebuilt.sink is None else rebuilt.sink.astype(np.float32)
    errors = []
    # A head at a time stays in the cache.
    for head, theirs in enumerate(model):
        this = slice(head, head + 1)
        (ours,) = attend(
            whole_query[this],
            whole_key[head // group][None],
            scale=rebuilt.scale,
            visible=rebuilt.visible,
            softcap=rebuilt.softcap,
            bias=expand(bias, whole_query, whole_key, rebuilt.scale, this),
            sink=None if sink is None else sink[this],
        )
        errors += largest_each((ours - theirs)[None])
    return errors


def largest_each(difference: Float32) -> list[float]:
    """Return the largest magnitude of each head, of (H, T, S)."""
    return [float(max(head.max(), -head.min())) for head in difference]
