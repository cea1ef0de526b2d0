"""The one place where the stages are chained: text → trace → rebuild → verdict → analysis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inspector.analogy.ladder import RUNGS, applies, mixed
from inspector.analysis.agreement import measure_ladder
from inspector.analysis.heads import read_heads
from inspector.analysis.links import strongest_links
from inspector.analysis.shares import measure_shares
from inspector.checkpoint.readable import refuse_unreadable
from inspector.checkpoint.sources import locate
from inspector.errors import InputError
from inspector.forward.rebuild import rebuild
from inspector.records import (
    Array,
    Inspected,
    Rebuild,
    RebuiltLayer,
    SiteName,
    Text,
    Token,
    Trace,
    Verification,
)
from inspector.verify.verification import verify

if TYPE_CHECKING:
    from inspector.referee.loading import LoadedModel

Progress = Callable[[str], None]

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

    return load_model(source, device=device)


def inspect(
    text: str,
    *,
    pair: str | None = None,
    target: str | None = None,
    model: str | Path | LoadedModel = "bundled",
    truncate: bool = False,
    pieces: bool = False,
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
    progress:
        Called with a few words whenever a stage begins.

    Raises
    ------
    InputError
        When the text cannot be read or does not fit.
    ModelError
        When the model cannot be had or gives no attention weights.
    MachineError
        When memory runs out.
    """
    for part in (text, pair, target):
        if part is not None:
            refuse_unreadable(part)
    if isinstance(model, str | Path):
        progress("Loading the model")
        model = load(model)
    from inspector.referee.capture import capture

    texts = _encode(model, text, pair, target, truncate=truncate)
    progress("Running the model")
    trace = capture(model, *texts)
    progress("Rebuilding every head from the weights")
    rebuilt = rebuild(model.checkpoint, trace)
    verification = verify(trace, rebuilt, _exact(model, *texts))
    progress("Setting the classroom beside it")
    heads = read_heads(trace, rebuilt)
    return Inspection(
        checkpoint=model.checkpoint,
        trace=trace,
        rebuild=rebuilt,
        verification=verification,
        ladder=measure_ladder(trace, rebuilt.from_weights),
        shares=measure_shares(trace, rebuilt.from_weights),
        heads=heads,
        links=strongest_links(trace, heads, pieces=pieces),
        pieces=pieces,
    )


def check_family(model_type: str) -> Verification:
    """Rebuild a small random model of a family, made on the spot, and compare.

    Raises
    ------
    ModelError
        When the family has no small config.
    """
    from inspector.referee.capture import capture
    from inspector.referee.small_models import small_model

    model, text, target = small_model(model_type)
    trace = capture(model, text, target)
    return verify(trace, rebuild(model.checkpoint, trace), _exact(model, text, target))


def _exact(
    model: LoadedModel, text: Text, target: Text | None
) -> Callable[[], tuple[Trace, Rebuild]]:
    """Return what runs model and rebuild once more, in float64."""

    def run() -> tuple[Trace, Rebuild]:
        from inspector.referee.capture import capture_float64

        trace = capture_float64(model, text, target)
        return trace, rebuild(model.checkpoint, trace, np.float64)

    return run


def _encode(
    model: LoadedModel, text: str, pair: str | None, target: str | None, *, truncate: bool
) -> tuple[Text, Text | None]:
    from inspector.referee.text import encode, encode_both

    if not model.takes_target:
        if target is not None:
            raise InputError(
                f"{model.title} takes no target: it is not an encoder–decoder.",
                "Leave the target out.",
            )
        config = model.model.config
        return encode(text, pair, model.tokenizer, config, truncate=truncate), None
    if pair is not None:
        raise InputError(
            f"{model.title} is an encoder–decoder and reads no pairs.",
            "Give the second text as its target.",
        )
    if target is None:
        raise InputError(
            f"{model.title} is an encoder–decoder: its decoder reads a target, and there is none.",
            'Give one, such as a translation: --target "…", or in a file after a tab.',
        )
    return encode_both(text, target, model.tokenizer, model.model, truncate=truncate)
