"""The one place where the stages are chained: text → trace → rebuild → verdict → analysis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.alone import opened, run_alone
from inspector.analogy.ladder import RUNGS, applies, mixed
from inspector.analysis.heads import read_heads
from inspector.analysis.ladder.agreement import measure_ladder
from inspector.analysis.links import strongest_links
from inspector.analysis.notices import change_notice, notices, weights_notice
from inspector.analysis.sample import row_sample
from inspector.analysis.shares import measure_shares
from inspector.analysis.sinks import find_sinks
from inspector.checkpoint.opening import open_checkpoint
from inspector.checkpoint.readable import refuse_unreadable
from inspector.checkpoint.sources import locate, weights_checked
from inspector.encoding import encode, encode_alone, read_alike, refuse_no_chat
from inspector.errors import InputError
from inspector.memory import matrices_size, refuse_no_memory
from inspector.proof import Progress, prove_text
from inspector.records import (
    Array,
    Checkpoint,
    HeadLink,
    Inspected,
    Knockout,
    Rebuild,
    RebuiltLayer,
    SiteName,
    Text,
    Token,
    Trace,
    Verification,
    conversation,
)

if TYPE_CHECKING:
    from inspector.records.effects import Answer, Effects
    from inspector.records.generation import Generation, Writing
    from inspector.referee.loading import LoadedModel
    from inspector.report.export.figures import Columns, Figure, Kind, Theme
    from inspector.what_if import HeadPlace, TokenPlace

#: Characters of the text in what an inspection calls itself.
_SHOWN = 40


@dataclass(frozen=True)
class Inspection(Inspected):
    """One text seen through one model: what it attends to, the proof, and the classroom beside."""

    def __repr__(self) -> str:
        """Say in one line what it is: a notebook or a log would else hold every number of it."""
        text = self.trace.text.text
        short = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
        return (
            f"<Inspection {short!r} {len(self.tokens)} tokens, "
            f"{self.model.layers} × {self.model.heads} heads, {self.verification.verdict}>"
        )

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The tokens as the model read them; of an encoder–decoder, as its encoder did."""
        return self.trace.text.tokens

    @property
    def target_tokens(self) -> tuple[Token, ...] | None:
        """The tokens as the decoder of an encoder–decoder read them; None for any other model."""
        return None if self.trace.target is None else self.trace.target.tokens

    def attention(self, layer: int, head: int, site: SiteName = "self") -> Array:
        """Return the model's own attention weights of one head: (T, S) float32.

        An encoder–decoder has the sites ``encoder``, ``decoder`` and ``cross`` instead of ``self``.

        Raises
        ------
        IndexError
            When the model has no such layer or head.
        """
        weights: Array = self.trace.layers[self._index(layer, head, site)].attention[head]
        return weights

    def recomputed(self, layer: int, head: int, site: SiteName = "self") -> Array:
        """Return the same weights rebuilt from the layer's input and the checkpoint: (T, S).

        Where ``verification.tier`` is ``captured`` they are rebuilt from the model's own queries
        and keys.

        Raises
        ------
        IndexError
            When the model has no such layer or head.
        InputError
            When nothing was recomputed.
        """
        index = self._index(layer, head, site)
        layers = self.rebuild.layers or self._rebuilt()
        weights: Array = layers[index].attention[head]
        return weights

    def mix(self, rung: str, layer: int, site: SiteName = "self") -> Array:
        """Return T, (T, D) float32: every token's traits after the layer, as a rung has it.

        Raises
        ------
        IndexError
            When the model has no such layer.
        InputError
            When there is no such rung, or the family does not have it or has no rebuild from the
            weights.
        """
        index = self._index(layer, 0, site)
        rebuilt = self._rebuilt()[index]
        found = next((known for known in RUNGS if known.name == rung), None)
        if found is None or not applies(found, rebuilt):
            names = ", ".join(known.name for known in RUNGS if applies(known, rebuilt))
            raise InputError(f"{self.model.title} has no rung {rung!r}.", f"Use one of {names}.")
        return mixed(found, rebuilt, self.trace.layers[index].hidden)

    def prove(self) -> Inspection:
        """Ask the real model about the same text, and return the inspection that it proves.

        Raises
        ------
        InputError
            When something was changed in this one: the real model would run it untouched.
        """
        if self.change is not None:
            raise InputError(
                "What was changed cannot be proved: the real model would run the text untouched.",
                "Prove the inspection that what_if began with.",
            )
        text, target, written = self.trace.text, self.trace.target, self.generation
        if written is not None:
            text, target = written.text, written.target
        said = text.chat
        return inspect(
            text.text if said is None else said.user,
            pair=text.pair,
            # A decoder that began by itself had no letters before it.
            target=None if target is None or not target.text else target.text,
            model=self.checkpoint,
            truncate=text.truncated_from is not None,
            pieces=self.pieces,
            generate=written,
            chat=said is not None,
            system=None if said is None else said.system,
        )

    @property
    def answer(self) -> Answer:
        """What the model says: the likeliest entry of its vocabulary where the answer is read.

        Of what ``what_if`` returned it is what the changed model says, and ``change.before`` what
        it said untouched.

        Raises
        ------
        InputError
            When our own forward cannot run the model.
        """
        if self.change is not None:
            return self.change.after
        # Imported here, as below: most are not asked for it, and need not wait.
        from inspector.what_if import answer_of

        return answer_of(self)

    def effects(
        self, *, knockout: Knockout = "zero", answer: str | None = None, against: str | None = None
    ) -> Effects:
        """Measure what becomes of the answer when each head is silent, and each word not heard.

        Parameters
        ----------
        knockout:
            What a silenced head gives: nothing, or with ``mean`` its mean over the text.
        answer, against:
            The token that the answer is about instead of the likeliest one, such as ``" Paris"``,
            and one that it is set against.

        Raises
        ------
        InputError
            When our own forward cannot run the model, or the answer is no single token.
        """
        from inspector.what_if import effects_of

        return effects_of(self, knockout=knockout, answer=answer, against=against)

    def with_effects(self) -> Inspection:
        """Return the same with its effects, for its page and its JSON.

        Raises
        ------
        InputError
            When our own forward cannot run the model.
        """
        return replace(self, effects_measured=self.effects())

    def heads_for(self, source: str, target: str) -> tuple[HeadLink, ...]:
        """Return every head by how much attention one word gives to another, the strongest first.

        >>> inspect("The cat sat because it was tired").heads_for("it", "cat")[0]

        A word is named as the text spells it; one that occurs more than once with its number, such
        as ``it:2``. An inspection of ``pieces`` takes single tokens.

        Raises
        ------
        InputError
            When a word is not there or occurs more than once, or when the model lets the one give
            the other no attention.
        """
        from inspector.analysis.asked_link import ask_link

        return ask_link(self, source, target).heads

    def with_link(self, source: str, target: str) -> Inspection:
        """Return the same with the heads that link two words, for its page and its JSON.

        Raises
        ------
        InputError
            As ``heads_for``.
        """
        from inspector.analysis.asked_link import ask_link

        return replace(self, link_asked=ask_link(self, source, target))

    def with_ladder(self) -> Inspection:
        """Return the same with the ladder and what each idea contributes, which it may lack."""
        trace, weights = self.trace, self.rebuild.from_weights
        ladder = measure_ladder(trace, weights)
        return replace(
            self,
            ladder=ladder,
            shares=measure_shares(trace, weights, ladder),
            ladder_rows=row_sample(trace),
        )

    def what_if(
        self,
        *,
        silence: Iterable[HeadPlace] = (),
        block: Iterable[TokenPlace] = (),
        edges: Iterable[Sequence[int]] = (),
        patch: Mapping[HeadPlace, Inspected] | None = None,
        knockout: Knockout = "zero",
    ) -> Inspection:
        """Return the same text inspected with heads silenced, tokens blocked, or heads patched.

        >>> changed = inspect("The trophy did not fit").what_if(silence=[(5, 10)], block=[2])
        >>> changed.change.effect.size

        Parameters
        ----------
        silence:
            Heads that give nothing, ``(layer, head)``, or of a model with several sites
            ``(site, layer, head)``; with the ``knockout`` ``mean`` their mean over the text.
        block:
            Tokens that no other attends to, by their index; of an encoder–decoder's target
            ``("target", index)``.
        edges:
            ``(query, key, first, last)``: one token does not attend to one other, from the first
            of these layers to the last, in a model's own or its encoder's attention.
        patch:
            Heads that give what they gave in another inspection of as many tokens, changed as that
            one is.

        What was changed before stays changed.

        Raises
        ------
        InputError
            When nothing is to be changed, what is named is not there, or our own forward cannot
            run the model.
        """
        from inspector.what_if import edits_of, run_changed

        edits = edits_of(
            self, silence=silence, block=block, edges=edges, patch=patch, knockout=knockout
        )
        trace, rebuilt, verification, change = run_changed(self, edits)
        found = _inspection(self.checkpoint, trace, rebuilt, verification, pieces=self.pieces)
        # What was not measured before is not measured now.
        found = found.with_ladder() if self.ladder else found
        said = (change_notice(change, trace), *found.notices)
        return replace(found, change=change, notices=said, generation=self.generation)

    def save(self, path: str | Path) -> None:
        """Write every tensor of the inspection into a safetensors file, whole or not at all."""
        from inspector.report.export.tensors import save_tensors

        save_tensors(self, Path(path))

    def to_html(self, path: str | Path, *, command: str | None = None) -> None:
        """Write the report, one HTML file that opens offline, whole or not at all.

        ``command`` is printed in it as what made the report.
        """
        from inspector.files import PAGE, write_whole
        from inspector.report.html.page import render_report

        write_whole(Path(path), render_report(self, command=command).encode(), PAGE)

    def figure(
        self,
        kind: Kind = "matrix",
        *,
        layer: int | None = None,
        head: int | None = None,
        site: SiteName | None = None,
        theme: Theme = "light",
        columns: Columns | None = None,
    ) -> Figure:
        """Draw a head, every head or the ladder for a paper; a notebook shows it at once.

        Its ``save`` writes it as SVG, PDF or PNG. Parameters and errors are ``draw_figure``'s.
        """
        from inspector.report.export.figures import draw_figure

        return draw_figure(
            self, kind, layer=layer, head=head, site=site, theme=theme, columns=columns
        )

    def _repr_html_(self) -> str:
        """Return the report for a notebook, in a frame of its own that can reach nothing."""
        from inspector.report.html.notebook import render_frame

        return render_frame(self)

    def _index(self, layer: int, head: int, site: SiteName) -> int:
        for index, at in enumerate(self.trace.layers):
            if (at.site, at.layer) == (site, layer) and 0 <= head < len(at.attention):
                return index
        shapes = [
            (name, [len(at.attention) for at in self.trace.layers if at.site == name])
            for name in self.trace.sites
        ]
        there = ", ".join(f"{len(of)} layers of {max(of)} heads at {name!r}" for name, of in shapes)
        raise IndexError(
            f"no site {site!r}, layer {layer}, head {head}: {self.model.title} has "
            f"{there}, counted from 0"
        )

    def _rebuilt(self) -> tuple[RebuiltLayer, ...]:
        if not self.rebuild.from_weights:
            raise InputError(
                f"Nothing was recomputed from the weights: {self.verification.reason}.",
                "Use .attention() for the model's own weights.",
            )
        return self.rebuild.from_weights


def load(
    name: str | Path = "bundled",
    *,
    device: str = "auto",
    progress: Progress = lambda _stage: None,
) -> LoadedModel:
    """Load a model once, to inspect many texts with it.

    Parameters
    ----------
    name:
        ``bundled``, ``smollm2``, an alias such as ``distilbert``, a local folder, that of an
        adapter, a GGUF file, or a hub id.
    device:
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    progress:
        Called with a few words while a GGUF file is converted, or an adapter merged, which each is
        once.

    Raises
    ------
    InputError
        When the device is unknown or not there.
    ModelError
        When the model cannot be had, is damaged, or is of a kind that cannot be inspected.
    MachineError
        When what is converted or merged cannot be written.
    """
    # What can be refused is refused before torch is imported: that takes seconds.
    source = locate(str(name), progress=progress)
    from inspector.referee.loading import load as load_model

    with weights_checked(source):
        loaded = load_model(source, device=device)
    opened = open_checkpoint(source)
    # What our own forward runs comes from the files, by a way of its own; what a layer is rebuilt
    # from for the first proof, out of the real model.
    real = loaded.checkpoint
    whole = replace(
        opened,
        family=real.family,
        window=real.window,
        attention=real.attention,
        no_rebuild=real.no_rebuild,
    )
    return replace(loaded, checkpoint=whole)


def loaded(model: str | Path | Checkpoint | LoadedModel, progress: Progress) -> LoadedModel:
    """Return the real model of what may be one already, loaded where it is not."""
    if isinstance(model, str | Path | Checkpoint):
        progress("Loading the model")
        name = model.name if isinstance(model, Checkpoint) else model
        model = load(name, progress=progress)
    return model


def inspect(
    text: str,
    *,
    pair: str | None = None,
    target: str | None = None,
    model: str | Path | Checkpoint | LoadedModel = "bundled",
    truncate: bool = False,
    pieces: bool = False,
    generate: int | Writing | Generation | None = None,
    chat: bool = False,
    system: str | None = None,
    prove: bool = True,
    ladder: bool = True,
    progress: Progress = lambda _stage: None,
) -> Inspection:
    """Inspect the attention of a model on one text, or on a pair of texts.

    Parameters
    ----------
    text:
        The sentence, or any text that fits into the model.
    pair:
        A second segment, for models that read two.
    target:
        What an encoder–decoder's decoder reads; such a model needs one, unless it is to write it,
        and no other takes one.
    model:
        A name, a path, or what ``load`` returned; or the ``checkpoint`` of an inspection, which
        without ``prove`` is not opened again.
    truncate:
        Cut a text that does not fit instead of refusing it.
    pieces:
        Read the links between single tokens; else the pieces of a word are merged into it, in the
        links and wherever they are shown.
    generate:
        How many tokens the model is to write behind the text, or behind the target if there is
        one, the likeliest each time; or a ``Writing``, which may draw them; or the ``generation``
        of an earlier inspection of the same text, which is then not written again. The attention
        is that of the whole.
    chat:
        Take the text for what a user says, and put it through the checkpoint's chat template, up to
        where the answer begins; ``system`` is what the system says before.
    prove:
        Ask the real model. Without it the answer is our own forward's, from the checkpoint's files
        alone: there in half a second, without torch, and called ``unproved``; its ``.prove()``
        asks the real model later.
    ladder:
        Measure the ladder and what each idea contributes. Without it a short text is answered in
        half the time; ``.with_ladder()`` measures them later.
    progress:
        Called with a few words whenever a stage begins.

    Raises
    ------
    InputError
        When the text cannot be read or does not fit, or when the chat template refuses it.
    ModelError
        When the model cannot be had, gives no attention weights, or without ``prove`` when only
        the real model can run it.
    MachineError
        When memory runs out.
    """
    for part in (text, pair, target):
        if part is not None:
            refuse_unreadable(part)
    refuse_no_chat(pair, target, system, chat=chat)
    messages = conversation(text, system) if chat else None
    asked = None if generate is None else _asked_to_write(generate, pair)
    written = None
    if not prove:
        progress("Running the model")
        with opened(model, progress) as checkpoint:
            both = encode_alone(
                checkpoint, text, pair, target, truncate=truncate, writes=asked, messages=messages
            )
            if asked is not None:
                from inspector.writing.letters import FileVocabulary
                from inspector.writing.write import write_on

                progress("Writing on")
                both, written = write_on(checkpoint, FileVocabulary(checkpoint), *both, asked)
            _refuse_too_large(checkpoint, *both)
            found = _inspection(checkpoint, *run_alone(checkpoint, *both), pieces=pieces)
            found = found.with_ladder() if ladder else found
            return replace(found, generation=written)
    model = loaded(model, progress)
    begun = texts = encode(
        model, text, pair, target, truncate=truncate, writes=asked, messages=messages
    )
    if asked is not None:
        from inspector.referee.vocabulary import RefereeVocabulary
        from inspector.writing.write import write_on

        progress("Writing on")
        vocabulary = RefereeVocabulary(model.tokenizer)
        texts, written = write_on(model.checkpoint, vocabulary, *begun, asked)
    _refuse_too_large(model.checkpoint, *texts)
    trace, rebuilt, verification = prove_text(model, *texts, progress=progress)
    if written is not None:
        from inspector.writing.write import prove_written

        progress("Letting the real model write")
        written = prove_written(model, trace, written)
    progress("Setting the classroom beside it")
    found = _inspection(model.checkpoint, trace, rebuilt, verification, pieces=pieces)
    found = found.with_ladder() if ladder else found
    said = (*found.notices, *read_alike(model.checkpoint, *begun))
    return replace(found, notices=said, generation=written)


def _asked_to_write(generate: int | Writing | Generation, pair: str | None) -> Writing | Generation:
    from inspector.records.generation import Writing
    from inspector.writing.write import refuse_impossible

    asked = Writing(generate) if isinstance(generate, int) else generate
    refuse_impossible(asked, pair)
    return asked


def _refuse_too_large(checkpoint: Checkpoint, text: Text, target: Text | None) -> None:
    """Refuse texts whose matrices have no room."""
    tokens = len(text)
    seconds = 0 if target is None else len(target)
    refuse_no_memory(
        checkpoint,
        matrices_size(checkpoint, tokens, seconds),
        tokens,
        "Give a shorter text, or inspect_long in Python, which keeps no matrix.",
    )


def _inspection(
    checkpoint: Checkpoint,
    trace: Trace,
    rebuilt: Rebuild,
    verification: Verification,
    *,
    pieces: bool,
) -> Inspection:
    """Read off a trace all that is said of it but the ladder."""
    heads = read_heads(trace, rebuilt)
    sinks = find_sinks(trace, rebuilt)
    return Inspection(
        checkpoint=checkpoint,
        trace=trace,
        rebuild=rebuilt,
        verification=verification,
        ladder=(),
        shares=(),
        heads=heads,
        links=strongest_links(trace, heads, sinks, pieces=pieces),
        pieces=pieces,
        sinks=sinks,
        notices=(*weights_notice(checkpoint), *notices(trace.text)),
    )
