"""A whole model as arrays and numbers: embeddings, blocks, the last norm, the head for words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from inspector.records.checkpoint import AttentionLayer, Norm, Projection
from inspector.records.shapes import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Embeddings:
    """What a token becomes before the first block."""

    #: (V, E)
    words: Array
    #: (P, E) a vector for each place, or None; and what is added to a place before it is looked up.
    positions: Array | None
    offset: int
    #: How places are counted: one after the other; among the tokens that are not the one called
    #: ``padding``; or among those that are present.
    counted: Literal["order", "ids", "mask"]
    padding: int | None
    #: (types, E) a vector for each segment, and whether it counts only where segments are told.
    types: Array | None
    types_if_told: bool
    #: (E,) what every token is given of the task, or None.
    task: Array | None = None
    #: What the words' vectors are multiplied by; None for nothing.
    scale: float | None
    norm: Norm | None
    #: From width E to width D, and what it comes behind.
    projection: Projection | None
    projected: Literal["words", "sum", "norm"]
    #: Whether padding enters the first block as zeros.
    padding_is_zero: bool
    #: The token that counts as dropped out: it enters as zeros, and the others are scaled up by the
    #: share of it. None where there is none such.
    dropped: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Experts:
    """Several feed-forwards of which each token goes through a few, chosen by a router."""

    router: Projection
    #: (E, D, 2·I) columns of gate and of up in turn, (E, 2·I), (E, I, D), (E, D)
    gate_up: Array
    gate_up_bias: Array
    down: Array
    down_bias: Array
    #: How many each token goes through.
    chosen: int
    #: gate·σ(slope·gate), both bounded by ``limit``.
    slope: float
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedForward:
    """The second half of a block: act(x·Wuᵀ)·Wdᵀ, or (act(x·Wgᵀ) ⊙ x·Wuᵀ)·Wdᵀ where gated."""

    activation: str
    up: Projection
    gate: Projection | None
    down: Projection


@dataclass(frozen=True, slots=True)
class Norms:
    """The norms of a sub-layer f: after(x + inside(f(before(x)))); None for none."""

    before: Norm | None = None
    inside: Norm | None = None
    after: Norm | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Convolution:
    """DeBERTa's convolution over neighbours, added to what the first block gives."""

    #: (D, D / groups, k) and (D,)
    weight: Array
    bias: Array
    groups: int
    activation: str
    norm: Norm


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """A small feed-forward f behind a block's sum s: f(norm(s)) + s, or f(norm(s)) + norm(s)."""

    feed_forward: FeedForward
    norm: Norm | None
    residual_is_normed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block: attention, where there is a second text attention on it, feed-forward."""

    attention: AttentionLayer
    attention_norms: Norms
    cross: AttentionLayer | None = None
    cross_norms: Norms = Norms()
    feed_forward: FeedForward | Experts
    feed_forward_norms: Norms
    #: Whether the feed-forward reads what entered the block, beside attention and not behind it;
    #: where it has no norm of its own it then reads what attention's norm gave.
    parallel: bool = False
    #: Whether what is added to a sub-layer's output has been through its norm.
    residual_is_normed: bool = False
    #: What the sum behind the feed-forward goes through before the norm behind it.
    adapter: Adapter | None = None
    convolution: Convolution | None = None


@dataclass(frozen=True, slots=True)
class Stack:
    """Embeddings, blocks, and what comes behind the last of them."""

    embeddings: Embeddings
    blocks: Sequence[Block]
    norm: Norm | None
    #: From width D to the width of the words, where a family goes back to it.
    projection: Projection | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The head for words: logits = cap(act(h·Wᵀ)-normed · wordsᵀ + bias)."""

    kind: Literal["causal", "masked", "seq2seq"]
    transform: Projection | None
    activation: str
    norm: Norm | None
    #: (V, E)
    words: Array
    bias: Array | None
    #: What the states are multiplied by, and the limit to which logits are bent; None for neither.
    scale: float | None
    softcap: float | None


@dataclass(frozen=True, slots=True)
class Model:
    """All that the forward pass needs: one stack, or an encoder's and a decoder's."""

    stack: Stack
    decoder: Stack | None
    head: Head | None
    #: Whether the family fixes norms, sines or softmax to float32, whatever else runs in float64.
    float32_parts: bool
