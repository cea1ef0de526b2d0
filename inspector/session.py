"""The one place where the stages are chained: text → trace → rebuild → verdict → analysis."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.analogy.ladder import RUNGS, applies, mixed
from inspector.analysis.agreement import measure_ladder
from inspector.analysis.heads import read_heads
from inspector.analysis.links import strongest_links
from inspector.analysis.notices import notices
from inspector.analysis.sample import row_sample
from inspector.analysis.shares import measure_shares
from inspector.analysis.sinks import find_sinks
from inspector.checkpoint.opening import open_checkpoint
from inspector.checkpoint.readable import refuse_unreadable
from inspector.checkpoint.sources import Source, locate
from inspector.checkpoint.tokens import encode as encode_alone
from inspector.checkpoint.tokens import encode_target, mask_id, read_as_text
from inspector.errors import InputError, NeedsRealModel
from inspector.forward.model import Keep, forward
from inspector.forward.predictions import read_predictions
from inspector.proof import Progress, prove_text
from inspector.records import (
    Array,
    Checkpoint,
    Inspected,
    Rebuild,
    RebuiltLayer,
    SiteName,
    Text,
    Token,
    Trace,
    Verification,
)
from inspector.verify.verification import nothing_compared

if TYPE_CHECKING:
    from inspector.referee.loading import LoadedModel

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
        """Ask the real model about the same text, and return the inspection that it proves."""
        text, target = self.trace.text, self.trace.target
        return inspect(
            text.text,
            pair=text.pair,
            target=None if target is None else target.text,
            model=self.checkpoint.name,
            truncate=text.truncated_from is not None,
            pieces=self.pieces,
        )

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


def load(name: str | Path = "bundled", *, device: str = "auto") -> LoadedModel:
    """Load a model once, to inspect many texts with it.

    Parameters
    ----------
    name:
        ``bundled``, an alias such as ``distilbert``, a local folder, or a hub id.
    device:
        ``auto``, ``cpu``, ``cuda`` or ``mps``.

    Raises
    ------
    InputError
        When the device is unknown or not there.
    ModelError
        When the model cannot be had, is damaged, or is of a kind that cannot be inspected.
    """
    # What can be refused is refused before torch is imported: that takes seconds.
    source = locate(str(name))
    from inspector.referee.loading import load as load_model

    loaded = load_model(source, device=device)
    opened = open_checkpoint(source)
    # What our own forward runs comes from the files, by a way of its own.
    whole = replace(
        loaded.checkpoint,
        model=opened.model,
        config=opened.config,
        tokenizer=opened.tokenizer,
        stored_dtypes=opened.stored_dtypes,
    )
    return replace(loaded, checkpoint=whole)


def inspect(
    text: str,
    *,
    pair: str | None = None,
    target: str | None = None,
    model: str | Path | LoadedModel = "bundled",
    truncate: bool = False,
    pieces: bool = False,
    prove: bool = True,
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
        What an encoder–decoder's decoder reads; such a model needs one, and no other takes one.
    model:
        A name, a path, or what ``load`` returned.
    truncate:
        Cut a text that does not fit instead of refusing it.
    pieces:
        Read the links between single tokens; else the pieces of a word are merged into it, in the
        links and wherever they are shown.
    prove:
        Ask the real model. Without it the answer is our own forward's, from the checkpoint's files
        alone: there in half a second, without torch, and called ``unproved``; its ``.prove()``
        asks the real model later.
    progress:
        Called with a few words whenever a stage begins.

    Raises
    ------
    InputError
        When the text cannot be read or does not fit.
    ModelError
        When the model cannot be had, gives no attention weights, or without ``prove`` when only
        the real model can run it.
    MachineError
        When memory runs out.
    """
    for part in (text, pair, target):
        if part is not None:
            refuse_unreadable(part)
    if not prove:
        name = str(model) if isinstance(model, str | Path) else model.checkpoint.name
        progress("Running the model")
        opened = _opened(locate(name))
        both = _encode_alone(opened, text, pair, target, truncate=truncate)
        return _inspection(opened, *_run_alone(opened, *both), pieces=pieces)
    if isinstance(model, str | Path):
        progress("Loading the model")
        model = load(model)
    texts = _encode(model, text, pair, target, truncate=truncate)
    trace, rebuilt, verification = prove_text(model, *texts, progress=progress)
    progress("Setting the classroom beside it")
    found = _inspection(model.checkpoint, trace, rebuilt, verification, pieces=pieces)
    return replace(found, notices=(*found.notices, *_read_alike(model.checkpoint, *texts)))


def _inspection(
    checkpoint: Checkpoint,
    trace: Trace,
    rebuilt: Rebuild,
    verification: Verification,
    *,
    pieces: bool,
) -> Inspection:
    """Read off a trace all that is said of it."""
    heads = read_heads(trace, rebuilt)
    sinks = find_sinks(trace, rebuilt)
    return Inspection(
        checkpoint=checkpoint,
        trace=trace,
        rebuild=rebuilt,
        verification=verification,
        ladder=measure_ladder(trace, rebuilt.from_weights),
        shares=measure_shares(trace, rebuilt.from_weights),
        heads=heads,
        links=strongest_links(trace, heads, sinks, pieces=pieces),
        pieces=pieces,
        sinks=sinks,
        notices=notices(trace.text),
        ladder_rows=row_sample(trace),
    )


def _opened(source: Source) -> Checkpoint:
    """Open a checkpoint that our own forward can run, or say why it cannot."""
    checkpoint = open_checkpoint(source)
    reason = checkpoint.no_rebuild or checkpoint.no_forward
    if checkpoint.model is None or checkpoint.tokenizer is None:
        raise NeedsRealModel(
            f"{checkpoint.title} can only be run by the real model: "
            f"{reason or 'it has no tokenizer.json'}.",
            "Leave --no-proof out, or prove=False in Python.",
        )
    return checkpoint


def _run_alone(
    checkpoint: Checkpoint, text: Text, target: Text | None
) -> tuple[Trace, Rebuild, Verification]:
    """Run our own forward: what it computed is trace and rebuild in one, and still unproved."""
    head = None if checkpoint.model is None else checkpoint.model.head
    kind = None if head is None or head.kind == "seq2seq" else head.kind
    keep: tuple[Keep, ...] = ("layers",) if kind is None else ("layers", "logits")
    trace = forward(checkpoint, text, target, keep=keep)
    if kind is not None and trace.logits is not None:
        said = read_predictions(
            trace.logits,
            text,
            kind,
            mask=mask_id(checkpoint),
            read=lambda entry: read_as_text(checkpoint, entry),
        )
        trace = replace(trace, predictions=said)
    rebuilt = Rebuild("weights", trace.computed, trace.computed, None)
    return trace, rebuilt, nothing_compared("unproved", rebuilt)


def _encode_alone(
    checkpoint: Checkpoint, text: str, pair: str | None, target: str | None, *, truncate: bool
) -> tuple[Text, Text | None]:
    """Tokenize by the checkpoint's own file."""
    known = checkpoint.model
    _refuse_texts(
        checkpoint.title, pair, target, takes_target=known is not None and known.decoder is not None
    )
    source = encode_alone(checkpoint, text, pair, truncate=truncate)
    if target is None:
        return source, None
    read = encode_target(checkpoint, target, truncate=truncate)
    if read is None:
        raise NeedsRealModel(
            f"Only the real model knows how the decoder of {checkpoint.title} begins.",
            "Leave --no-proof out, or prove=False in Python.",
        )
    return replace(source, token_types=None), read


def _read_alike(checkpoint: Checkpoint, text: Text, target: Text | None) -> tuple[str, ...]:
    """Say it where the checkpoint's own tokenizer.json reads the text as other tokens."""
    if checkpoint.tokenizer is None or target is not None:
        return ()
    truncate = text.truncated_from is not None
    alone = encode_alone(checkpoint, text.text, text.pair, truncate=truncate)
    if alone.ids.tolist() == text.ids.tolist():
        return ()
    return (
        f"tokenizer.json alone reads this text as {len(alone.tokens)} tokens, which are not the "
        f"{len(text.tokens)} of the model's own tokenizer: --no-proof would answer for those.",
    )


def _encode(
    model: LoadedModel, text: str, pair: str | None, target: str | None, *, truncate: bool
) -> tuple[Text, Text | None]:
    from inspector.referee.text import encode, encode_both

    _refuse_texts(model.title, pair, target, takes_target=model.takes_target)
    if target is None:
        config = model.model.config
        return encode(text, pair, model.tokenizer, config, truncate=truncate), None
    return encode_both(text, target, model.tokenizer, model.model, truncate=truncate)


def _refuse_texts(title: str, pair: str | None, target: str | None, *, takes_target: bool) -> None:
    """Refuse texts that a model does not read, and the lack of one that it needs."""
    if not takes_target:
        if target is not None:
            raise InputError(
                f"{title} takes no target: it is not an encoder–decoder.", "Leave the target out."
            )
        return
    if pair is not None:
        raise InputError(
            f"{title} is an encoder–decoder and reads no pairs.",
            "Give the second text as its target.",
        )
    if target is None:
        raise InputError(
            f"{title} is an encoder–decoder: its decoder reads a target, and there is none.",
            'Give one, such as a translation: --target "…", or in a file after a tab.',
        )
