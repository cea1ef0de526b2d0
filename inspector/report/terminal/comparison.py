"""A comparison in the terminal: both texts, what changed in the heads, what carries it, answers."""

from __future__ import annotations

import statistics

from rich.console import Console
from rich.table import Table
from rich.text import Text as Line

from inspector.plain import head_name, head_number, visible
from inspector.records import Inspected, Text
from inspector.records.comparison import (
    Alignment,
    AnswerBeside,
    AnswerEntry,
    Compared,
    HeadChange,
    WayMeasure,
)
from inspector.report.terminal.inspection import print_verdict
from inspector.report.terminal.links import shortened

#: So many heads, and so many entries of a place, are named.
_NAMED = 5
_WORDS = 8
_STYLES = ("bold cyan", "bold yellow")
_MEASURES: dict[WayMeasure, str] = {
    "cosine": "of the way to B’s embedding",
    "logit_difference": "of the way from A’s answer to B’s",
    "probability": "of the way to the answer’s probability in B",
}


def print_comparison(console: Console, found: Compared) -> None:
    """Print all but the verdicts, which may still be waited for."""
    _print_sides(console, found)
    for notice in dict.fromkeys(
        (*found.notices, *(one for side in found.sides for one in side.notices))
    ):
        console.print(Line(visible(notice)), highlight=False)
    console.print()
    if found.heads is None:
        _print_apart(console, found)
    elif found.heads:
        _print_heads(console, found)
    _print_patches(console, found)
    _print_answers(console, found)


def print_verdicts(console: Console, found: Compared) -> None:
    """Print what the proof of each side found."""
    for at, (name, side) in enumerate(zip("AB", found.sides, strict=True)):
        console.print(Line.assemble((f"{name}  ", _STYLES[at]), _name(found, side)), soft_wrap=True)
        print_verdict(console, side)


def _name(found: Compared, side: Inspected) -> str:
    """Say which side it is by what differs."""
    return visible(side.model.title if found.kind == "models" else side.trace.text.text.strip())


def _print_sides(console: Console, found: Compared) -> None:
    for at, side in enumerate(found.sides):
        text = _marked(side.trace.text, found.alignments[0], at)
        console.print(Line.assemble((f"{'AB'[at]}  ", _STYLES[at]), text))
    first, second = found.sides
    counts = " | ".join(str(len(side.trace.text)) for side in found.sides)
    models = dict.fromkeys(side.model.title for side in (first, second))
    console.print(
        f"{counts} tokens · {' | '.join(map(visible, models))}",
        style="dim",
        highlight=False,
        markup=False,
    )


def _marked(text: Text, alignment: Alignment, at: int) -> Line:
    """Write a text as it stands, its tokens that differ underlined."""
    line, end = Line(), 0
    for place in alignment.places:
        token = (place.first, place.second)[at]
        if token is None or text.spans[token, 0] < 0 or text.special[token]:
            continue
        start, stop = map(int, text.spans[token])
        line.append(visible(text.text[end:start]))
        # The space that some tokenizers have in front of a word is no part of the difference.
        piece = text.text[max(start, end) : stop]
        bare = piece.lstrip()
        line.append(visible(piece[: len(piece) - len(bare)]))
        line.append(visible(bare), None if place.equal else f"{_STYLES[at]} underline")
        end = max(end, stop)
    line.append(visible(text.text[end:].rstrip("\r\n")))
    return line


def _print_heads(console: Console, found: Compared) -> None:
    changed = found.changed
    console.print("Heads that changed most", style="bold")
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("head", no_wrap=True)
    table.add_column("change, bits", justify="right", no_wrap=True)
    table.add_column("most between", no_wrap=True)
    table.add_column("A", justify="right")
    table.add_column("B", justify="right")
    for one in changed[:_NAMED]:
        table.add_row(
            head_name(one.site, one.layer, one.head),
            f"{one.jsd_bits:.4f}",
            Line(f"{_cell(found, one, 0)} → {_cell(found, one, 1)}"),
            f"{one.first_weight:.2f}",
            f"{one.second_weight:.2f}",
        )
    console.print(table)
    median = statistics.median(one.jsd_bits for one in changed)
    console.print(f"The median of {len(changed)} heads is {median:.4f}.", style="dim")
    console.print()


def _cell(found: Compared, one: HeadChange, axis: int) -> str:
    """Name the query (0) or the key (1) of the weight that changed most, on both sides."""
    names = []
    for side, cell in zip(found.sides, (one.first_cell, one.second_cell), strict=True):
        names.append(shortened(side.trace.texts(one.site)[axis].shown[cell[axis]].strip()))
    return "/".join(dict.fromkeys(names))


def _print_apart(console: Console, found: Compared) -> None:
    console.print(Line(f"The heads are not set beside each other: {visible(found.apart or '')}."))
    for at, side in enumerate(found.sides):
        said = [
            f"{shortened(one.source)} → {shortened(one.target)} {one.weight:.2f} "
            f"({head_name(one.site, one.layer, one.head)})"
            for one in side.links[:_NAMED]
        ]
        console.print(
            Line.assemble(
                (f"{'AB'[at]}  ", _STYLES[at]),
                f"strongest links of {visible(side.model.title)}: {' · '.join(said) or 'none'}",
            )
        )
    console.print()


def _print_patches(console: Console, found: Compared) -> None:
    own = found.patches
    if own is None:
        if found.kind == "texts":
            console.print(
                Line(f"No head was patched: {found.no_patches}."), style="dim", highlight=False
            )
            console.print()
        return
    console.print(Line("Which head carries the change", "bold"))
    said = " · ".join(
        f"{head_number(one.site, one.layer, one.head)} {one.share:+.0%}"
        for one in found.carriers[:_NAMED]
    )
    console.print(
        Line(f"Patched from B into A (layer.head), {_MEASURES[own.measure]}: {said}"),
        highlight=False,
    )
    console.print()


def _print_answers(console: Console, found: Compared) -> None:
    if found.cosine is not None:
        console.print(
            Line.assemble(("Answers: ", "bold"), f"cosine of the embeddings {found.cosine:z.3f}"),
            highlight=False,
        )
    for answer in found.answers:
        console.print(Line(_place_words(answer), "bold"))
        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column("token", no_wrap=True)
        table.add_column("A", justify="right")
        table.add_column("B", justify="right")
        for one in _shown(answer):
            table.add_row(
                Line(shortened(one.token.strip() or one.token, 30)),
                _percent(one.first),
                _percent(one.second),
            )
        console.print(table)
    if found.answers:
        console.print()


def _shown(answer: AnswerBeside) -> list[AnswerEntry]:
    """Return the entries of a place; of all words of a text those that differ most."""
    if answer.kind != "words":
        return list(answer.entries[:_NAMED])
    differ = sorted(answer.entries, key=lambda one: -abs((one.first or 0) - (one.second or 0)))
    return differ[:_WORDS]


def _place_words(answer: AnswerBeside) -> str:
    if answer.kind == "words":
        return "How likely each word is held where it stands: where it changed most"
    if answer.kind == "masked":
        places = dict.fromkeys(at for at in (answer.first, answer.second) if at is not None)
        return f"What stands at the mask (token {' | '.join(map(str, places))})"
    return "What comes next"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"
