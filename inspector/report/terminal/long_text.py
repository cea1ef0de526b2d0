"""A long text in the terminal: what comes next, what stands out in it, the verdict."""

from __future__ import annotations

import numpy as np
from rich.console import Console
from rich.text import Text as Line

from inspector.plain import precision, visible
from inspector.records.long_text import LongFindings
from inspector.report.terminal.inspection import verdict_line
from inspector.report.terminal.predictions import print_predictions

#: How many stretches and links are named, and by how many characters.
_STRETCHES, _LINKS, _LONG = 5, 8, 60


def print_long(console: Console, found: LongFindings) -> None:
    """Print all but the verdict, which may still be waited for."""
    model, text = found.model, found.text
    cut = f" of {text.truncated_from:,}, truncated" if text.truncated_from else ""
    console.print(
        f"{len(text):,} tokens{cut} in {len(found.spans)} stretches · {visible(model.title)} · "
        f"{model.family}, {model.layers} layers × {model.heads} heads",
        style="dim",
        highlight=False,
        markup=False,
    )
    if model.stored_dtypes != (model.computing_dtype,):
        told = precision(model.stored_dtypes, model.computing_dtype)
        console.print(f"Weights {told}.", style="dim", highlight=False, markup=False)
    console.print()
    for said in found.notices:
        console.print(Line(f"! {visible(said)}", "yellow"))
    print_predictions(console, found.predictions, found.text)
    _print_stretches(console, found)
    _print_links(console, found)


def _print_stretches(console: Console, found: LongFindings) -> None:
    # A near-sighted layer may hear nobody from afar: it says nothing of a stretch, and not 0.
    told = np.isfinite(found.lifts)
    lifts = np.where(told, found.lifts, 0).sum(axis=0) / np.maximum(told.sum(axis=0), 1)
    console.print(
        Line.assemble(
            ("Stretches that are listened to from afar", "bold"), (", times an even part", "dim")
        )
    )
    for at in np.argsort(-lifts, kind="stable")[:_STRETCHES].tolist():
        span = found.spans[at]
        console.print(
            Line(f"  {lifts[at]:5.2f}  "), Line(_short(span.text)), soft_wrap=True, sep=""
        )
    console.print()


def _print_links(console: Console, found: LongFindings) -> None:
    if not found.links:
        return
    console.print(Line("Strongest links from one stretch to another", "bold"))
    for link in found.links[:_LINKS]:
        apart = abs(link.source_token - link.target_token)
        console.print(
            Line(
                f"  {link.weight:.2f}  {visible(link.source)} → {visible(link.target)}  "
                f"{apart:,} tokens apart, layer {link.layer} head {link.head}"
            ),
            soft_wrap=True,
        )
    console.print()


def print_long_effects(console: Console, found: LongFindings) -> None:
    """Print which stretches the answer rests on most; nothing where that was not measured."""
    effects = found.effects
    if effects is None:
        return
    unit = "bits" if effects.measure == "kl_bits" else "shift of the embedding"
    console.print(
        Line.assemble(("Stretches that the answer rests on", "bold"), (f", {unit}", "dim"))
    )
    sizes = [one.size for one in effects.stretches]
    for at in sorted(range(len(sizes)), key=lambda at: -sizes[at])[:_STRETCHES]:
        console.print(f"  {sizes[at]:7.4f}  {_short(found.spans[at].text)}", markup=False)
    if effects.strongest is not None and effects.tokens:
        start, shown = found.spans[effects.strongest].start, found.text.shown
        each = [one.size for one in effects.tokens]
        most = sorted(range(len(each)), key=lambda at: -each[at])[:_STRETCHES]
        said = " · ".join(f"{visible(shown[start + at].strip())} {each[at]:.4f}" for at in most)
        console.print(f"Its tokens, one by one: {said}", markup=False)
    if len(sizes) < len(found.spans):
        console.print(f"Stopped behind {len(sizes)} of {len(found.spans)} stretches.")
    console.print()


def print_long_verdict(console: Console, found: LongFindings) -> None:
    """Print what the proof found, and of how much."""
    heads = sum(layer.config.heads for layer in found.layers)
    console.print(verdict_line(found.verification, heads))
    if found.verification.layers:
        console.print(
            f"  compared: {len(found.rows)} of {len(found.text):,} query rows of every head, and "
            "the last state of every token",
            highlight=False,
        )


def _short(text: str) -> str:
    line = " ".join(visible(text.replace("\n", " ")).split())
    return line if len(line) <= _LONG else line[: _LONG - 1] + "…"
