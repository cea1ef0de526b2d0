"""The one place where the stages are chained: text → model → attention → analogy → analysis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inspector.analogy.ladder import RUNGS, applies, mixed
from inspector.analysis.agreement import measure_ladder
from inspector.analysis.heads import read_heads
from inspector.analysis.shares import measure_shares
from inspector.analysis.words import strongest_links
from inspector.checkpoint.readable import refuse_unreadable
from inspector.checkpoint.sources import locate
from inspector.errors import InputError
from inspector.forward.recompute import recompute
from inspector.forward.replay import replay
from inspector.records import (
    Array,
    Inspected,
    RebuiltLayer,
    ReplayedLayer,
    Run,
    SiteName,
    Token,
    Verification,
)
from inspector.verify import verdict

if TYPE_CHECKING:
    from inspector.referee.loading import LoadedModel
    from inspector.referee.text import EncodedText

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Inspection(Inspected):
    """One text seen through one model: what it attends to, the proof, and the classroom beside."""

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The tokens as the model read them; of an encoder–decoder, as its encoder did."""
        return self.run.text.tokens

    @property
    def target_tokens(self) -> tuple[Token, ...] | None:
        """The tokens as the decoder of an encoder–decoder read them; None for any other model."""
        return None if self.run.target is None else self.run.target.tokens

    def attention(self, layer: int, head: int, site: SiteName = "self") -> Array:
        """Return the model's own attention weights of one head: (T, S) float32.

        An encoder–decoder has the sites ``encoder``, ``decoder`` and ``cross`` instead of ``self``.

        Raises
        ------
        IndexError
            When the model has no such layer or head.
        """
        weights: Array = self.run.layers[self._place(layer, head, site)].attention[head]
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
        place = self._place(layer, head, site)
        layers = self.replayed or self._rebuilt()
        weights: Array = layers[place].attention[head]
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
        place = self._place(layer, 0, site)
        rebuilt = self._rebuilt()[place]
        found = next((known for known in RUNGS if known.name == rung), None)
        if found is None or not applies(found, rebuilt):
            names = ", ".join(known.name for known in RUNGS if applies(known, rebuilt))
            raise InputError(
                f"{self.run.model.title} has no rung {rung!r}.", f"Use one of {names}."
            )
        return mixed(found, rebuilt, self.run.layers[place].hidden)

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

    def _place(self, layer: int, head: int, site: SiteName) -> int:
        for place, captured in enumerate(self.run.layers):
            if (captured.site, captured.layer) == (site, layer) and 0 <= head < len(
                captured.attention
            ):
                return place
        shapes = [
            (name, [len(at.attention) for at in self.run.layers if at.site == name])
            for name in self.run.sites
        ]
        there = ", ".join(f"{len(of)} layers of {max(of)} heads at {name!r}" for name, of in shapes)
        raise IndexError(
            f"no site {site!r}, layer {layer}, head {head}: {self.run.model.title} has "
            f"{there}, counted from 0"
        )

    def _rebuilt(self) -> tuple[RebuiltLayer, ...]:
        if self.rebuilt is None:
            raise InputError(
                f"Nothing was recomputed from the weights: {self.verification.reason}.",
                "Use .attention() for the model's own weights.",
            )
        return self.rebuilt


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

    encoded = _encode(model, text, pair, target, truncate=truncate)
    progress("Running the model")
    run = capture(model, encoded)
    progress("Rebuilding every head from the weights")
    rebuilt, replayed, verification = _proved(model, encoded, run)
    progress("Setting the classroom beside it")
    heads = read_heads(run)
    return Inspection(
        run=run,
        rebuilt=rebuilt,
        replayed=replayed,
        verification=verification,
        ladder=measure_ladder(run, rebuilt),
        shares=measure_shares(run, rebuilt),
        heads=heads,
        links=strongest_links(run, heads, pieces=pieces),
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

    model, encoded = small_model(model_type)
    run = capture(model, encoded)
    return _proved(model, encoded, run)[2]


def _proved(
    model: LoadedModel, encoded: EncodedText, run: Run
) -> tuple[tuple[RebuiltLayer, ...] | None, tuple[ReplayedLayer, ...] | None, Verification]:
    """Rebuild in the strongest tier that the run allows, and compare."""
    if run.weights is not None:
        rebuilt = recompute(run)
        return rebuilt, None, _verify(model, encoded, run, rebuilt)
    if run.executed is not None:
        replayed = replay(run)
        return None, replayed, _verify_replay(model, encoded, run, replayed)
    return None, None, verdict.not_recomputed(run.not_recomputed_because or "unknown family")


def _encode(
    model: LoadedModel, text: str, pair: str | None, target: str | None, *, truncate: bool
) -> EncodedText:
    from inspector.referee.text import encode, encode_both

    if not model.takes_target:
        if target is not None:
            raise InputError(
                f"{model.title} takes no target: it is not an encoder–decoder.",
                "Leave the target out.",
            )
        return encode(text, pair, model.tokenizer, model.model.config, truncate=truncate)
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


def _verify(
    model: LoadedModel,
    encoded: EncodedText,
    run: Run,
    rebuilt: tuple[RebuiltLayer, ...],
) -> Verification:
    """Compare in float32, and let a float64 run decide about what does not agree."""
    checks = tuple(map(verdict.check_layer, run.layers, rebuilt))
    if verdict.needs_arbitration(checks):
        from inspector.referee.capture import capture_float64

        exact = capture_float64(model, encoded)
        assert exact.dialects is not None  # noqa: S101 - what was rebuilt has dialects
        checks = tuple(
            verdict.arbitrate(check, captured, again, float32_softmax=dialect.float32_softmax)
            for check, captured, again, dialect in zip(
                checks, exact.layers, recompute(exact, np.float64), exact.dialects, strict=True
            )
        )
    return verdict.conclude(checks)


def _verify_replay(
    model: LoadedModel, encoded: EncodedText, run: Run, replayed: tuple[ReplayedLayer, ...]
) -> Verification:
    """Do the same where only the last step was recomputed, from the model's own q, k and v."""
    assert run.executed is not None  # noqa: S101 - what was replayed was captured
    checks = tuple(map(verdict.check_replay, run.layers, run.executed, replayed))
    if verdict.needs_arbitration(checks):
        from inspector.referee.capture import capture_float64

        exact = capture_float64(model, encoded)
        checks = tuple(
            # Nobody has read these families' code: their softmax may be in float32 all the same.
            verdict.arbitrate(check, captured, again, float32_softmax=True, cleared="consistent")
            for check, captured, again in zip(
                checks, exact.layers, replay(exact, np.float64), strict=True
            )
        )
    return verdict.conclude(checks, tier="captured", reason=run.not_recomputed_because)
