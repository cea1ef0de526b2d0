"""A text and the model that is asked about it: our own forward of it at once, then the real one.

Whether an answer comes before its proof, and when the proof is asked for, is decided here.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from inspector.commands.garbage import collect_again
from inspector.errors import NeedsRealModel

if TYPE_CHECKING:
    from inspector.proof import Progress
    from inspector.records import Checkpoint, Knockout
    from inspector.records.effects import Effects
    from inspector.records.generation import Generation, Writing
    from inspector.referee.loading import LoadedModel
    from inspector.session import Inspection

#: About how long effects may take that nobody asked for: torch takes as long to be imported.
_SECONDS = 3.0
#: Where the real model runs as our own forward does, in float32 on the processor: our answer first.
_ANSWERED_FIRST = ("auto", "cpu")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a text is to be read, whichever it is."""

    truncate: bool
    pieces: bool
    #: How it is to be written on, or what was written already; None where it is not.
    writing: Writing | Generation | None = None
    #: Whether it is what a user says, and what the system says before; None for nothing.
    chat: bool = False
    system: str | None = None


@dataclass(frozen=True)
class AskedText:
    """A text and how it is to be read, for our own forward and for the real model."""

    text: str
    pair: str | None
    target: str | None
    reading: Reading

    def written(self, generation: Generation | None) -> AskedText:
        """Return the same with what was written behind it: what is written is written once."""
        return replace(self, reading=replace(self.reading, writing=generation))

    def inspect(
        self,
        model: str | Checkpoint | LoadedModel,
        progress: Progress = lambda _stage: None,
        *,
        prove: bool = True,
    ) -> Inspection:
        """Inspect it, by our own forward or by the real model."""
        from inspector.session import inspect

        return inspect(
            self.text,
            pair=self.pair,
            target=self.target,
            model=model,
            truncate=self.reading.truncate,
            pieces=self.reading.pieces,
            generate=self.reading.writing,
            chat=self.reading.chat,
            system=self.reading.system,
            prove=prove,
            progress=progress,
        )


@dataclass(frozen=True)
class AskedEffects:
    """Whether heads are to be silenced and words blocked, and how the answer is then read."""

    #: None for where it takes no more than a few seconds.
    wanted: bool | None
    knockout: Knockout = "zero"
    answer: str | None = None
    against: str | None = None

    def opened(self, model: AskedModel, progress: Progress) -> Checkpoint | None:
        """Open a model of which effects are wanted, and refuse those that cannot be had.

        None where they are not wanted: then there is nothing to refuse before the work begins.

        Raises
        ------
        InputError
            When our own forward cannot run the model, or when the answer is no single token.
        """
        if not self.wanted:
            return None
        from inspector.analysis.answers import known_entry
        from inspector.what_if import refuse_engineless

        checkpoint = model.open(progress)
        refuse_engineless(checkpoint)
        for named in (self.answer, self.against):
            if named is not None:
                known_entry(checkpoint, named)
        return checkpoint

    def measure(self, found: Inspection, progress: Progress) -> Effects | None:
        """Measure them; None where they are not wanted, or cannot be had and need not."""
        from inspector.what_if import effects_of

        if self.wanted is False or (not self.wanted and found.checkpoint.cannot_run is not None):
            return None
        progress("Silencing every head and blocking every token in turn")
        return effects_of(
            found,
            knockout=self.knockout,
            answer=self.answer,
            against=self.against,
            seconds=None if self.wanted else _SECONDS,
        )


@dataclass(frozen=True)
class AskedModel:
    """A model by its name, and whether its answers are to be proved."""

    name: str
    device: str
    prove: bool

    def answers_first(self, *, seen: bool) -> bool:
        """Say whether our own forward is asked before the real model, or alone.

        ``seen`` says whether anything would be seen of an answer before its proof.
        """
        return not self.prove or (seen and self.device in _ANSWERED_FIRST)

    def open(self, progress: Progress) -> Checkpoint:
        """Open the checkpoint once, for many answers."""
        progress("Opening the model")
        from inspector.checkpoint.opening import open_checkpoint
        from inspector.checkpoint.sources import locate, weights_checked

        source = locate(self.name, progress=progress)
        with weights_checked(source):
            return open_checkpoint(source)

    def answer(
        self,
        asked: AskedText,
        opened: Checkpoint | None = None,
        progress: Progress = lambda _stage: None,
    ) -> Inspection | None:
        """Return our own forward's answer; None where only the real model can give one.

        Raises
        ------
        NeedsRealModel
            When it cannot, and the real model is not to be asked.
        """
        try:
            return asked.inspect(opened or self.name, progress, prove=False)
        except NeedsRealModel:
            if not self.prove:
                raise
            return None

    def load(self, progress: Progress) -> LoadedModel:
        """Import torch and load the real model."""
        progress("Importing torch and loading the real model")
        from inspector.session import load

        loaded = load(self.name, device=self.device, progress=progress)
        collect_again()
        return loaded


def status(*, quiet: bool = False) -> AbstractContextManager[Progress]:
    """Show on standard error what is going on, where somebody watches."""
    if quiet or not sys.stderr.isatty():
        return nullcontext(lambda _stage: None)
    from inspector.report.terminal.inspection import status as line

    return line()
