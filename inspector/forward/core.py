"""Scaled dot-product attention in NumPy: the one core that serves every family.

The formula is Vaswani et al. 2017, "Attention Is All You Need", equation 1, with the parts written
out that a family may vary::

    s = scale · q·rep(k)ᵀ
    s = c·tanh(s / c)          where a family soft-caps
    s = s + bias               where positions add something (``biases.py``)
    s = −3.4e38 where a query may not attend to a key
    A = softmax(s | sink)      where a family has a sink: one more column, then dropped
    o = merge(A·rep(v))·Woᵀ + bo

Everything stays in the dtype of its inputs: one stray float64 scalar would double the time of the
float32 rebuild, so scalars are cast before they meet an array.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from inspector.forward.products import project
from inspector.parallel import ALONE, Workers
from inspector.records import Array, AttentionConfig, Mask, Projection

#: What a forbidden score becomes. Finite, as in transformers, so that a row in which everything is
#: forbidden becomes uniform and not NaN.
FORBIDDEN = -3.4e38

#: Bytes of a stack of matrices that are worked on at once.
_CACHED = 1 << 20


def head_blocks(matrices: Array) -> Iterator[slice]:
    """Part a stack, (H, …), into as many at once as stay in the cache while they are gone over."""
    together = max(1, _CACHED // matrices[0].nbytes)
    for first in range(0, len(matrices), together):
        yield slice(first, first + together)


def split_heads(states: Array, heads: int, texts: int = 1) -> Array:
    """Cut (B·T, H·d) into heads: (B·H, T, d), of one text a view."""
    rows, width = states.shape
    parted = states.reshape(texts, rows // texts, heads, width // heads).transpose(0, 2, 1, 3)
    return parted.reshape(texts * heads, rows // texts, width // heads)


def merge_heads(states: Array, texts: int = 1) -> Array:
    """Lay the heads (B·H, T, d) of every text side by side again: (B·T, H·d)."""
    total, tokens, width = states.shape
    parted = states.reshape(texts, total // texts, tokens, width).transpose(0, 2, 1, 3)
    return parted.reshape(texts * tokens, total // texts * width)


def repeat_heads(states: Array, heads: int) -> Array:
    """Repeat shared key/value heads (KV, S, d) for the query heads that use them: (H, S, d)."""
    shared = heads // states.shape[0]
    return states if shared == 1 else np.repeat(states, shared, axis=0)


def cap(scores: Array, limit: float) -> None:
    """Bend scores, in place, to c·tanh(s/c): none gets beyond ``limit``."""
    scores /= scores.dtype.type(limit)
    np.tanh(scores, out=scores)
    scores *= scores.dtype.type(limit)


def visible(
    config: AttentionConfig,
    queries: int,
    keys: int | None = None,
    present: Mask | None = None,
    start: int = 0,
) -> Mask:
    """Return (T, S), True where query i may attend to key j; without ``keys`` there are as many.

    All, or, where attention is causal, ``j ≤ i``; with a window w besides, ``|i − j| < w``.
    Where ``present``, (S,), is False a token is padding, and nobody attends to it. ``start`` is the
    place of the first query among the keys.
    """
    keys = queries if keys is None else keys
    allowed: Mask = np.ones((queries, keys), dtype=np.bool_)
    if config.causal or config.window is not None:
        back = np.arange(start, start + queries)[:, None] - np.arange(keys)
        if config.causal:
            allowed = back >= 0
        if config.window is not None:
            allowed &= np.abs(back) < config.window
    return allowed if present is None else allowed & present


def forbid(scores: Array, visible: Mask) -> None:
    """Overwrite, in place, the scores of the keys that a query may not attend to.

    ``visible`` has the shape of the scores, (H, T, S), or serves all heads, (T, S).
    """
    scores[..., ~visible] = scores.dtype.type(FORBIDDEN)


def softmax(scores: Array, sink: Array | None = None, *, bounded: bool = False) -> Array:
    """Turn scores (…, S) into weights that sum to 1 along the last axis, in place.

    ``sink``, where given, is one score a head: (H, T, S) scores then become weights that sum to 1
    with the sink's, which is left out. ``bounded`` says that no score is so large that its
    exponential could overflow, and none so low that a whole row's could vanish: then the row's
    maximum need not be taken off first.
    """
    beside = None if sink is None else sink[:, None, None]
    if not bounded:
        largest = scores.max(axis=-1, keepdims=True)
        if beside is not None:
            largest = np.maximum(largest, beside)
            beside = beside - largest
        scores -= largest
    np.exp(scores, out=scores)
    # A product with ones is the fastest way to a sum, and a factor faster than a division.
    total = scores @ np.ones((scores.shape[-1], 1), dtype=scores.dtype)
    if beside is not None:
        total += np.exp(beside)
    np.reciprocal(total, out=total)
    scores *= total
    return scores


def attend(
    query: Array,
    key: Array,
    *,
    scale: float,
    visible: Mask,
    softcap: float | None = None,
    bias: Array | None = None,
    sink: Array | None = None,
    out: Array | None = None,
) -> Array:
    """Return the attention weights A, (H, T, S), of (H, T, d) queries on (KV, S, d) keys.

    ``bias`` is (H, T, S), added to the scores; ``sink`` is (H,), as ``softmax`` takes it.
    ``out``, where given, is the array that the weights are written to.
    """
    if out is None:
        out = np.empty((len(query), query.shape[1], key.shape[1]), dtype=query.dtype)
    for _ in _attending(query, key, scale, visible, softcap, bias, sink, out):
        pass
    return out


def attend_and_mix(
    query: Array,
    key: Array,
    value: Array,
    *,
    scale: float,
    visible: Mask,
    softcap: float | None = None,
    bias: Array | None = None,
    sink: Array | None = None,
    rounded: bool = False,
    changed: Sequence[Callable[[Array], None]] = (),
    texts: int = 1,
    workers: Workers = ALONE,
    out: Array,
) -> tuple[Array, Array]:
    """Return the weights A, written to ``out``, and every head's A·V side by side, (B·T, H·d).

    ``rounded``: the scores are rounded to float32 before the softmax, whatever they are in.
    ``changed`` has for every text what changes its A·V, (H, T, d), in place. Of B ``texts`` the
    heads stand one text's behind another's, (B·H, T, d). Else the same as ``attend``, but values
    are mixed while the weights are still in the cache: at 512 tokens they would have to come back
    from memory. Heads are parted among ``workers``.
    """
    heads, tokens, _ = query.shape
    size = value.shape[2]
    key, value = repeat_heads(key, heads), repeat_heads(value, heads)
    merged = np.empty((texts * tokens, heads // texts * size), dtype=query.dtype)
    # Of one text the heads are written where they belong.
    mixed = (
        split_heads(merged, heads)
        if texts == 1
        else np.empty((heads, tokens, size), dtype=query.dtype)
    )

    def part(of: slice) -> None:
        seen = visible[of] if visible.ndim == out.ndim else visible
        its_bias, its_sink = (None if array is None else array[of] for array in (bias, sink))
        for some in _attending(
            query[of], key[of], scale, seen, softcap, its_bias, its_sink, out[of],
            rounded=rounded,
        ):  # fmt: skip
            np.matmul(out[of][some], value[of][some], out=mixed[of][some])

    workers.over(heads, part)
    for change, of_text in zip(changed, np.split(mixed, texts), strict=bool(changed)):
        change(of_text)
    return out, merged if texts == 1 else merge_heads(mixed, texts)


def _attending(
    query: Array,
    key: Array,
    scale: float,
    visible: Mask,
    softcap: float | None,
    bias: Array | None,
    sink: Array | None,
    out: Array,
    *,
    rounded: bool = False,
) -> Iterator[slice]:
    """Write the weights to ``out`` and say after each cacheful which heads are done."""
    # The scale goes onto the smaller operand: T·d products instead of T·S.
    query = query * query.dtype.type(scale)
    key = repeat_heads(key, len(query))
    all_seen = bool(visible.all())
    bounded = (
        bias is None
        and sink is None
        and (all_seen or bool(visible.any(axis=-1).all()))
        and _largest(query, key, softcap) <= _safe(out)
    )
    for some in head_blocks(out):
        np.matmul(query[some], key[some].swapaxes(-1, -2), out=out[some])
        if softcap is not None:
            cap(out[some], softcap)
        if bias is not None:
            out[some] += bias[some]
        if not all_seen:
            forbid(out[some], visible[some] if visible.ndim == out.ndim else visible)
        if rounded and out.dtype != np.float32:
            out[some] = out[some].astype(np.float32)
        softmax(out[some], None if sink is None else sink[some], bounded=bounded)
        yield some


def _largest(query: Array, key: Array, softcap: float | None) -> float:
    """Return what no |q·k| can be above: the product of the greatest lengths (Cauchy, Schwarz)."""
    if softcap is not None:
        return softcap
    # Where a length overflows there is no bound, which infinity or NaN says.
    with np.errstate(over="ignore", invalid="ignore"):
        query_length, key_length = (
            np.sqrt(np.vecdot(vectors, vectors).max()) for vectors in (query, key)
        )
        return float(query_length * key_length)


def _safe(scores: Array) -> float:
    """Return up to what magnitude a row's scores may be exponentiated as they are, and summed."""
    return math.log(np.finfo(scores.dtype).max) - math.log(scores.shape[-1]) - 1


def mix(attention: Array, value: Array, output: Projection) -> Array:
    """Return the sub-layer's output, (T, D): the heads' A·V side by side, then Wo and bias."""
    mixed = attention @ repeat_heads(value, attention.shape[0])
    return project(merge_heads(mixed), output)


def transformed_norms(value: Array, output: Projection, heads: int) -> Array:
    """Return ‖v_j·Wo_h‖, (H, S): what one unit of attention to token j moves, head by head.

    Kobayashi et al. 2020, "Attention is Not Only a Weight".
    """
    return written_lengths(repeat_heads(value, heads), gram_of(output, heads))


def gram_of(output: Projection, heads: int) -> Array:
    """Return Wo_hᵀ·Wo_h, (H, d, d), through which lengths behind a projection are taken."""
    width, merged = output.weight.shape
    slices = output.weight.reshape(width, heads, merged // heads).transpose(1, 0, 2)
    gram: Array = slices.swapaxes(-1, -2) @ slices
    return gram


def written_lengths(vectors: Array, gram: Array) -> Array:
    """Return ‖x·Wo‖ of vectors, (…, n, d) → (…, n): those behind Wo themselves never exist.

    ``gram``, (…, d, d), is ``gram_of``'s.
    """
    squared: Array = ((vectors @ gram) * vectors).sum(axis=-1)
    # Rounding may push the square of a very short vector below zero.
    np.maximum(squared, 0, out=squared)
    np.sqrt(squared, out=squared)
    return squared
