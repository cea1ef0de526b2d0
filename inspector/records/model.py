"""The real model: its weights, its dialect, and what one pass through it gave."""

from __future__ import annotations

from dataclasses import dataclass

from inspector.records.predictions import Predictions
from inspector.records.shapes import Array, Float32, Mask, SiteName
from inspector.records.text import Text


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which model ran."""

    #: What the user asked for: ``bundled``, a hub id or a folder.
    name: str
    #: What it is called on a page: the bundled model's upstream name, else ``name``.
    title: str
    #: transformers' ``model_type``, such as ``bert``.
    family: str
    layers: int
    heads: int
    #: Width D of the hidden states.
    width: int
    #: How many tokens fit, or None where the model sets no limit.
    window: int | None
    #: SHA-256 of the weights file where it was checked against a published hash, else None.
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Projection:
    """A linear map ``x·weightᵀ + bias`` with ``weight`` (out, in) and ``bias`` (out,) or None."""

    weight: Array
    bias: Array | None


@dataclass(frozen=True, slots=True)
class Norm:
    """A norm along the last axis, whose length ``weight`` and ``bias`` have."""

    weight: Array | None
    bias: Array | None
    eps: float
    #: True for a layer norm, False for a root-mean-square norm.
    centred: bool = True


@dataclass(frozen=True, slots=True)
class Rope:
    """How queries and keys are turned by their position."""

    #: (r/2,) radians a position of each pair among the first r dimensions.
    frequencies: Float32
    #: What the turned dimensions are multiplied by.
    factor: float
    #: Whether neighbours make a pair, and not a dimension of each half.
    interleaved: bool


@dataclass(frozen=True, slots=True)
class Alibi:
    """Positions as ALiBi has them: to a score is added a slope times the key's place."""

    #: (H,)
    slopes: Float32


@dataclass(frozen=True, slots=True)
class Buckets:
    """Positions as T5 has them: a learned number for each head and bucket of distances."""

    count: int
    #: From here on all distances share one bucket.
    farthest: int
    #: Whether keys ahead and keys behind have buckets of their own.
    both_ways: bool


@dataclass(frozen=True, slots=True)
class Disentangled:
    """Positions as DeBERTa has them: a distance has a query and a key of its own."""

    heads: int
    #: Half of the rows of the table of distances.
    span: int
    #: Up to where distances are put into logarithmic buckets; None where they are not.
    farthest: int | None


PositionRule = Alibi | Buckets | Disentangled


@dataclass(frozen=True, slots=True)
class PositionWeights:
    """What a model has learned about distances."""

    #: (buckets, H) numbers, or (2·span, D) a state for each distance.
    table: Array
    #: What the states go through first, and what makes keys and queries of them; None for none.
    norm: Norm | None = None
    key: Projection | None = None
    query: Projection | None = None


@dataclass(frozen=True, slots=True)
class AttentionWeights:
    """One attention layer's weights, copied out of the checkpoint before the model ran."""

    query: Projection
    key: Projection
    value: Projection
    output: Projection
    #: What the input goes through before the first three; None where it goes in as it is.
    norm: Norm | None = None
    #: What queries and keys go through before positions; None where they stay as they are.
    query_norm: Norm | None = None
    key_norm: Norm | None = None
    #: What positions add to the scores is made from these; None where it is not learned.
    positions: PositionWeights | None = None
    #: (H,) score of one more key that nobody is, whose weight is dropped; None without one.
    sink: Array | None = None


@dataclass(frozen=True, slots=True)
class Dialect:
    """The numbers in which one layer's attention differs from another family's."""

    heads: int
    kv_heads: int
    head_dim: int
    #: What q·k is multiplied by; d^-½ in most families.
    scale: float
    #: Whether a query hears only keys up to itself.
    causal: bool = False
    #: Only keys less than this many tokens away are heard; None for all.
    window: int | None = None
    #: How positions turn queries and keys; None where they do not.
    rope: Rope | None = None
    #: What positions add to the scores; None where they add nothing.
    positions: PositionRule | None = None
    #: Scores s become c·tanh(s/c); None where they stay.
    softcap: float | None = None
    #: Whether the model takes its softmax in float32 even where it runs in float64.
    float32_softmax: bool = False
    #: Whether it rounds its scores to float32 for that: ALiBi's grow with the text, and what the
    #: rounding takes off them grows along.
    rounds_scores: bool = False


@dataclass(frozen=True, slots=True)
class CapturedLayer:
    """What one attention layer of the real model took in and gave out, in one run."""

    site: SiteName
    layer: int
    #: (T, D) the layer's input hidden states; in cross-attention those that enter this sub-layer.
    hidden: Array
    #: (H, T, S) the model's own attention weights.
    attention: Array
    #: (T, D) the attention sub-layer's output, before dropout, residual and norm; None where
    #: the family does not declare where it is.
    output: Array | None
    #: (S, D) Y, what keys and values are made from in cross-attention: the encoder's states. None
    #: where everything is made from ``hidden``.
    key_states: Array | None = None


@dataclass(frozen=True, slots=True)
class Executed:
    """What one layer's attention function was given by the model, and the mixture it gave back.

    These are the model's own numbers: nothing of how it came by them is proved.
    """

    #: (H, T, d), (KV, S, d), (KV, S, e)
    query: Array
    key: Array
    value: Array
    #: What q·k is multiplied by, and what caps the product; None for no cap.
    scale: float
    softcap: float | None
    #: (H or 1, T, S) what is added to the scores: positions, and −3.4e38 where a key is hidden.
    bias: Array | None
    #: (H,) scores of a key that takes its share of every row and gives nothing; None for none.
    sinks: Array | None
    #: (T, H·e) A·V with the heads side by side.
    mixed: Array


@dataclass(frozen=True, slots=True)
class Run:
    """One pass of one text, or of a source and a target, through the real model."""

    model: ModelInfo
    text: Text
    #: N layers in the order in which they ran, those of a site together.
    layers: tuple[CapturedLayer, ...]
    #: N weights and N dialects, in the order of ``layers``; None where the family has no rebuild.
    weights: tuple[AttentionWeights, ...] | None
    dialects: tuple[Dialect, ...] | None
    #: Why there is no rebuild from the weights; None where there is one.
    not_recomputed_because: str | None
    #: (T,) False where a token of ``text`` is padding, which nobody hears; None where none is.
    present: Mask | None = None
    #: What the decoder of an encoder–decoder read; None for any other model.
    target: Text | None = None
    #: N in the order of ``layers`` where there is no rebuild but the model let itself be watched.
    executed: tuple[Executed, ...] | None = None
    #: What the model says of the text's words; None where the checkpoint has no head for words.
    predictions: Predictions | None = None

    def texts(self, site: SiteName) -> tuple[Text, Text]:
        """Return which text asks at a site and which is listened to: rows and columns there."""
        if self.target is None or site in ("self", "encoder"):
            return self.text, self.text
        return self.target, self.target if site == "decoder" else self.text

    @property
    def sites(self) -> tuple[SiteName, ...]:
        """The sites of the run, in the order in which their layers stand in ``layers``."""
        return tuple(dict.fromkeys(layer.site for layer in self.layers))

    def places(self, site: SiteName) -> list[int]:
        """Return where in ``layers`` those of a site stand."""
        return [place for place, layer in enumerate(self.layers) if layer.site == site]

    @property
    def longest(self) -> int:
        """The most tokens that a layer's queries or keys have."""
        return max(int(size) for layer in self.layers for size in layer.attention.shape[1:])
