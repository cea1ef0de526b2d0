"""What becomes of a model's answer when a head is silent or a word is not heard."""

from __future__ import annotations

from typing import Literal

from inspector.record import record
from inspector.records.edits import Edit, Knockout
from inspector.records.shapes import Float64, SiteName

#: ``next``: what comes after a text. ``masked``: what stands at its masks. ``words``: what a masked
#: model says where every word stands, of a text without a mask. ``decoder``: what comes after a
#: target. ``embedding``: the text as one vector, of a model without a head for words.
AnswerKind = Literal["next", "masked", "words", "decoder", "embedding"]

#: ``kl_bits``: the Kullback–Leibler divergence of changed probabilities from the untouched ones.
#: ``shift``: 1 less the cosine of the angle between the two embeddings.
Measure = Literal["kl_bits", "shift"]


#: The readings of attention, the rungs of the second ladder below ``effect``, and what each is
#: called in a sentence.
READINGS = {
    "uniform": "the same for every word",
    "last_layer": "attention in the last layer",
    "all_layers": "attention in all layers",
    "rollout": "attention rollout",
    "value_weighted": "value-weighted attention",
    "alti": "ALTI",
    "contributions": "logit contributions",
}


@record(frozen=True, slots=True)
class AnsweredPlace:
    """The entry of the vocabulary that an answer is about, at one place."""

    #: Which place of the text it is an entry for, of an encoder–decoder of its target.
    position: int
    id: int
    #: As a reader would write it.
    token: str
    probability: float
    #: The logit, behind any cap that the model puts on it.
    logit: float


@record(frozen=True, slots=True)
class Answer:
    """What the model says: the likeliest entry, or the one that was asked about."""

    kind: AnswerKind
    #: One for each place; none for an embedding.
    places: tuple[AnsweredPlace, ...]


@record(frozen=True, slots=True)
class Effect:
    """How far the answer moved."""

    #: In the ``measure`` of the whole.
    size: float
    #: How much less probable the answer's entry became, a mean over its places; None without any.
    drop: float | None
    #: By how much the logit of the answer's entry fell beside that of the other that was asked
    #: about; None where none was.
    logit_difference: float | None


@record(frozen=True, slots=True)
class HeadEffect:
    """What silencing a head does."""

    site: SiteName
    layer: int
    head: int
    effect: Effect


@record(frozen=True, slots=True)
class TokenEffect:
    """What blocking a token does: no other place attends to it."""

    #: Whose token it is.
    of: Literal["text", "target"]
    index: int
    token: str
    special: bool
    effect: Effect


@record(frozen=True, slots=True)
class Explanation:
    """How well one reading of attention tells which words matter: a rung of the second ladder."""

    rung: str
    #: (T,) what it gives every token.
    scores: Float64
    #: Spearman's, with what blocking does, over the words; None where either side is constant.
    rank_correlation: float | None
    #: Whether both have the same favourite among the words: of n tied favourites 1/n.
    top1: float | None


@record(frozen=True, slots=True)
class Part:
    """What one part of the model adds to the logit of the answer's entry."""

    kind: Literal["embedding", "head", "feed_forward", "bias"]
    #: None for the embedding and for what comes behind the last layer.
    layer: int | None
    head: int | None
    value: float


@record(frozen=True, slots=True)
class Contributions:
    """The logit of the answer's entry as a sum: direct logit attribution (Elhage et al. 2021)."""

    answer: AnsweredPlace
    #: They sum to the logit as it is before any cap that the model puts on it.
    parts: tuple[Part, ...]
    #: (N, H, T) what every head brings from each token; they sum to the heads' parts.
    from_tokens: Float64
    #: How far the sum of all parts, behind that cap, is from the logit, as a share of it (of 1
    #: where it is smaller).
    sum_error: float


@record(frozen=True, slots=True)
class Effects:
    """Does it matter? The effect of every head and of every token on the answer to one text."""

    measure: Measure
    knockout: Knockout
    answer: Answer
    #: None where they were not measured.
    heads: tuple[HeadEffect, ...] | None
    tokens: tuple[TokenEffect, ...] | None
    #: What was left out and why, in one sentence; None for nothing.
    left_out: str | None
    explanations: tuple[Explanation, ...] = ()
    #: None where the stream is no sum, and why.
    contributions: Contributions | None = None
    no_contributions: str | None = None


@record(frozen=True, slots=True)
class WhatIf:
    """What was changed in a pass, and what became of the answer."""

    edits: tuple[Edit, ...]
    #: The untouched pass's answer, and the changed one's.
    before: Answer
    after: Answer
    #: How far the answer moved; ``drop`` is of the entry of ``before``.
    effect: Effect
