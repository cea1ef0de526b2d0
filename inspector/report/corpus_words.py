"""What the numbers of a corpus say, in sentences: the same in the terminal and on the page.

A head is named only by its own label, syntax is claimed only from held-out sentences, and a
sentence says no more than the row that it is made from.
"""

from __future__ import annotations

import numpy as np

from inspector.plain import head_name
from inspector.record import record
from inspector.records import LABEL_FROM, TARGETS
from inspector.records.corpus import DISTANCE_SUFFIX, CorpusResult, HeadStatistics, RelationFindings

#: What each share is a share to.
PHRASES = {
    "previous": "the previous token",
    "next": "the next token",
    "self": "the token itself",
    "first": "the first token",
    "separator": "the last separator",
    "same_word": "the same word",
}
#: What Universal Dependencies mean by their relations.
RELATIONS = {
    "acl": "clause that modifies a noun",
    "advcl": "adverbial clause",
    "advmod": "adverb",
    "amod": "adjective",
    "appos": "apposition",
    "aux": "auxiliary",
    "case": "preposition or case",
    "cc": "conjunction word",
    "ccomp": "clause as complement",
    "clf": "classifier",
    "compound": "compound",
    "conj": "joined by “and”",
    "cop": "copula",
    "csubj": "clause as subject",
    "dep": "unclear",
    "det": "determiner",
    "discourse": "interjection",
    "dislocated": "dislocated",
    "expl": "expletive",
    "fixed": "fixed expression",
    "flat": "name",
    "goeswith": "split word",
    "iobj": "indirect object",
    "list": "list",
    "mark": "subordinator",
    "nmod": "noun that modifies a noun",
    "nsubj": "subject",
    "nummod": "numeral",
    "obj": "object",
    "obl": "noun that modifies a verb",
    "orphan": "orphan",
    "parataxis": "side by side",
    "punct": "punctuation",
    "reparandum": "overridden by a repair",
    "vocative": "vocative",
    "xcomp": "open complement",
}
REFERENCES = ("uniform", "layer_mean")


#: Heads that are named by what silencing them does.
_MOST_HEADS = 5


@record(frozen=True, slots=True)
class Interval:
    """A number with its 95 % interval and what it is to be compared with, ready to be drawn."""

    value: float
    low: float
    high: float
    #: NaN where there is nothing to compare with.
    null: float


@record(frozen=True, slots=True)
class Claim:
    """One thing that the numbers say."""

    #: What it is about, such as ``the previous token``, and what more there is to its name.
    about: str
    detail: str
    words: str
    #: Site, layer and number of the head that it is about, and where to see it.
    head: tuple[str, int, int]
    statistic: str
    interval: Interval


def head_claims(heads: HeadStatistics) -> list[Claim]:
    """Return one claim for each kind of label that some head has, its clearest head in it."""
    labelled = heads.labelled()
    total = len(places(heads))
    least = f"at least {LABEL_FROM * 100:.0f} % of"
    claims = []
    for share in TARGETS:
        rows = np.flatnonzero(labelled & (heads.statistic == share))
        if not rows.size:
            continue
        best = int(rows[np.argmax(heads.value[rows])])
        interval = _interval(heads, best)
        claims.append(
            Claim(
                about=PHRASES[share],
                detail="",
                words=(
                    f"{rows.size} of {total} heads {'gives' if rows.size == 1 else 'give'} "
                    f"{least} {'its' if rows.size == 1 else 'their'} attention to "
                    f"{PHRASES[share]}, the most clearly {head_name(*_place(heads, best))}: "
                    f"{with_interval(interval)}, by chance {percent(interval.null)}."
                ),
                head=_place(heads, best),
                statistic=share,
                interval=interval,
            )
        )
    return claims


def resting_words(heads: HeadStatistics) -> str | None:
    """Say how many heads rest on tokens that have no chance level; None where there is none."""
    resting = heads.resting()
    counts = [
        (count, share)
        for share in TARGETS
        if (count := int((resting & (heads.statistic == share)).sum()))
    ]
    if not counts:
        return None
    listed = " and ".join(f"{count} on {PHRASES[share]}" for count, share in counts)
    return (
        f"Heads that give at least {LABEL_FROM * 100:.0f} % to one position: {listed}. "
        "Shuffling the words would not change that, so there is no chance level, and no head is "
        "named after it."
    )


def finding_claims(findings: RelationFindings, most: int = 3) -> list[Claim]:
    """Return the relations furthest above the best offset, one claim for each kind of relation.

    Furthest by the lower end of the difference's interval.
    """
    found = np.flatnonzero(findings.found())
    claims: dict[tuple[str, str], Claim] = {}
    for row in found[np.argsort(-findings.difference_low[found], kind="stable")]:
        relation, direction = str(findings.relation[row]), str(findings.direction[row])
        kind = (relation.split(":", maxsplit=1)[0], direction)
        if kind in claims:
            continue
        place = (str(findings.site[row]), int(findings.layer[row]), int(findings.head[row]))
        interval = Interval(
            float(findings.accuracy[row]),
            float(findings.low[row]),
            float(findings.high[row]),
            float(findings.baseline[row]),
        )
        claims[kind] = Claim(
            about=relation,
            detail=" · ".join(filter(None, (gloss(relation), direction))),
            words=(
                f"{head_name(*place, sentence=True)} finds {with_interval(interval)} of "
                f"{int(findings.n[row]):,} arcs, the best fixed offset ({offset(findings, row)}) "
                f"{percent(interval.null)}: {100 * float(findings.difference[row]):.1f} "
                f"points more ({100 * float(findings.difference_low[row]):.1f}–"
                f"{100 * float(findings.difference_high[row]):.1f})."
            ),
            head=place,
            statistic=f"{relation} {direction}",
            interval=interval,
        )
        if len(claims) == most:
            break
    return list(claims.values())


def gloss(relation: str) -> str:
    """Say what a relation is; empty for one that Universal Dependencies do not know."""
    return RELATIONS.get(relation.split(":", maxsplit=1)[0], "")


def offset(findings: RelationFindings, row: int) -> str:
    """Write the offset of a finding, such as ``+1 word``."""
    words = int(findings.offset[row])
    return f"{words:+d} {'word' if abs(words) == 1 else 'words'}".replace("-", "−")


def ladder_means(heads: HeadStatistics) -> dict[str, float]:
    """Return each rung's mean distance over the heads in bits, references last; NaN-free."""
    found = {}
    for statistic in dict.fromkeys(heads.statistic.tolist()):
        if not statistic.endswith(DISTANCE_SUFFIX):
            continue
        values = heads.value[heads.statistic == statistic]
        if not np.isnan(values).all():
            found[statistic.removesuffix(DISTANCE_SUFFIX)] = float(np.nanmean(values))
    return {name: found[name] for name in sorted(found, key=lambda name: name in REFERENCES)}


@record(frozen=True, slots=True)
class Mattering:
    """A head by what silencing it does, over a corpus."""

    head: tuple[str, int, int]
    effect: Interval


def matter_most(heads: HeadStatistics) -> list[Mattering]:
    """Return the few heads with the largest effect, the largest first; none if nobody measured.

    An effect is in bits of divergence, or for a model without a head for words 1 less a cosine.
    """
    rows = np.flatnonzero(heads.statistic == "effect")
    best = rows[np.argsort(-heads.value[rows], kind="stable")][:_MOST_HEADS]
    return [
        Mattering(
            (str(heads.site[row]), int(heads.layer[row]), int(heads.head[row])),
            Interval(
                *(float(column[row]) for column in (heads.value, heads.low, heads.high, heads.null))
            ),
        )
        for row in best
    ]


def median_effect(heads: HeadStatistics) -> float | None:
    """Return the median head's effect; None where none was measured."""
    values = heads.value[heads.statistic == "effect"]
    return float(np.median(values)) if values.size else None


def widest(heads: HeadStatistics) -> float | None:
    """Return half the width of the widest interval of all shares; None without shares."""
    rows = np.isin(heads.statistic, TARGETS)
    widths = (heads.high - heads.low)[rows]
    widths = widths[~np.isnan(widths)]
    return float(widths.max()) / 2 if widths.size else None


def places(heads: HeadStatistics) -> list[tuple[str, int, int]]:
    """Return site, layer and number of every head, in the order of the table."""
    rows = zip(heads.site.tolist(), heads.layer.tolist(), heads.head.tolist(), strict=True)
    return list(dict.fromkeys(rows))


def corpus_name(result: CorpusResult) -> str:
    """Say which files were read, the first few of them."""
    names = ["standard input" if name == "-" else name for name in result.facts.files]
    more = len(names) - 3
    return ", ".join(names[:3]) + (f" and {more} more" if more > 0 else "")


def percent(share: float) -> str:
    """Write a share in per cent; a dash where there is none."""
    return "–" if np.isnan(share) else f"{100 * share + 0.0:.1f} %".replace("-", "−")


def with_interval(interval: Interval) -> str:
    """Write a share with its interval, such as ``91.2 % (90.5–91.9 %)``."""
    return f"{percent(interval.value)} ({100 * interval.low:.1f}–{percent(interval.high)})"


def _place(heads: HeadStatistics, row: int) -> tuple[str, int, int]:
    return str(heads.site[row]), int(heads.layer[row]), int(heads.head[row])


def _interval(heads: HeadStatistics, row: int) -> Interval:
    return Interval(
        float(heads.value[row]),
        float(heads.low[row]),
        float(heads.high[row]),
        float(heads.null[row]),
    )
