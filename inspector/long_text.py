"""A long text inspected: a pass of which no matrix is ever kept, read as its rows go by.

The chain beside ``session``'s, for texts whose attention would not fit into memory: what can be
said of them are readings, a map, and single rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.alone import opened
from inspector.analysis.long_text.answer import asked_places, embedding_of, predictions_of
from inspector.analysis.long_text.clock import Clock
from inspector.analysis.long_text.effects import measure_long_effects
from inspector.analysis.long_text.reading import Reading
from inspector.analysis.long_text.spans import cut_into_spans
from inspector.analysis.notices import notices, weights_notice
from inspector.analysis.sample import whole_rows_of
from inspector.checkpoint.readable import refuse_unreadable
from inspector.checkpoint.tokens import encode
from inspector.errors import InputError
from inspector.forward.by_rows.model import LongPass, forward_by_rows
from inspector.memory import readings_size, refuse_no_memory
from inspector.proof import Progress
from inspector.records import Checkpoint, Text, Verification
from inspector.records.long_text import LongFindings
from inspector.report.html.payload.long_text import BUDGET
from inspector.row_proof import prove_rows

if TYPE_CHECKING:
    from inspector.referee.loading import LoadedModel

#: Beyond how many tokens no matrix is kept, and beyond how many weights in all.
LONG_FROM, _WEIGHTS = 2048, 1 << 29
#: From how many characters on a text is refused before it is tokenized, which would take minutes,
#: where it has more than so many for each token that fits.
_MANY, _CHARACTERS = 500_000, 64


@dataclass(frozen=True)
class LongInspection(LongFindings):
    """One long text seen through one model: readings of every head, and a map of the text."""

    def __repr__(self) -> str:
        """Say in one line what it is."""
        return (
            f"<LongInspection {len(self.text)} tokens, {self.model.layers} × {self.model.heads} "
            f"heads, {self.verification.verdict}>"
        )

    def to_html(
        self,
        path: str | Path,
        *,
        heads: Iterable[tuple[int, int]] = (),
        budget: int = BUDGET,
        command: str | None = None,
    ) -> None:
        """Write the report, one HTML file that opens offline, whole or not at all.

        Of the ``heads`` that are named, (layer, head), the page has every single weight; of others
        as many as its ``budget`` in bytes allows, those that write most first, and of the rest what
        spans give to spans. ``command`` is printed in it as what made the report.

        Raises
        ------
        InputError
            When the model has no such head.
        """
        from inspector.files import PAGE, write_whole
        from inspector.report.html.long_page import render_long_report

        asked = list(dict.fromkeys(heads))
        refuse_no_head(self.model.title, [layer.config.heads for layer in self.layers], asked)
        page = render_long_report(self, asked, budget=budget, command=command)
        write_whole(Path(path), page.encode(), PAGE)

    def with_effects(
        self,
        *,
        answer: str | None = None,
        against: str | None = None,
        progress: Progress = lambda _stage: None,
    ) -> LongInspection:
        """Return the same with what each stretch does to the answer, for its page and its JSON.

        Every stretch is blocked in turn, and then every token of the one that matters most: a pass
        of the whole text for each. Ctrl-C keeps what was measured. ``answer`` and ``against`` name
        what the answer is about, as in ``Inspection.effects``.

        Raises
        ------
        InputError
            When the answer is no single token, or the reading was stopped.
        """
        if self.stopped:
            raise InputError(
                "The reading was stopped, and there is no answer that could move.",
                "Read the text to its end.",
            )
        clock = Clock(progress)

        def begun(what: str, number: int, of: int) -> None:
            clock(f"Blocking {what} {number + 1} of {of}", number, of)

        measured = measure_long_effects(
            self.checkpoint, self.text, self.spans, answer=answer, against=against, begun=begun
        )
        return replace(self, effects=measured)

    def prove(self, model: LoadedModel, progress: Progress = lambda _stage: None) -> LongInspection:
        """Ask the real model about the same tokens, and return the inspection that it proves.

        Proved are the rows that were kept, of every head, and the states of all tokens at the end.

        Raises
        ------
        InputError
            When it is another model than the one that was inspected.
        MachineError
            When memory runs out.
        """
        if model.checkpoint.name != self.checkpoint.name:
            raise InputError(
                f"{self.checkpoint.title} was inspected, and {model.title} cannot prove it.",
                "Load the model that was inspected.",
            )
        return replace(self, verification=prove_rows(model, self, progress))


def inspect_long(
    text: str,
    *,
    model: str | Path | Checkpoint = "smollm2",
    truncate: bool = False,
    progress: Progress = lambda _stage: None,
) -> LongInspection:
    """Inspect a text of thousands of tokens without keeping any of its matrices.

    >>> chapter = inspect_long(Path("chapter.txt").read_text())
    >>> chapter.links[0], chapter.spans[0].text

    What is kept are readings of every head, what stretches of the text give to stretches, and some
    whole rows, which ``prove`` compares with the real model's.

    Parameters
    ----------
    model:
        A name or a path, or a checkpoint that was opened: a model of one stack that our own forward
        can run.
    truncate:
        Cut a text that does not fit instead of refusing it.
    progress:
        Called with a few words for every layer.

    Raises
    ------
    InputError
        When the text cannot be read or does not fit.
    ModelError
        When the model cannot be had, or only the real model can run it.
    MachineError
        When there is not enough memory for the text.
    """
    refuse_unreadable(text)
    with opened(model, progress) as checkpoint:
        read = encode_long(checkpoint, text, truncate=truncate)
        return read_long(checkpoint, read, progress=progress)


def encode_long(checkpoint: Checkpoint, text: str, *, truncate: bool) -> Text:
    """Tokenize a text; one of very many characters is refused before.

    Raises
    ------
    InputError
        When it does not fit.
    """
    most = None if checkpoint.window is None else max(_MANY, checkpoint.window * _CHARACTERS)
    if most is not None and len(text) > most:
        if not truncate:
            raise InputError(
                f"The text has {len(text):,} characters, and {checkpoint.title} reads "
                f"{checkpoint.window:,} tokens.",
                "Give a shorter text, or cut it with --truncate.",
            )
        text = text[:most]
    return encode(checkpoint, text, None, truncate=truncate)


def is_long(checkpoint: Checkpoint, tokens: int) -> bool:
    """Say whether a text is read without keeping matrices: by its length, or by their number."""
    layers = checkpoint.attention or ()
    weights = sum(layer.config.heads for layer in layers) * tokens**2
    return (
        checkpoint.cannot_run is None
        and not checkpoint.takes_target
        and (tokens > LONG_FROM or weights > _WEIGHTS)
    )


def read_long(
    checkpoint: Checkpoint,
    text: Text,
    *,
    keep_stopped: bool = False,
    progress: Progress = lambda _stage: None,
) -> LongInspection:
    """Inspect a text that was tokenized.

    With ``keep_stopped`` Ctrl-C ends the reading, not the program: the layers that were read until
    then are returned, and ``stopped`` says so.

    Raises
    ------
    ModelError
        When our own forward cannot run the model.
    MachineError
        When there is not enough memory for the text.
    """
    rows = whole_rows_of(len(text))
    spans = cut_into_spans(text)
    count = 0 if checkpoint.model is None else len(checkpoint.model.stack.blocks)
    refuse_no_memory(
        checkpoint, readings_size(checkpoint, len(text), len(spans), len(rows)), len(text)
    )
    clock = Clock(progress)

    def begun(layer: int) -> None:
        clock(f"Running layer {layer} of {count}", layer, count)

    reading = Reading(text, spans, rows, begun)
    places = asked_places(checkpoint, text)
    said = [*weights_notice(checkpoint), *notices(text)]
    stopped = False
    try:
        passed = forward_by_rows(checkpoint, text, reading, rows=places)
    except KeyboardInterrupt:
        if not (keep_stopped and reading.layers):
            raise
        stopped = True
        passed = LongPass(reading.last[:0], None)
        said.append(
            f"It was stopped: only layers 0 to {len(reading.layers) - 1} of {count} were read, and "
            "there is no answer."
        )
    sinks = reading.sinks()
    return LongInspection(
        checkpoint=checkpoint,
        text=text,
        spans=spans,
        layers=tuple(reading.layers),
        heads=tuple(reading.heads),
        links=reading.links(sinks),
        lifts=reading.lifts(sinks),
        sinks=sinks,
        predictions=predictions_of(checkpoint, text, passed, places),
        embedding=embedding_of(checkpoint, passed),
        verification=Verification("unproved", None, None, (), None, "weights"),
        rows=rows,
        final=passed.final,
        logits=passed.logits,
        notices=tuple(said),
        # Behind the last layer too: there may be no answer although all of them were read.
        stopped=stopped,
    )


def refuse_no_head(title: str, heads: Sequence[int], asked: Iterable[tuple[int, int]]) -> None:
    """Refuse heads, (layer, head), that there are not; ``heads`` says how many each layer has.

    Raises
    ------
    InputError
        With the first of them.
    """
    for layer, head in asked:
        if not (0 <= layer < len(heads) and 0 <= head < heads[layer]):
            raise InputError(
                f"There is no head {layer}.{head}: {title} has layers 0 to {len(heads) - 1} of "
                f"{max(heads)} heads.",
                "Name a head by its layer and its number, such as 0.0.",
            )
