"""Two inspections beside each other: which words are the same, which heads changed, and by what."""

from __future__ import annotations

from typing import Literal

from inspector.record import record
from inspector.records.findings import Inspected
from inspector.records.shapes import SiteName

#: What differs between the two sides.
ComparisonKind = Literal["texts", "models"]
#: What the share of the way is measured by: the cosine of the embedding with the second side's;
#: the logit of the second answer less that of the first; where both answer the same, its
#: probability.
WayMeasure = Literal["cosine", "logit_difference", "probability"]


@record(frozen=True, slots=True)
class Place:
    """A place in both texts: a token of each that stand against each other, or of one alone."""

    #: Positions; None where a side has nothing there.
    first: int | None
    second: int | None
    #: Whether both sides have the same token there.
    equal: bool

    @property
    def shared(self) -> bool:
        """Whether both sides have a token there."""
        return self.first is not None and self.second is not None


@record(frozen=True, slots=True)
class Alignment:
    """How two texts lie beside each other, place by place, each text in its own order."""

    #: Whose texts: what was read, or what a decoder read.
    of: Literal["text", "target"]
    places: tuple[Place, ...]

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """The positions in both texts of the tokens that stand against each other."""
        return tuple(
            (place.first, place.second)
            for place in self.places
            if place.first is not None and place.second is not None
        )


@record(frozen=True, slots=True)
class HeadChange:
    """How much a head's attention changed, and where most."""

    site: SiteName
    layer: int
    head: int
    #: Mean Jensen–Shannon divergence of the rows that both sides have, in bits, 0 to 1.
    jsd_bits: float
    #: Between which tokens the weight changed most: position of the query and of the key, on the
    #: first side and on the second; and the weight there.
    first_cell: tuple[int, int]
    second_cell: tuple[int, int]
    first_weight: float
    second_weight: float


@record(frozen=True, slots=True)
class AnswerEntry:
    """An entry of the vocabulary, and how likely both sides take it to be."""

    id: int | None
    token: str
    #: None where a side was not asked about it.
    first: float | None
    second: float | None


@record(frozen=True, slots=True)
class AnswerBeside:
    """What both sides say in one place: the likeliest entries of either."""

    #: ``next``, ``masked`` and ``decoder`` as of an answer; ``words`` for how likely each word of
    #: the texts is taken to be where it stands.
    kind: Literal["next", "masked", "words", "decoder"]
    #: Positions, where they are read; None where a side has no such place, and for ``words``.
    first: int | None
    second: int | None
    entries: tuple[AnswerEntry, ...]


@record(frozen=True, slots=True)
class HeadPatch:
    """How far the first answer goes towards the second if one head gives what it gave there."""

    site: SiteName
    layer: int
    head: int
    #: 0 for not at all, 1 for all the way; below 0 for away from it.
    share: float


@record(frozen=True, slots=True)
class Patches:
    """Which head carries the change: each one alone patched from the second text into the first."""

    measure: WayMeasure
    #: What is measured, untouched on the first side and on the second.
    first: float
    second: float
    heads: tuple[HeadPatch, ...]


@record(frozen=True, slots=True)
class OwnFindings:
    """What our own forward measured of two texts: as good after the proof as before."""

    #: What both sides read, a decoder's tokens behind the text's.
    ids: tuple[tuple[int, ...], ...]
    answers: tuple[AnswerBeside, ...] = ()
    patches: Patches | None = None
    no_patches: str | None = None


@record(frozen=True, slots=True)
class Compared:
    """Everything that a comparison found out."""

    kind: ComparisonKind
    first: Inspected
    second: Inspected
    #: Of the text, and of the target where there is one.
    alignments: tuple[Alignment, ...]
    #: In the order of the layers; None where the heads of both sides do not correspond, and why.
    heads: tuple[HeadChange, ...] | None
    apart: str | None
    #: One for every place that is answered; none where both answer with an embedding.
    answers: tuple[AnswerBeside, ...]
    #: How alike both embeddings are; None where there are none that can be compared.
    cosine: float | None
    #: None where no head was patched, and why.
    patches: Patches | None
    no_patches: str | None
    #: What a reader should know, in sentences.
    notices: tuple[str, ...] = ()

    @property
    def sides(self) -> tuple[Inspected, Inspected]:
        """Both inspections."""
        return self.first, self.second

    @property
    def own(self) -> OwnFindings:
        """What was measured by our own forward, without all that it was measured on."""
        return OwnFindings(self.ids, self.answers, self.patches, self.no_patches)

    @property
    def ids(self) -> tuple[tuple[int, ...], ...]:
        """What both sides read."""
        return ids_of(self.first, self.second)

    @property
    def changed(self) -> tuple[HeadChange, ...]:
        """The heads, those that changed most first."""
        return tuple(sorted(self.heads or (), key=lambda one: -one.jsd_bits))

    @property
    def carriers(self) -> tuple[HeadPatch, ...]:
        """The heads that were patched, those that carry most of the change first."""
        known = () if self.patches is None else self.patches.heads
        return tuple(sorted(known, key=lambda one: -one.share))


def ids_of(*found: Inspected) -> tuple[tuple[int, ...], ...]:
    """Return what inspections read, text by text."""
    return tuple(tuple(side.ids.tolist()) for one in found for side in one.trace.sides)
