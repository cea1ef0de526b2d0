"""A corpus in a screenful: what was read, what heads do, which relations hold, what was left out.

Whatever a file holds is only text here; colour says nothing that words do not.
"""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from inspector.plain import head_name, precision, visible
from inspector.records.corpus import CorpusFacts, CorpusResult
from inspector.records.effects import READINGS
from inspector.report.corpus_words import (
    Claim,
    Interval,
    corpus_name,
    finding_claims,
    head_claims,
    ladder_means,
    matter_most,
    median_effect,
    percent,
    places,
    resting_words,
)
from inspector.report.terminal.tables import (
    INDENT,
    new_table,
    print_heading,
    print_note,
    print_table,
    short_name,
)

#: Relations that the terminal lists; the atlas lists all.
_MOST_RELATIONS = 6
_BAR = 20
#: Columns of numbers, in both tables.
_NUMBERS = range(3, 6)


def print_corpus(console: Console, result: CorpusResult, files: dict[str, str]) -> None:
    """Print the screenful; ``files`` says what was written where."""
    facts = result.facts
    console.print(Text(visible(corpus_name(result)), "bold"))
    for line in (_read(facts), _model(facts), _how_sure(facts)):
        console.print(Text(line, "dim"))
    _print_heads(console, result)
    _print_findings(console, result)
    _print_ladder(console, result)
    _print_effects(console, result)
    for skipped in facts.skipped:
        console.print()
        console.print(
            Text(
                f"Left out, {skipped.count:,}: {visible(skipped.reason)} "
                f"(first: {visible(skipped.first)})",
                "yellow",
            )
        )
    if files:
        console.print()
    for kind, path in files.items():
        console.print(
            Text.assemble((f"{kind.capitalize().replace('_', ' ')}: ", "bold"), visible(path)),
            soft_wrap=True,
        )


def _read(facts: CorpusFacts) -> str:
    cut = f", {facts.truncated:,} of them cut to the window" if facts.truncated else ""
    known = facts.sentences - facts.sentences_this_run
    rate = ""
    if facts.sentences_this_run and facts.reading_seconds > 0:
        speed = facts.sentences_this_run / facts.reading_seconds
        rate = f" · {speed:,.0f} sentences a second"
    return (
        f"{facts.sentences:,} sentences{cut}, {facts.tokens:,} tokens{rate}"
        + (f" · {known:,} were on disk" if known else "")
        + f" · {facts.seconds:.1f} s in all"
    )


def _model(facts: CorpusFacts) -> str:
    model = facts.model
    told = f"{visible(model.title)} · {model.family}, {model.layers} layers × {model.heads} heads"
    if model.stored_dtypes == (model.computing_dtype,):
        return told
    return f"{told} · {precision(model.stored_dtypes, model.computing_dtype)}"


def _how_sure(facts: CorpusFacts) -> str:
    return f"95 % intervals from {facts.resamples:,} redraws of the sentences, seed {facts.seed}"


def _print_heads(console: Console, result: CorpusResult) -> None:
    heads = result.heads
    print_heading(console, "What heads do", "named from 40 % of the attention, above chance")
    claims = head_claims(heads)
    labelled = heads.labelled()
    if claims:
        table = new_table(
            *("attention to", "heads", "the clearest", "share", "95 %", "chance"), right=_NUMBERS
        )
        for claim in claims:
            count = int((labelled & (heads.statistic == claim.statistic)).sum())
            table.add_row(
                claim.about,
                f"{count} of {len(places(heads))}",
                visible(head_name(*claim.head)),
                *_interval(claim.interval),
            )
        print_table(console, table)
    else:
        print_note(console, "No head is named: none gives so much to one kind of token.")
    if (resting := resting_words(heads)) is not None:
        print_note(console, resting)


def _print_findings(console: Console, result: CorpusResult) -> None:
    findings = result.findings
    if findings is None:
        return
    print_heading(console, "Syntax", "on held-out sentences, beside the best fixed offset")
    claims = finding_claims(findings, _MOST_RELATIONS)
    if claims:
        table = new_table(
            *("relation", "from → to", "the head", "accuracy", "95 %", "offset"), right=_NUMBERS
        )
        for claim in claims:
            table.add_row(*_finding(claim))
        print_table(console, table)
    found, total = int(findings.found().sum()), len(findings)
    print_note(
        console,
        f"{found} of {total} relations and directions are above the offset with their whole "
        f"interval; {total - found} are not.",
    )
    if unread := result.facts.unread_arcs:
        print_note(
            console, f"{unread:,} arcs left out: the model was given nothing of one of their words."
        )


def _finding(claim: Claim) -> tuple[Text | str, ...]:
    return (
        short_name(claim.about),
        Text(visible(claim.statistic.removeprefix(claim.about).strip())),
        visible(head_name(*claim.head)),
        *_interval(claim.interval),
    )


def _interval(interval: Interval) -> tuple[str, str, str]:
    ends = f"{100 * interval.low:.1f}–{100 * interval.high:.1f}"
    return percent(interval.value), ends, percent(interval.null)


def _print_ladder(console: Console, result: CorpusResult) -> None:
    means = ladder_means(result.heads)
    if not means:
        return
    print_heading(
        console, "From the classroom to the model", "mean divergence over all heads, in bits"
    )
    longest = max(means.values()) or 1.0
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, INDENT, 0, 0))
    for rung, bits in means.items():
        table.add_row(Text(visible(rung)), "█" * round(bits / longest * _BAR), f"{bits:.3f}")
    print_table(console, table)


def _print_effects(console: Console, result: CorpusResult) -> None:
    """Print which heads matter most, and how far attention tells which words do."""
    explanations = result.explanations
    if explanations is None:
        return
    print_heading(console, "Does it matter?", "how far the answer moves when a head is silent")
    table = new_table("the head", "effect", "95 %", right=range(1, 3))
    for one in matter_most(result.heads):
        effect = one.effect
        table.add_row(
            visible(head_name(*one.head)),
            f"{effect.value:.4f}",
            f"{effect.low:.4f}–{effect.high:.4f}",
        )
    print_table(console, table)
    median = median_effect(result.heads)
    if median is not None:
        print_note(console, f"The median of all heads is {median:.4f}.")
    print_heading(
        console, "How far attention tells which words matter", "rank correlation with the effect"
    )
    table = new_table("reading of attention", "mean", "95 %", "sentences", right=range(1, 4))
    for row in range(len(explanations)):
        table.add_row(
            READINGS[str(explanations.rung[row])],
            f"{explanations.rank_correlation[row]:.2f}",
            f"{explanations.low[row]:.2f}–{explanations.high[row]:.2f}",
            f"{explanations.n[row]:,}",
        )
    print_table(console, table)
