"""The example sentences of every head, as a page shows them, and a report of each sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from inspector.corpus.examples import Best
from inspector.corpus.inputs import Input
from inspector.corpus.reading import place_of
from inspector.errors import InputError
from inspector.files import OutputFolder
from inspector.records import TARGETS, Array, Mask, Text
from inspector.records.corpus import HeadExample, HeadStatistics
from inspector.records.targets import fixed, relative, same_word
from inspector.report.html.page import render_report
from inspector.session import Inspection, inspect

if TYPE_CHECKING:
    from inspector.referee.loading import LoadedModel

_FOLDER = "examples"


class Progress(Protocol):
    """Is told how far the examples are."""

    def stage(self, name: str, total: int) -> None:
        """Say how many sentences there are."""

    def advance(self, done: int) -> None:
        """Say that more of them are done."""


def tell_examples(
    best: Best,
    heads: HeadStatistics,
    files: list[Input],
    loaded: LoadedModel,
    folder: OutputFolder,
    *,
    command: str,
    truncate: bool,
    progress: Progress,
) -> tuple[HeadExample, ...]:
    """Inspect every head's best sentences, and write a report of each into ``folder/examples``.

    A head's examples are of the share that is its largest. The sentences of a treebank are read as
    text, its words with a space between.

    Raises
    ------
    InputError
        When something stands at the name of a report that no run into the folder wrote.
    MachineError
        When the machine does not let a report be written.
    """
    chosen = _chosen(best, heads)
    keys = sorted({key for _, _, _, key in chosen})
    progress.stage("Inspecting example sentences", len(keys))
    reports = {key: _report(key, files) for key in keys}
    folder.claim(reports.values())
    wanted: dict[int, list[HeadExample]] = {}
    for key in keys:
        progress.advance(1)
        file, number = numbered(key, files)
        try:
            found = inspect(best.texts[key], model=loaded, truncate=truncate)
        except InputError:
            # Read as text a sentence may not fit; its head then shows the others.
            continue
        report = reports[key]
        folder.write(report, render_report(found, command=command).encode())
        wanted[key] = [
            _example(found, layer, head, share, files[file].name, number, report)
            for layer, head, share, of in chosen
            if of == key
        ]
    by_head = {
        (one.layer, one.head, key): one for key, several in wanted.items() for one in several
    }
    return tuple(
        by_head[layer, head, key] for layer, head, _, key in chosen if (layer, head, key) in by_head
    )


def refuse_examples(folder: OutputFolder) -> None:
    """Refuse, before the work begins, somebody's files where reports of sentences may have to go.

    Raises
    ------
    InputError
        When there is one.
    """
    folder.claim_matching(_FOLDER, "[0-9]*-[0-9]*.html")


def numbered(key: int, files: list[Input]) -> tuple[int, int]:
    """Return a sentence's file and its line; a treebank's are counted from 1 where people read."""
    file, row = place_of(key)
    return file, row + (files[file].kind == "conllu")


def _report(key: int, files: list[Input]) -> str:
    file, number = numbered(key, files)
    return f"{_FOLDER}/{file + 1}-{number}.html"


def _chosen(best: Best, heads: HeadStatistics) -> list[tuple[int, int, str, int]]:
    """Return layer, head, share and key of every example, a head's best first."""
    largest: dict[tuple[int, int], tuple[float, str]] = {}
    for layer, head, name, value in zip(
        heads.layer.tolist(),
        heads.head.tolist(),
        heads.statistic.tolist(),
        heads.value.tolist(),
        strict=True,
    ):
        if name in TARGETS and value > largest.get((layer, head), (-1.0, ""))[0]:
            largest[layer, head] = value, name
    return [
        (layer, head, share, key)
        for (layer, head), (_, share) in largest.items()
        for key in best.of_head(layer, head, share)
    ]


def _example(
    found: Inspection, layer: int, head: int, share: str, file: str, row: int, report: str
) -> HeadExample:
    attention = found.attention(layer, head)
    wanted = _targets(found.trace.text, share)
    query, key = np.unravel_index(np.argmax(np.where(wanted, attention, -1.0)), wanted.shape)
    weights: Array = attention[query].copy()
    return HeadExample(
        site="self",
        layer=layer,
        head=head,
        file=file,
        row=row,
        text=found.trace.text,
        query=int(query),
        key=int(key),
        weights=weights,
        report=report,
    )


def _targets(text: Text, target: str) -> Mask:
    """Return (T, T), True where a content token's attention counts towards a target."""
    content = ~text.special
    key = np.arange(len(text))
    query = key[:, None]
    wanted: dict[str, Mask] = relative(query, key) | fixed(key, text.separator)
    wanted["same_word"] = same_word(query, key, text.words[:, None], text.words)
    if target in ("previous", "next"):
        # The neighbour of the first or last word may be a special token, which says less.
        wanted[target] &= content
    return wanted[target] & content[:, None]
