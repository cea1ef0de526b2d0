"""What analogy and analysis say of a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inspector.record import record
from inspector.records.checkpoint import FLOAT32, Checkpoint, ModelInfo
from inspector.records.embedding import Embedding, Similarity
from inspector.records.predictions import Predictions
from inspector.records.rebuild import Rebuild
from inspector.records.shapes import Float32, Float64, SiteName
from inspector.records.targets import HeadLabel
from inspector.records.trace import Trace
from inspector.records.verification import Verification

if TYPE_CHECKING:
    from inspector.records.effects import Effects, WhatIf
    from inspector.records.generation import Generation


@record(frozen=True, slots=True)
class Agreement:
    """How near one rung comes to the model's attention, per head.

    The three measures are (N, H) float64, H the most heads of a layer; NaN where there is no such
    head, where the rung means nothing on a layer, and where a head has no row to be measured.
    """

    jsd_bits: Float64
    rank_correlation: Float64
    top1_agreement: Float64
    #: Query rows left out of the rank correlation because one side is constant, and rows left
    #: out of everything because nothing was left of them, over all heads.
    constant_rows: int
    empty_rows: int

    def means(self, layers: list[int] | None = None) -> dict[str, float | None]:
        """Return each measure averaged over layers and heads; None where nothing was measured.

        ``layers`` are the indices of those to be averaged over; without it, all are.
        """
        of = slice(None) if layers is None else layers
        return {
            "jsd_bits": _mean(self.jsd_bits[of]),
            "rank_correlation": _mean(self.rank_correlation[of]),
            "top1_agreement": _mean(self.top1_agreement[of]),
        }


def _mean(values: Float64) -> float | None:
    measured = values[~np.isnan(values)]
    return float(measured.mean()) if measured.size else None


@record(frozen=True, slots=True)
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
    #: N matrices (T, S), the rung's weights where one serves all heads of a layer; None where the
    #: rung means nothing on a layer, and where it has a matrix a head.
    matrices: tuple[Float32 | None, ...] | None
    #: The sites at which some layer has the rung: elsewhere it adds nothing.
    sites: tuple[SiteName, ...]
    #: Half of the 95 % interval of the mean divergence over all tokens that comes of measuring a
    #: sample of the queries; None where all were measured.
    jsd_bits_error: float | None = None


@record(frozen=True, slots=True)
class HeadReading:
    """What one head does in this text."""

    site: SiteName
    layer: int
    head: int
    #: Mean entropy of the rows of content tokens, in bits.
    entropy_bits: float
    #: Mean of Σ_j A_ij·|i − j| over content queries, in tokens; NaN between two texts.
    distance: float
    #: Mean mass on each of the five targets over content queries, in the order of ``HeadLabel``;
    #: NaN on the neighbours and on oneself between two texts.
    masses: dict[HeadLabel, float]
    #: The target with the largest mass, where that is at least 0.4.
    label: HeadLabel | None
    #: That largest mass.
    score: float


@record(frozen=True, slots=True)
class Sink:
    """A key that much of everybody's attention rests on, whatever stands there."""

    site: SiteName
    #: Its position among the keys of the site, and what stands there as a reader sees it.
    index: int
    token: str
    #: Mean weight over layers, heads and the queries that can see it, but for itself.
    share: float
    #: The same of what moves, ‖A_ij·v_j·Wo‖; None without a rebuild from the weights.
    value_weighted_share: float | None


@record(frozen=True, slots=True)
class Link:
    """One word attending to another: the strongest over all heads, pieces merged into words."""

    source: str
    target: str
    #: Positions of the two words' first tokens that are no sinks, each in its own text.
    source_token: int
    target_token: int
    weight: float
    #: The weight divided by the head's mean over all links between different content words of
    #: this text, sinks set aside: how unusual the link is for this head.
    lift: float
    site: SiteName
    layer: int
    head: int


@record(frozen=True, slots=True)
class HeadLink:
    """How strongly one head links two words that somebody asked about."""

    site: SiteName
    layer: int
    head: int
    #: Attention that the one word gives to the other: into a word summed, out of a word averaged.
    weight: float
    #: The weight divided by the head's mean over all links between different content words; None
    #: where there are none, or the head gives them nothing.
    lift: float | None
    #: What becomes of the answer when the head is silent, as the effects say it; None where they
    #: were not measured.
    effect: float | None


@record(frozen=True, slots=True)
class AskedLink:
    """Two words of a text, and what every head that can link them makes of them."""

    #: The words as the text spells them, and their first tokens, each in its own text: of several
    #: sites those at that of the strongest head.
    source: str
    target: str
    source_token: int
    target_token: int
    #: The strongest first.
    heads: tuple[HeadLink, ...]


@record(frozen=True, slots=True)
class Share:
    """What one ingredient of attention buys, whatever the order in which it is added.

    The Shapley value of the drop in ``jsd_bits`` from ``softmax(X·Xᵀ)`` to the model; the shares of
    all ingredients sum to the whole gap, and a negative one made things worse on average.
    """

    ingredient: str
    #: What it adds, in the classroom's words.
    adds: str
    #: (N, H) float64, H the most heads of a layer; NaN where there is no such head.
    per_head: Float64
    #: Mean over layers and heads.
    bits: float


@record(frozen=True, slots=True)
class SampledRows:
    """How many of a site's queries were measured."""

    site: SiteName
    measured: int
    of: int


@record(frozen=True, slots=True)
class RowSample:
    """The sample of queries that ladder and shares were measured on, where it was not all."""

    seed: int
    sites: tuple[SampledRows, ...]


@record(frozen=True, slots=True)
class Inspected:
    """Everything one inspection found out: the whole input of ``report/``."""

    checkpoint: Checkpoint
    trace: Trace
    rebuild: Rebuild
    verification: Verification
    ladder: tuple[RungResult, ...]
    #: One for each ingredient that the family has; empty without a rebuild.
    shares: tuple[Share, ...]
    heads: tuple[HeadReading, ...]
    links: tuple[Link, ...]
    #: Whether the links are between single tokens, not between words.
    pieces: bool
    #: The keys that are set aside by links and default views.
    sinks: tuple[Sink, ...] = ()
    #: What a reader should know of the text, in sentences.
    notices: tuple[str, ...] = ()
    #: On which sample of queries ladder and shares were measured; None for all queries.
    ladder_rows: RowSample | None = None
    #: What of the text the model wrote itself; None where it was not asked to write.
    generation: Generation | None = None
    #: What heads and words do to the answer; None where it was not measured.
    effects_measured: Effects | None = None
    #: What the heads make of two words; None where nobody asked about any.
    link_asked: AskedLink | None = None
    #: What was changed in the pass that this is; None for the untouched one.
    change: WhatIf | None = None

    @property
    def predictions(self) -> Predictions | None:
        """What a model with a head for words says of the words; None for any other."""
        return self.trace.predictions

    @property
    def embedding(self) -> Embedding | None:
        """The text as one vector, what a model without a head for words answers.

        None for an encoder–decoder, and where the model's own files pool in a way that is not
        known here.
        """
        return self.trace.embedding

    @property
    def similarity(self) -> Similarity | None:
        """How alike the texts of a pair are, each read alone; None where there is no embedding."""
        return self.trace.similarity

    @property
    def model(self) -> ModelInfo:
        """Which model it is, in numbers and names."""
        known, trace = self.checkpoint, self.trace
        return ModelInfo(
            name=known.name,
            title=known.title,
            family=known.family,
            layers=len(trace.layers),
            heads=trace.heads,
            width=trace.layers[0].hidden.shape[1],
            window=known.window,
            sha256=known.sha256,
            stored_dtypes=known.stored_dtypes,
            computing_dtype=FLOAT32,
        )
