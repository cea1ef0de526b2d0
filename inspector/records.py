"""The frozen records that cross every seam of the house.

Data moves one way, text → model → attention → analogy → analysis → report, and it moves as these
records. They hold NumPy arrays, never tensors, so that every stage after ``model/`` can be read
and tested without torch.

Letters used in shapes: ``T`` query tokens, ``S`` key tokens (``S = T`` in self-attention), ``D``
width of the hidden states, ``H`` heads of a layer, ``KV`` key/value heads (``KV = H`` unless they
are shared), ``d`` dimensions of one head, ``N`` attention layers of the model in the order in
which they ran. Layers, heads and tokens count from 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Mask = NDArray[np.bool_]

SiteName = Literal["self", "encoder", "decoder", "cross"]
Verdict = Literal["verified", "rounding", "mismatch", "not_recomputed"]
HeadLabel = Literal["previous", "next", "self", "first", "separator"]


# --- text -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Token:
    """One token as the model reads it."""

    id: int
    #: The tokenizer's own piece, such as ``cat`` or ``##ing``.
    text: str
    #: Which word of the text the piece belongs to, counted over both segments; None for a
    #: special token or where the tokenizer cannot say.
    word: int | None
    #: True for tokens that the tokenizer added, such as ``[CLS]``.
    special: bool
    #: 0 for the first text, 1 for the second of a pair.
    segment: int
    #: Half-open character span in the token's own text; None for a special token.
    span: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Text:
    """A text, or a pair of texts, and the tokens the model's tokenizer made of it."""

    text: str
    pair: str | None
    tokens: tuple[Token, ...]
    #: How many tokens there were before ``--truncate`` cut them; None when nothing was cut.
    truncated_from: int | None

    @property
    def special(self) -> Mask:
        """(T,) True where the token is special."""
        return np.array([token.special for token in self.tokens], dtype=np.bool_)


# --- model ----------------------------------------------------------------------------------


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
    #: Scores s become c·tanh(s/c); None where they stay.
    softcap: float | None = None
    #: Whether the model takes its softmax in float32 even where it runs in float64.
    float32_softmax: bool = False


@dataclass(frozen=True, slots=True)
class CapturedLayer:
    """What one attention layer of the real model took in and gave out, in one run."""

    site: SiteName
    layer: int
    #: (T, D) the layer's input hidden states.
    hidden: Array
    #: (H, T, S) the model's own attention weights.
    attention: Array
    #: (T, D) the attention sub-layer's output, before dropout, residual and norm; None where
    #: the family does not declare where it is.
    output: Array | None


@dataclass(frozen=True, slots=True)
class Run:
    """One pass of one text through the real model."""

    model: ModelInfo
    text: Text
    #: N layers in the order in which they ran.
    layers: tuple[CapturedLayer, ...]
    #: N weights and N dialects, in the order of ``layers``; None where the family has no rebuild.
    weights: tuple[AttentionWeights, ...] | None
    dialects: tuple[Dialect, ...] | None
    #: Why there is no rebuild; None where there is one.
    not_recomputed_because: str | None


# --- attention ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RebuiltLayer:
    """The same attention layer, recomputed from ``CapturedLayer.hidden`` and the weights."""

    site: SiteName
    layer: int
    #: (T, D) X: what the query and key projections receive.
    states: Array
    #: (H, T, d), (KV, S, d), (KV, S, d)
    query: Array
    key: Array
    value: Array
    #: What q·k is multiplied by.
    scale: float
    #: (T, S) True where a query may hear a key.
    visible: Mask
    #: (H, T, S) rows sum to 1.
    attention: Array
    #: (T, D)
    output: Array
    #: Wo and its bias, which turned A·V into ``output``.
    output_projection: Projection
    #: How positions turned queries and keys, and what caps their scores; None for neither.
    rope: Rope | None = None
    softcap: float | None = None
    #: Query and key as they came out of their norms; None where positions did not turn them after.
    normed: tuple[Array, Array] | None = None
    #: Query and key as they came out of their projections; None where they have no norms.
    plain: tuple[Array, Array] | None = None

    @property
    def before_positions(self) -> tuple[Array, Array]:
        """Query and key with their norms but without positions."""
        return self.normed or (self.query, self.key)

    @property
    def before_norms(self) -> tuple[Array, Array]:
        """Query and key as projected."""
        return self.plain or self.before_positions


@dataclass(frozen=True, slots=True)
class LayerCheck:
    """How far the rebuilt layer lies from the model's."""

    site: SiteName
    layer: int
    #: The worst of the heads' verdicts and the output's.
    verdict: Verdict
    #: H verdicts, and (H,) float64 largest |Δ| and largest row sum of |Δ|, in float32 unless the
    #: head was arbitrated.
    head_verdicts: tuple[Verdict, ...]
    attention_max_abs_error: Float64
    attention_max_row_error: Float64
    #: The float64 arbitration's largest |Δ| per head, NaN where there was none.
    arbitrated_max_abs_error: Float64
    #: Largest |Δ| of the sub-layer's output and the bound it had to meet.
    output_verdict: Verdict
    output_max_abs_error: float
    output_bound: float


@dataclass(frozen=True, slots=True)
class Verification:
    """The verdict over every head of every layer; ``layers`` is empty when not recomputed."""

    verdict: Verdict
    attention_max_abs_error: float | None
    output_max_abs_error: float | None
    layers: tuple[LayerCheck, ...]
    #: Why nothing was recomputed, else None.
    reason: str | None


# --- analogy and analysis -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Agreement:
    """How near one rung comes to the model's attention, per head.

    The three measures are (N, H) float64; NaN where a head has no row that can be measured.
    """

    jsd_bits: Float64
    rank_correlation: Float64
    top1_agreement: Float64
    #: Query rows left out of the rank correlation because one side is constant, and rows left
    #: out of everything because nothing was left of them, over all heads.
    constant_rows: int
    empty_rows: int

    def means(self) -> dict[str, float | None]:
        """Return each measure averaged over layers and heads; None where nothing was measured."""
        return {
            "jsd_bits": _mean(self.jsd_bits),
            "rank_correlation": _mean(self.rank_correlation),
            "top1_agreement": _mean(self.top1_agreement),
        }


def _mean(values: Float64) -> float | None:
    measured = values[~np.isnan(values)]
    return float(measured.mean()) if measured.size else None


@dataclass(frozen=True, slots=True)
class RungResult:
    """One rung of the ladder, or a reference beside it, measured on one text."""

    name: str
    formula: str
    #: What this rung adds to the one before, in the classroom's words.
    adds: str
    reference: bool
    #: False where the family does not have the rung; then everything below is None.
    applies: bool
    all_tokens: Agreement | None
    content: Agreement | None
    #: (N, T, S) the rung's weights where one matrix serves all heads of a layer, else None.
    matrices: Float32 | None


@dataclass(frozen=True, slots=True)
class HeadReading:
    """What one head does in this text."""

    site: SiteName
    layer: int
    head: int
    #: Mean entropy of the rows of content tokens, in bits.
    entropy_bits: float
    #: Mean of Σ_j A_ij·|i − j| over content queries, in tokens.
    distance: float
    #: Mean mass on each of the five targets over content queries, in the order of ``HeadLabel``.
    masses: dict[HeadLabel, float]
    #: The target with the largest mass, where that is at least 0.4.
    label: HeadLabel | None
    #: That largest mass.
    score: float


@dataclass(frozen=True, slots=True)
class Link:
    """One word attending to another: the strongest over all heads, pieces merged into words."""

    source: str
    target: str
    #: Positions of the two words' first tokens.
    source_token: int
    target_token: int
    weight: float
    #: The weight divided by the head's mean over all links between different content words of
    #: this text: how unusual the link is for this head.
    lift: float
    site: SiteName
    layer: int
    head: int


@dataclass(frozen=True, slots=True)
class Share:
    """What one ingredient of attention buys, whatever the order in which it is added.

    The Shapley value of the drop in ``jsd_bits`` from ``softmax(X·Xᵀ)`` to the model; the shares of
    all ingredients sum to the whole gap, and a negative one made things worse on average.
    """

    ingredient: str
    #: What it adds, in the classroom's words.
    adds: str
    #: (N, H) float64.
    per_head: Float64
    #: Mean over layers and heads.
    bits: float


@dataclass(frozen=True, slots=True)
class Inspected:
    """Everything one inspection found out: the whole input of ``report/``."""

    run: Run
    #: N rebuilt layers in the order of ``run.layers``; None where the family has no rebuild.
    rebuilt: tuple[RebuiltLayer, ...] | None
    verification: Verification
    ladder: tuple[RungResult, ...]
    #: One for each ingredient that the family has; empty without a rebuild.
    shares: tuple[Share, ...]
    heads: tuple[HeadReading, ...]
    links: tuple[Link, ...]
    #: Whether the links are between single tokens, not between words.
    pieces: bool
