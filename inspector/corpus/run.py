"""``inspect corpus`` from files to tables: survey, shards, merging, examples, files."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from inspector.corpus.arc_examples import tell_arcs
from inspector.corpus.engines import Engine
from inspector.corpus.example_reports import refuse_examples, tell_examples
from inspector.corpus.inputs import Input, inputs
from inspector.corpus.measured.effects import sampled
from inspector.corpus.measured.induction import measure_induction
from inspector.corpus.planning import BATCH_TOKENS, SHARD, Shard, shards
from inspector.corpus.reading import Sentence, Survey, place_of, sentences, survey
from inspector.corpus.record import LeftOut
from inspector.corpus.run_record import run_record
from inspector.corpus.store import Store, shard_names
from inspector.corpus.tables import (
    Merged,
    explanation_table,
    head_statistics,
    merge,
    parquet,
    syntax_tables,
)
from inspector.corpus.work import Work
from inspector.errors import InputError
from inspector.files import RECORD, OutputFolder, output_folder
from inspector.record import record
from inspector.records import ModelInfo
from inspector.records.corpus import CorpusFacts, CorpusResult, Skipped
from inspector.report.html.atlas_page import render_atlas
from inspector.version import __version__

if TYPE_CHECKING:
    from inspector.referee.loading import LoadedModel

_TABLES = ("heads", "relations", "findings", "explanations")
_ATLAS = "atlas.html"


class Watcher(Protocol):
    """Is told how far a run has come."""

    def stage(self, name: str, total: int) -> None:
        """Say what begins, and how many sentences it goes over."""

    def advance(self, done: int) -> None:
        """Say how many more are done."""


@record(frozen=True, slots=True)
class Options:
    """What is asked of a run, beside what is asked of every shard (``Work``)."""

    files: tuple[str, ...]
    out: Path
    column: str = "text"
    strict: bool = False
    restart: bool = False
    #: With effects: on how many sentences they are measured; None for all.
    sample: int | None = None
    #: Printed on the pages as what made them.
    command: str = "inspect corpus"


@record(frozen=True, slots=True)
class Outcome:
    """What a run found, and where it wrote it."""

    result: CorpusResult
    files: dict[str, str]
    #: By statistic the largest change of a head's mean by bfloat16; empty in float32.
    shift: dict[str, float]


def run_corpus(
    options: Options,
    work: Work,
    *,
    load: Callable[[], LoadedModel],
    engine: Callable[[LoadedModel], Engine],
    watcher: Watcher,
) -> Outcome:
    """Read files, measure every head, and write tables and atlas into a folder.

    What can be refused is refused before the model is loaded. Finished shards of the same run are
    taken over; ``run.json`` is written last, and says what is complete.

    Raises
    ------
    InputError
        When an input or an option cannot be used, or no sentence is left to be measured.
    ModelError
        When the model cannot be had or read.
    MachineError
        When the machine refuses.
    """
    begun = time.monotonic()
    with ExitStack() as held:
        files = held.enter_context(inputs(options.files))
        seen = survey(files, column=options.column, strict=options.strict)
        folder = held.enter_context(output_folder(options.out, "corpus"))
        count = -(-seen.sentences // SHARD)
        folder.claim([*shard_names(count), *(f"{name}.parquet" for name in _TABLES), _ATLAS])
        refuse_examples(folder)
        loaded = load()
        from inspector.referee.fingerprint import fingerprint

        measured = sampled(seen.sentences, options.sample, work.seed)
        work = replace(work, fingerprint=fingerprint(loaded), sampled=measured)
        store = Store(folder, _plan(files, seen, options, work), restart=options.restart)
        run = _Run(files, seen, options, work, loaded, folder, watcher, begun)
        began = time.monotonic()
        made = run.measure(store, engine(loaded))
        reading = time.monotonic() - began
        merged = merge(store.records(count), seed=work.seed, replicates=work.replicates)
        return run.finish(merged, made, reading)


def _plan(files: list[Input], seen: Survey, options: Options, work: Work) -> dict[str, object]:
    """Return everything that decides the results, under the names that a refusal gives it."""
    return {
        "input": [seen.sha256, [one.kind for one in files], options.column],
        "model": work.fingerprint,
        "--statistics": work.statistics,
        "--sample": options.sample,
        "--dtype": work.dtype,
        "--truncate": work.truncate,
        "--seed": work.seed,
        "size of its shards": [SHARD, BATCH_TOKENS, work.replicates],
    }


@record(frozen=True, slots=True)
class _Run:
    """One run, once its inputs were looked through and its model is loaded."""

    files: list[Input]
    seen: Survey
    options: Options
    work: Work
    loaded: LoadedModel
    folder: OutputFolder
    watcher: Watcher
    #: When it began, by ``time.monotonic``.
    begun: float

    def measure(self, store: Store, engine: Engine) -> int:
        """Have the missing shards made, and return how many sentences they hold."""
        self.watcher.stage("Reading attention", self.seen.sentences)
        made = 0

        def missing() -> Iterator[Shard]:
            nonlocal made
            for shard in shards(self._read(), SHARD):
                if store.finished(shard.index):
                    self.watcher.advance(len(shard.sentences))
                    continue
                made += len(shard.sentences)
                yield shard

        for index, part in engine.run(self.work, missing(), self.watcher.advance):
            store.write(index, part)
        return made

    def _read(self) -> Iterator[Sentence]:
        return sentences(self.files, column=self.options.column, strict=self.options.strict)

    def finish(self, merged: Merged, made: int, reading: float) -> Outcome:
        """Write everything, ``run.json`` last; ``reading`` is how many seconds the reading took."""
        skipped = self._skipped(merged)
        if merged.tally.sentences == 0:
            why = "; ".join(f"{one.count} left out: {one.reason}" for one in skipped)
            raise InputError(
                f"No sentence is left to be measured ({why}).",
                "Give other sentences, or cut long ones with --truncate.",
            )
        induction = None
        if self.work.statistics == "full":
            induction = measure_induction(
                self.loaded, seed=self.work.seed, replicates=self.work.replicates
            )
        heads = head_statistics(merged, [] if induction is None else [induction])
        relations, findings = syntax_tables(merged)
        command = self.options.command
        examples = tell_examples(
            merged.best,
            heads,
            self.files,
            self.loaded,
            self.folder,
            command=command,
            truncate=self.work.truncate,
            progress=self.watcher,
        )
        if findings is not None:
            examples += tell_arcs(
                findings,
                merged.clearest,
                self._read(),
                self.files,
                self.loaded,
                heads=merged.basic.values.shape[2],
                truncate=self.work.truncate,
                reports={(one.file, one.row): one.report for one in examples},
                progress=self.watcher,
            )
        facts = CorpusFacts(
            model=self._model(merged),
            files=tuple("-" if one.name == "standard input" else one.name for one in self.files),
            sentences=merged.tally.sentences,
            tokens=merged.tally.tokens,
            truncated=merged.tally.truncated,
            unread_arcs=merged.arcs.unread if merged.arcs is not None else 0,
            skipped=skipped,
            # Example sentences are inspected one by one, which may take longer than the reading.
            seconds=time.monotonic() - self.begun,
            reading_seconds=reading,
            sentences_this_run=made,
            seed=self.work.seed,
            resamples=self.work.replicates,
            command=command,
            version=__version__,
        )
        result = CorpusResult(
            facts, heads, relations, findings, examples, explanation_table(merged)
        )
        return Outcome(result, self._write(result, merged.shift), merged.shift)

    def _write(self, result: CorpusResult, shift: dict[str, float]) -> dict[str, str]:
        files = {}
        for name in _TABLES:
            # Without a tree there are heads only; what an older run had besides goes in the end.
            if (table := getattr(result, name)) is not None:
                self.folder.write(f"{name}.parquet", parquet(table))
                files[name] = str(self.folder.path / f"{name}.parquet")
        self.folder.write(_ATLAS, render_atlas(result).encode())
        files["atlas"] = str(self.folder.path / _ATLAS)
        self.folder.finish(run_record(result, shift, files, work=self.work, seen=self.seen))
        return files | {"run": str(self.folder.path / RECORD)}

    def _model(self, merged: Merged) -> ModelInfo:
        layers, heads = merged.basic.values.shape[1:3]
        known = self.loaded.checkpoint
        return ModelInfo(
            name=known.name,
            title=known.title,
            family=known.family,
            layers=layers,
            heads=heads,
            width=int(self.loaded.model.config.hidden_size),
            window=known.window,
            sha256=known.sha256,
            stored_dtypes=known.stored_dtypes,
            computing_dtype=self.work.dtype,
        )

    def _skipped(self, merged: Merged) -> tuple[Skipped, ...]:
        """Return why sentences were left out, and where the first of them is."""
        window = self._model(merged).window
        seen = self.seen
        return tuple(
            Skipped(reason, count, first)
            for reason, count, first in (
                ("blank lines", seen.blank, seen.first_blank),
                ("broken trees", seen.broken, seen.first_broken),
                (
                    f"longer than the window of {window} tokens",
                    *self._where(merged.tally.too_long),
                ),
                (
                    "nothing in them that the tokenizer can read",
                    *self._where(merged.tally.unreadable),
                ),
            )
            if count
        )

    def _where(self, left_out: LeftOut) -> tuple[int, str]:
        if left_out.first is None:
            return 0, ""
        file, row = place_of(left_out.first)
        one = self.files[file]
        # A treebank's sentences are numbered from 0 inside and from 1 where people read.
        return left_out.count, f"{one.name}:{row + (one.kind == 'conllu')}"
