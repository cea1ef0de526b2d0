"""Where a word stands, added to the scores: ALiBi, distance buckets, disentangled attention.

Rotary positions turn queries and keys; the families here leave them alone and add a term to
scale·q·k. It is kept as compact as it comes (``records.Bias``), linear in the text, and ``expand``
lays it out as the matrix that is added:

* ALiBi (Press et al. 2021, "Train Short, Test Long"): a slope for each head times the key's place.
  The paper takes the distance instead, which differs by a constant in every row, and a softmax does
  not see that.
* Buckets (Raffel et al. 2020, "Exploring the Limits of Transfer Learning", T5): a learned number
  for each head and each bucket of distances, wider the farther away.
* Disentangled attention (He et al. 2021, "DeBERTa"): a distance has a query and a key of its own;
  what is added is the query on the distance's key and the distance's query on the key.

Logarithms are taken in float32, as transformers does: at the edge of a bucket that decides.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from inspector.forward.core import repeat_heads, split_heads
from inspector.forward.products import project
from inspector.records import (
    Alibi,
    Array,
    Bias,
    Buckets,
    DistanceVectors,
    Mask,
    PositionRule,
    PositionWeights,
)

Whole = NDArray[np.intp]


def bias_of(
    rule: PositionRule | None,
    weights: PositionWeights | None,
    present: Mask,
    queries: int,
    dtype: type[np.floating[Any]],
    start: int = 0,
) -> Bias | None:
    """Return what the rule adds to the scores of ``queries`` on the keys of ``present``, compact.

    ``present`` is (S,), False where a key is padding; ``weights`` are of ``dtype``; ``start`` is
    the place of the first query among the keys. None where nothing is added.

    Raises
    ------
    ValueError
        When the rule needs weights and there are none.
    """
    if rule is None:
        return None
    if isinstance(rule, Alibi):
        places = (
            np.arange(1 - len(present), 1) if rule.from_end else (np.cumsum(present) - 1) * present
        ).astype(np.float32)
        return Bias(by_key=(rule.slopes[:, None] * places).astype(dtype))
    if weights is None:
        raise ValueError("positions that are learned need their weights")
    ahead = np.arange(1 - queries, len(present)) - start
    if isinstance(rule, Buckets):
        return Bias(by_distance=np.ascontiguousarray(weights.table[buckets(ahead, rule)].T))
    # Only the distances that occur in this text get vectors.
    used, rows = np.unique(spans(-ahead, rule.span, rule.farthest), return_inverse=True)
    keys, asked = (
        split_heads(project(weights.table[used], part), rule.heads) if part else None
        for part in (weights.key, weights.query)
    )
    return Bias(vectors=DistanceVectors(rows.astype(np.intp), keys, asked))


def expand(
    bias: Bias | None, query: Array, key: Array, scale: float, heads: slice = slice(None)
) -> Array | None:
    """Return what is added to the scores of some heads, (h, T, S); a view where that is enough.

    ``query`` is (H, T, d) and ``key`` (KV, S, d); the terms that depend on them are multiplied by
    ``scale`` as q·k is. None where there is no bias.
    """
    if bias is None:
        return None
    (count, tokens, _), others = query.shape, key.shape[1]
    if bias.by_key is not None:
        by_key = bias.by_key[heads, None, :]
        return np.broadcast_to(by_key, (len(by_key), tokens, others))
    if bias.by_distance is not None:
        # Row i begins at the distance of the first key, −i.
        return sliding_window_view(bias.by_distance[heads], others, axis=1)[:, ::-1]
    if bias.vectors is None:
        raise ValueError("a bias without any part")
    rows = sliding_window_view(bias.vectors.rows, others)[::-1]
    query, key = query[heads], repeat_heads(key, count)[heads]
    added = np.zeros((len(query), tokens, others), dtype=query.dtype)
    if (keys := bias.vectors.keys) is not None:
        scores = query @ keys[heads].swapaxes(1, 2)
        added += np.take_along_axis(scores, rows[None], axis=2)
    if (queries := bias.vectors.queries) is not None:
        scores = key @ queries[heads].swapaxes(1, 2)
        added += np.take_along_axis(scores, rows.T[None], axis=2).swapaxes(1, 2)
    added *= query.dtype.type(scale)
    return added


def buckets(ahead: Whole, rule: Buckets) -> Whole:
    """Return T5's bucket of each distance; ``ahead`` is j − i, how far a key stands ahead.

    Half of the buckets hold one distance each, the others logarithmically more of them up to
    ``farthest``, and the last all beyond. Where both sides count, each side has half of all
    buckets; otherwise every key ahead shares the bucket of the word itself.
    """
    count = rule.count // 2 if rule.both_ways else rule.count
    side = np.where(ahead > 0, count, 0) if rule.both_ways else np.zeros_like(ahead)
    away = np.abs(ahead) if rule.both_ways else np.maximum(-ahead, 0)
    single = count // 2
    # A distance below ``single`` keeps its own bucket; 1 only keeps the logarithm quiet there.
    ratio = np.maximum(away, single).astype(np.float32) / np.float32(single)
    steps = np.log(ratio) / np.float32(math.log(rule.farthest / single))
    far = single + (steps * np.float32(count - single)).astype(np.intp)
    found: Whole = side + np.where(away < single, away, np.minimum(far, count - 1))
    return found


def spans(behind: Whole, span: int, farthest: int | None) -> Whole:
    """Return which of DeBERTa's 2·span rows each distance uses; ``behind`` is i − j.

    As far as the rows reach, one each; with ``farthest``, only the nearer half of them, and the
    others logarithmically more up to that distance. Beyond, the outermost row.
    """
    if farthest is not None:
        single = span // 2
        ratio = np.maximum(np.abs(behind), single).astype(np.float32) / np.float32(single)
        steps = np.log(ratio) / np.log(np.float32((farthest - 1) / single))
        far = np.ceil(steps * np.float32(single - 1)).astype(np.intp) + single
        behind = np.where(np.abs(behind) <= single, behind, np.sign(behind) * far)
    found: Whole = np.clip(behind + span, 0, 2 * span - 1)
    return found
