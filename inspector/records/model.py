"""A whole model as arrays and numbers: embeddings, blocks, the last norm, the head for words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from inspector.record import record
from inspector.records.checkpoint import AttentionLayer, Norm, Projection
from inspector.records.shapes import Array


@record(frozen=True, slots=True, kw_only=True)
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
    #: (types, E) a vector for each segment, and whether it is a word's, which is scaled as words
    #: are and counts only where segments are told.
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
    #: What the norm is of: of words, places and segments together, or of the words alone.
    normed: Literal["sum", "words"] = "sum"
    #: The token that counts as dropped out: it enters as zeros, and the others are scaled up by the
    #: share of it. None where there is none such.
    dropped: int | None = None


@record(frozen=True, slots=True)
class BoundedGate:
    """gpt-oss's gate: (u + 1)·g·σ(slope·g), where g ≤ limit and |u| ≤ limit."""

    slope: float
    limit: float


@record(frozen=True, slots=True, kw_only=True)
class Xielu:
    """An activation with learned slopes a⁺ and a⁻, of which a layer keeps ln(e^a⁺ − 1), (1,).

    Above zero a⁺·x² + βx, below it (a⁻ + β)·(e^min(x, ε) − 1 − x) + βx.
    """

    positive: Array
    negative: Array
    #: β and ε, single numbers, (), as the file has them.
    beta: Array
    eps: Array


@record(frozen=True, slots=True, kw_only=True)
class FeedForward:
    """The second half of a block: act(x·Wuᵀ)·Wdᵀ, or (act(x·Wgᵀ) ⊙ x·Wuᵀ)·Wdᵀ where gated."""

    #: By the name that configs use, or what a layer has learned of its own.
    activation: str | Xielu
    up: Projection
    gate: Projection | None
    down: Projection
    #: In place of an activation.
    bounded: BoundedGate | None = None


@record(frozen=True, slots=True, kw_only=True)
class Router:
    """What chooses a few of E experts for each token, and says how much each of them counts.

    By their scores s, (T, E): ``softmax`` of all of them; ``chosen``, softmax of those that are
    chosen; ``sigmoid``, each by itself; ``sparse``, softmax of those not far below the best.
    """

    scores: Projection
    kind: Literal["softmax", "chosen", "sigmoid", "sparse"]
    #: How many each token goes through.
    chosen: int
    #: Whether what they count is then divided by its sum; and what it is multiplied by.
    normalised: bool = False
    scale: float = 1.0
    #: (E,) added to what chooses, and not to what counts.
    correction: Array | None = None
    #: Of so many groups of neighbours only the best are chosen from, by so many of their best.
    groups: int = 1
    best_groups: int = 1
    best_of_group: int = 2
    #: How far below the best counts as far, relative to the score.
    tolerance: float = 0.0


@record(frozen=True, slots=True, kw_only=True)
class Experts:
    """Several feed-forwards of which each token goes through a few, chosen by a router."""

    router: Router
    #: E of them, each put together when it is asked for.
    each: Sequence[FeedForward]
    #: One that every token goes through beside them, and what its share is the sigmoid of.
    shared: FeedForward | None = None
    shared_share: Projection | None = None


@record(frozen=True, slots=True)
class Norms:
    """What is around a sub-layer f: after(x + factor·inside(f(before(x)))); None for nothing."""

    before: Norm | None = None
    inside: Norm | None = None
    after: Norm | None = None
    #: Granite's residual multiplier.
    factor: float | None = None


@record(frozen=True, slots=True, kw_only=True)
class Convolution:
    """DeBERTa's convolution over neighbours, added to what the first block gives."""

    #: (D, D / groups, k) and (D,)
    weight: Array
    bias: Array
    groups: int
    activation: str
    norm: Norm


@record(frozen=True, slots=True, kw_only=True)
class Adapter:
    """A small feed-forward f behind a block's sum s: f(norm(s)) + s, or f(norm(s)) + norm(s)."""

    feed_forward: FeedForward
    norm: Norm | None
    residual_is_normed: bool


@record(frozen=True, slots=True, kw_only=True)
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


@record(frozen=True, slots=True)
class Stack:
    """Embeddings, blocks, and what comes behind the last of them."""

    embeddings: Embeddings
    blocks: Sequence[Block]
    norm: Norm | None
    #: From width D to the width of the words, where a family goes back to it.
    projection: Projection | None


@record(frozen=True, slots=True, kw_only=True)
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


@record(frozen=True, slots=True)
class Model:
    """All that the forward pass needs: one stack, or an encoder's and a decoder's."""

    stack: Stack
    decoder: Stack | None
    head: Head | None
    #: Whether the family fixes norms, softmax, places or their sines to float32, whatever else
    #: runs in float64.
    float32_parts: bool
    #: The lengths of a text above which positions turn its tokens at other speeds, first to last.
    rope_windows: tuple[int, ...] = ()
