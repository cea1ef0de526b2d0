"""Two inspections beside each other: two texts by one model, or one text by two models."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inspector.analysis.answers_beside import answers_beside
from inspector.analysis.comparison import align, head_changes, same_before, why_apart
from inspector.analysis.patching import patch_heads
from inspector.errors import InputError
from inspector.forward.pooling import compare as compare_embeddings
from inspector.records import Checkpoint, Inspected
from inspector.records.comparison import Alignment, Compared, ComparisonKind, OwnFindings, ids_of
from inspector.session import Inspection, inspect, loaded
from inspector.what_if import own_pass

if TYPE_CHECKING:
    from inspector.proof import Progress
    from inspector.referee.loading import LoadedModel

#: About how many seconds patching may take that nobody asked for.
_SECONDS = 10.0
#: Characters of a text in what a comparison calls itself.
_SHOWN = 24


@dataclass(frozen=True)
class Comparison(Compared):
    """Two inspections beside each other: what changed, in which head, and what both answer."""

    #: Whether heads were to be patched; None for where it takes a few seconds.
    patches_asked: bool | None = None

    def __repr__(self) -> str:
        """Say in one line what it is."""
        if self.kind == "texts":
            names = [repr(_short(side.trace.text.text)) for side in self.sides]
        else:
            names = [_short(side.model.title) for side in self.sides]
        most = "".join(f", most changed: {one.layer}.{one.head}" for one in self.changed[:1])
        verdicts = dict.fromkeys(side.verification.verdict for side in self.sides)
        return f"<Comparison {' | '.join(names)}{most}, {' and '.join(verdicts)}>"

    def prove(self) -> Comparison:
        """Ask the real models about both sides, and return the comparison that they prove."""
        first, second = (_inspection(side).prove() for side in self.sides)
        return set_beside(first, second, kind=self.kind, known=self.own, patches=self.patches_asked)

    def to_html(self, path: str | Path, *, command: str | None = None) -> None:
        """Write the page, one HTML file that opens offline, whole or not at all.

        ``command`` is printed in it as what made the page.
        """
        from inspector.files import PAGE, write_whole
        from inspector.report.html.compare_page import render_comparison

        write_whole(Path(path), render_comparison(self, command=command).encode(), PAGE)

    def _repr_html_(self) -> str:
        """Return the page for a notebook, in a frame of its own that can reach nothing."""
        from inspector.report.html.compare_page import render_comparison
        from inspector.report.html.notebook import framed

        return framed(render_comparison(self), "Comparison")


def compare(
    first: str,
    second: str | None = None,
    *,
    model: str | Path | Checkpoint | LoadedModel = "bundled",
    models: tuple[str | Path | Checkpoint | LoadedModel, ...] | None = None,
    target: str | None = None,
    truncate: bool = False,
    patches: bool | None = None,
    prove: bool = True,
    progress: Progress = lambda _stage: None,
) -> Comparison:
    """Compare two texts by one model, or one text by two models.

    >>> compare("The trophy did not fit because it was too big", "… too small")
    >>> compare("The cat sat on the mat", models=("./adapter", "distilbert"))

    Parameters
    ----------
    first, second:
        The two texts; with ``models`` the first alone.
    model:
        A name, a path, or what ``load`` returned; or the ``checkpoint`` of an inspection.
    models:
        Two of these instead: a model with its adapter, and the same without.
    target:
        What the decoder of an encoder–decoder reads, on both sides.
    truncate:
        Cut a text that does not fit instead of refusing it.
    patches:
        Whether each head of the first text is patched from the second, where both have as many
        tokens; None for where it takes a few seconds.
    prove:
        Ask the real models. Without it both sides are ``unproved``; ``.prove()`` asks them later.
    progress:
        Called with a few words whenever a stage begins.

    Raises
    ------
    InputError
        When there are not two different things to compare, and as ``inspect``.
    ModelError, MachineError
        As ``inspect``.
    """
    texts, names = different(first, second, model, models)
    read = partial(inspect, target=target, truncate=truncate, prove=prove, progress=progress)
    opened = loaded(names[0], progress) if prove else names[0]
    one = read(texts[0], model=opened)
    if models is not None:
        opened = loaded(names[1], progress) if prove else names[1]
    elif not prove:
        # Opened once, as it is loaded once.
        opened = one.checkpoint
    other = read(texts[1], model=opened)
    progress("Setting one beside the other")
    kind: ComparisonKind = "texts" if models is None else "models"
    return set_beside(one, other, kind=kind, patches=patches)


def different(
    first: str,
    second: str | None,
    model: str | Path | Checkpoint | LoadedModel,
    models: tuple[str | Path | Checkpoint | LoadedModel, ...] | None,
) -> tuple[
    tuple[str, str],
    tuple[str | Path | Checkpoint | LoadedModel, str | Path | Checkpoint | LoadedModel],
]:
    """Return both texts and both models, or refuse what cannot be compared.

    Raises
    ------
    InputError
        When there is one text and one model, two of each, or the same twice.
    """
    if models is None:
        if second is None:
            raise InputError(
                "There is one text, and nothing to compare it with.",
                "Give a second text, or two models with --models (models= in Python).",
            )
        if first == second:
            raise InputError("The two texts are the same.", "Change a word in one of them.")
        return (first, second), (model, model)
    if second is not None:
        raise InputError(
            "Two texts and two models are too many: one thing is changed at a time.",
            "Give one text with two models, or two texts with one.",
        )
    if len(models) != 2:  # noqa: PLR2004
        raise InputError(f"Two models are compared, not {len(models)}.", "Name two.")
    if models[0] is models[1] or _named(models[0]) == _named(models[1]):
        raise InputError("The two models are the same.", "Name another one.")
    return (first, first), (models[0], models[1])


def _named(model: str | Path | Checkpoint | LoadedModel) -> str:
    if isinstance(model, str | Path):
        return str(model)
    return (model if isinstance(model, Checkpoint) else model.checkpoint).name


def set_beside(
    first: Inspection,
    second: Inspection,
    *,
    kind: ComparisonKind,
    patches: bool | None = None,
    known: OwnFindings | None = None,
) -> Comparison:
    """Compare two inspections.

    Parameters
    ----------
    patches:
        As of ``compare``.
    known:
        What was measured before the proof; it is taken where the real tokenizers read the same.
    """
    if kind == "texts" and all(
        np.array_equal(one.ids, two.ids)
        for one, two in zip(first.trace.sides, second.trace.sides, strict=True)
    ):
        raise InputError(
            "The model reads both texts as the same tokens.",
            "Compare texts that differ in more than capitals or spaces.",
        )
    one_vocabulary = kind == "texts" or _vocabulary(first) == _vocabulary(second)
    # Two kinds of model, of which one has a target, have no more than their texts in common.
    alignments = tuple(
        align(one, two, "text" if one is first.trace.text else "target", by_ids=one_vocabulary)
        for one, two in zip(first.trace.sides, second.trace.sides, strict=False)
    )
    apart = why_apart(first, second)
    own = _measured(first, second, kind, alignments[0], one_vocabulary, patches, known)
    return Comparison(
        kind=kind,
        first=first,
        second=second,
        alignments=alignments,
        heads=None if apart else head_changes(first.trace, second.trace, alignments),
        apart=apart,
        answers=own.answers,
        cosine=None if apart else _cosine(first, second),
        patches=own.patches,
        no_patches=own.no_patches,
        notices=tuple(_notices(first, kind, alignments, apart)),
        patches_asked=patches,
    )


def _measured(
    first: Inspection,
    second: Inspection,
    kind: ComparisonKind,
    alignment: Alignment,
    one_vocabulary: bool,
    patches: bool | None,
    known: OwnFindings | None,
) -> OwnFindings:
    """Return what our own forward says of both: the answers, and the patches or why none."""
    ids = ids_of(first, second)
    for side in (first, second):
        whole = side.verification.end_to_end
        if side.checkpoint.cannot_run is not None:
            return OwnFindings(ids, no_patches=f"only the real model can run {side.model.title}")
        if whole is not None and whole.verdict == "mismatch":
            return OwnFindings(ids, no_patches="our own forward is not what the real model is")
    if known is not None and known.ids == ids:
        return known
    traces = own_pass(first), own_pass(second)
    checkpoints = first.checkpoint, second.checkpoint
    answers = answers_beside(checkpoints, traces, alignment, one_vocabulary=one_vocabulary)
    if kind == "models" or patches is False:
        why = "heads are patched within one model, and these are two"
        return OwnFindings(
            ids, answers, no_patches=why if kind == "models" else "it was not asked for"
        )
    own = patch_heads(first.checkpoint, *traces, seconds=None if patches else _SECONDS)
    patched, why_not = (None, own) if isinstance(own, str) else (own, None)
    return OwnFindings(ids, answers, patched, why_not)


def _vocabulary(found: Inspected) -> object:
    """Return what the ids mean; something of its own where nobody can say."""
    tokenizer = found.checkpoint.tokenizer
    return object() if tokenizer is None else tokenizer.get_vocab()


def _cosine(first: Inspected, second: Inspected) -> float | None:
    one, two = first.embedding, second.embedding
    if one is None or two is None or len(one.values) != len(two.values):
        return None
    return compare_embeddings(one, two).cosine


def _notices(
    first: Inspected, kind: ComparisonKind, alignments: tuple[Alignment, ...], apart: str | None
) -> list[str]:
    said = []
    if apart is None and not any(alignment.pairs for alignment in alignments):
        said.append("No token stands against another, so no head can be compared.")
    if kind == "models" and apart is None:
        said.append(
            "Heads of the same number stand beside each other. That says something where one model "
            "was made out of the other, as with an adapter, and little of two that learned alone."
        )
    same = same_before(first.trace, alignments[0])
    if kind == "texts" and same:
        said.append(
            "A word here hears only what comes before it: in front of the first difference "
            f"({same} {'token' if same == 1 else 'tokens'}) every head is the same on both sides."
        )
    return said


def _inspection(side: Inspected) -> Inspection:
    if not isinstance(side, Inspection):
        raise TypeError("a comparison is made of inspections")
    return side


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
