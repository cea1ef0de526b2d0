"""What is found out of a text too long for its attention to be kept: readings, never matrices.

Letters as elsewhere; ``P`` is the number of spans that a map of the text is made of, ``R`` the
number of query rows that were kept whole, for the proof.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inspector.record import record
from inspector.records.checkpoint import FLOAT32, AttentionConfig, Checkpoint, ModelInfo
from inspector.records.effects import Answer, Effect, Measure
from inspector.records.embedding import Embedding
from inspector.records.findings import HeadReading, Link, Sink
from inspector.records.predictions import Predictions
from inspector.records.rebuild import Bias
from inspector.records.shapes import Array, Float32
from inspector.records.text import Text
from inspector.records.verification import Verification


@record(frozen=True, slots=True)
class Span:
    """A stretch of a text: lines or sentences that belong together."""

    #: Half-open, in tokens.
    start: int
    end: int
    #: What stands there, as the text has it.
    text: str


@record(frozen=True, slots=True, kw_only=True)
class LongLayer:
    """What one layer's attention comes to, folded as its rows went by."""

    layer: int
    config: AttentionConfig
    #: (H, P, P) of what the queries of a span give, which share goes to the keys of a span; rows
    #: sum to 1, or to less where a sink takes part.
    flow: Float32
    #: (H, T) what a token is given by all others that can see it, on average.
    received: Float32
    #: (H,) mean length of what a head adds to a token's state, ‖Σ_j A_ij·v_j·Wo‖.
    written: Float32
    #: (H, T, d) and (KV, S, d): queries and keys on their way to the scores, what is added to them,
    #: and each head's sink: what a page computes weights from. ``float16`` where that is enough.
    query: Array
    key: Array
    bias: Bias | None
    sink: Array | None
    #: (H,) how far weights computed from these lie from the forward's, in the rows kept whole.
    arithmetic_error: Float32
    #: (H, R, S) the weights of some query rows, whole: what the proof is about.
    rows: Float32


@record(frozen=True, slots=True, kw_only=True)
class LongEffects:
    """How far the answer moves when nobody hears a span of the text, or one token of it."""

    measure: Measure
    answer: Answer
    #: P, or fewer where it was stopped, in the order of the spans.
    stretches: tuple[Effect, ...]
    #: The span that moves it most, and each of its tokens alone, or fewer; None where it was
    #: stopped before.
    strongest: int | None
    tokens: tuple[Effect, ...]


@record(frozen=True, slots=True, kw_only=True)
class LongFindings:
    """Everything one pass of a long text found out: the whole input of its report."""

    checkpoint: Checkpoint
    text: Text
    spans: tuple[Span, ...]
    layers: tuple[LongLayer, ...]
    heads: tuple[HeadReading, ...]
    links: tuple[Link, ...]
    sinks: tuple[Sink, ...]
    #: (N, P) of what is given beyond the neighbouring spans, which part each gets, in units of an
    #: even part; a layer's heads averaged. NaN for the first, for one with a sink, and where nobody
    #: is far.
    lifts: Float32
    predictions: Predictions | None
    embedding: Embedding | None
    #: Of the rows that were kept whole, of every head; of the states at the end, of every token's.
    verification: Verification
    #: (R,) which query rows those are.
    rows: NDArray[np.intp]
    #: (T, D) the states at the end, and the logits where the head for words was asked, (…, V).
    final: Array
    logits: Array | None
    notices: tuple[str, ...] = ()
    #: What its spans do to the answer; None where it was not measured.
    effects: LongEffects | None = None
    #: Whether somebody stopped it: then there is no answer, ``final`` has no rows, and it may be
    #: that only the first layers were read.
    stopped: bool = False

    @property
    def model(self) -> ModelInfo:
        """Which model it is, in numbers and names."""
        known = self.checkpoint
        return ModelInfo(
            name=known.name,
            title=known.title,
            family=known.family,
            # All of them, also where the reading was stopped.
            layers=len(known.attention or self.layers),
            heads=max(layer.config.heads for layer in self.layers),
            width=self.final.shape[1],
            window=known.window,
            sha256=known.sha256,
            stored_dtypes=known.stored_dtypes,
            computing_dtype=FLOAT32,
        )

    @property
    def by_writing(self) -> list[tuple[int, int]]:
        """Every head, (layer, head), the one that writes most first: its length in its layer."""
        written = [
            (float(of / max(layer.written.sum(), 1e-30)), layer.layer, head)
            for layer in self.layers
            for head, of in enumerate(layer.written)
        ]
        written.sort(key=lambda one: (-one[0], one[1], one[2]))
        return [(layer, head) for _, layer, head in written]
