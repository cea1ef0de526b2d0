"""A model at rest: what it is called, and what every layer of its attention is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspector.record import record
from inspector.records.embedding import DEFAULT_POOLING, Pooling
from inspector.records.shapes import Array, Float32

if TYPE_CHECKING:
    from inspector.records.model import Model

#: What a text is run in, by our own forward and by the real model, whatever weights are stored as.
FLOAT32 = "float32"


@record(frozen=True, slots=True)
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
    #: What its weights are stored as, such as ``bfloat16``, that of the most numbers first, or
    #: ``4-bit`` in a file of blocks; and what it was run in.
    stored_dtypes: tuple[str, ...]
    computing_dtype: str


@record(frozen=True, slots=True)
class Projection:
    """A linear map ``x·weightᵀ + bias`` with ``weight`` (out, in) and ``bias`` (out,) or None."""

    weight: Array
    bias: Array | None


@record(frozen=True, slots=True)
class Norm:
    """A norm along the last axis, whose length ``weight`` and ``bias`` have."""

    weight: Array | None
    bias: Array | None
    eps: float
    #: True for a layer norm, False for a root-mean-square norm.
    centred: bool = True


@record(frozen=True, slots=True)
class LongSpeeds:
    """The speeds that LongRoPE has for texts of more than ``window`` tokens."""

    window: int
    #: (r/2,) radians a position.
    frequencies: Float32


@record(frozen=True, slots=True)
class DynamicBase:
    """NTK-aware scaling: in texts of more than ``window`` tokens the speeds' base grows with them.

    For T tokens it is base·(factor·T / window − factor + 1)^(r / (r − 2)).
    """

    window: int
    base: float
    factor: float


@record(frozen=True, slots=True)
class Rope:
    """How queries and keys are turned by their position."""

    #: (r/2,) radians a position of each pair among r dimensions, the first ones of a head.
    frequencies: Float32
    #: What the turned dimensions are multiplied by.
    factor: float
    #: Whether neighbours make a pair, and not a dimension of each half.
    interleaved: bool
    #: Whether the model turns in float32 even where it runs in float64.
    in_float32: bool = False
    #: What takes the place of ``frequencies`` in long texts; None where nothing does.
    beyond: LongSpeeds | DynamicBase | None = None
    #: (P, r) sines of every place in the first half, cosines in the second, where the checkpoint
    #: keeps them; None where they are calculated.
    table: Array | None = None
    #: The first of the dimensions that are turned.
    first: int = 0


@record(frozen=True, slots=True)
class Alibi:
    """Positions as ALiBi has them: to a score is added a slope times the key's place."""

    #: (H,)
    slopes: Float32
    #: Whether places are counted back from the last key, padding among them, which then has 0; and
    #: not from the first key that is present.
    from_end: bool = False


@record(frozen=True, slots=True)
class Buckets:
    """Positions as T5 has them: a learned number for each head and bucket of distances."""

    count: int
    #: From here on all distances share one bucket.
    farthest: int
    #: Whether keys ahead and keys behind have buckets of their own.
    both_ways: bool


@record(frozen=True, slots=True)
class Disentangled:
    """Positions as DeBERTa has them: a distance has a query and a key of its own."""

    heads: int
    #: Half of the rows of the table of distances.
    span: int
    #: Up to where distances are put into logarithmic buckets; None where they are not.
    farthest: int | None


PositionRule = Alibi | Buckets | Disentangled


@record(frozen=True, slots=True)
class PositionWeights:
    """What a model has learned about distances."""

    #: (buckets, H) numbers, or (2·span, D) a state for each distance.
    table: Array
    #: What the states go through first, and what makes keys and queries of them; None for none.
    norm: Norm | None = None
    key: Projection | None = None
    query: Projection | None = None


@record(frozen=True, slots=True)
class Latent:
    """A narrow state that heads are made of, in place of the token's own: norm(x·downᵀ)."""

    down: Projection
    norm: Norm


@record(frozen=True, slots=True)
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
    #: What queries, and what keys and values, are made of; None where of the states themselves.
    query_latent: Latent | None = None
    key_latent: Latent | None = None
    #: (r, D) makes the last r dimensions of a key, the same for all heads, of the states.
    shared_key: Projection | None = None


@record(frozen=True, slots=True)
class AttentionConfig:
    """The numbers in which one layer's attention differs from another family's."""

    heads: int
    kv_heads: int
    head_dim: int
    #: What q·k is multiplied by; d^-½ in most families.
    scale: float
    #: Values, and queries and keys behind their norms, are bounded by ±this; None where they are
    #: not.
    clip: float | None = None
    #: Whether the norms of queries and keys take all heads side by side, (T, H·d), as one vector.
    norms_over_all: bool = False
    #: Whether they come behind positions and not before.
    norms_behind_rope: bool = False
    #: Whether a query may attend only to keys up to itself.
    causal: bool = False
    #: Only keys less than this many tokens away may be attended to; None for all.
    window: int | None = None
    #: How positions turn queries and keys; None where they do not.
    rope: Rope | None = None
    #: Whether they turn values as well.
    turns_values: bool = False
    #: What positions add to the scores; None where they add nothing.
    positions: PositionRule | None = None
    #: Scores s become c·tanh(s/c); None where they stay.
    softcap: float | None = None
    #: Whether the model takes its softmax, or the sines of positions, in float32 even where it runs
    #: in float64.
    float32_softmax: bool = False
    #: Whether it rounds its scores to float32 for that: ALiBi's grow with the text, and what the
    #: rounding takes off them grows along.
    rounds_scores: bool = False


@record(frozen=True, slots=True)
class AttentionLayer:
    """All that one layer's attention is rebuilt from, but for what enters the layer."""

    weights: AttentionWeights
    config: AttentionConfig


@record(frozen=True, slots=True)
class Origin:
    """What weights were before they were brought into the form in which they are read."""

    #: In words, such as ``4-bit weights, dequantised`` or ``LoRA adapter, merged``.
    said: str
    #: What they were stored as, that of the most numbers first: ``4-bit``, or as in a checkpoint.
    stored_dtypes: tuple[str, ...]


@record(frozen=True, slots=True)
class Checkpoint:
    """A model as its files have it: what it is called, and its attention, layer by layer."""

    #: What the user asked for: ``bundled``, a hub id or a folder.
    name: str
    #: What it is called on a page: the bundled model's upstream name, else ``name``.
    title: str
    #: transformers' ``model_type``, such as ``bert``.
    family: str
    #: How many tokens fit, or None where the model sets no limit.
    window: int | None
    #: SHA-256 of the weights file where it was checked against a published hash, else None.
    sha256: str | None
    #: N layers in the order in which they run, those of a site together; None where nobody knows
    #: how the attention of this checkpoint is to be rebuilt, and then why.
    attention: tuple[AttentionLayer, ...] | None
    no_rebuild: str | None
    #: What the weights were before; None where they are read as they were published.
    origin: Origin | None = None
    #: The whole model, for the forward pass; None where nobody knows how it is put together, and
    #: then why, where it is not for the same reason.
    model: Model | None = None
    no_forward: str | None = None
    #: What config.json says and means, by attribute; the tensors as the file names them, in
    #: float32; the tokenizer of the ``tokenizers`` package. None and nothing where the checkpoint
    #: was not opened from its files.
    config: Any = None
    tensors: Mapping[str, Array] = field(default_factory=dict)
    tokenizer: Any = None
    #: How a text's states become one vector; None where the checkpoint's own files say it in a way
    #: that is not known here.
    pooling: Pooling | None = DEFAULT_POOLING
    #: Where its files lie; None where it was not opened from them.
    folder: Path | None = None
    #: What the files store the weights as, that of the most numbers first; a model that lies in no
    #: file was made in float32.
    stored_dtypes: tuple[str, ...] = (FLOAT32,)

    def __repr__(self) -> str:
        """Say in one line what it is: a notebook or a log would else hold every weight of it."""
        return f"<Checkpoint {self.title!r}, {self.family}>"

    @property
    def cannot_run(self) -> str | None:
        """Why our own forward cannot run it; None where it can."""
        if self.model is None:
            return self.no_rebuild or self.no_forward or "nobody knows how it is put together"
        return "it has no tokenizer.json" if self.tokenizer is None else None

    @property
    def takes_target(self) -> bool:
        """Whether our own forward knows it as an encoder–decoder, which reads a target."""
        return self.model is not None and self.model.decoder is not None
