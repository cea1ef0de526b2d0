"""A screenful in the terminal: what ran, what it says, links, ladder and shares, the verdict.

Rich takes care of colour and width, and prints plain text when the output is piped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text as Line

from inspector.plain import layer_name, precision, visible
from inspector.records import EndToEnd, Inspected, Text, Verdict, Verification
from inspector.report.terminal.ladder import print_ladder, print_shares
from inspector.report.terminal.links import print_link, print_links
from inspector.report.terminal.notices import print_notices
from inspector.report.terminal.predictions import print_embedding, print_predictions
from inspector.report.terminal.written import print_written, written_verdict

if TYPE_CHECKING:
    from inspector.records.generation import Generation

MARKS: dict[Verdict, str] = {
    "verified": "✓",
    "rounding": "≈",
    "consistent": "◐",
    "mismatch": "✗",
    "not_recomputed": "?",
    "unproved": "…",
}
_STYLE: dict[Verdict, str] = {
    "verified": "bold green",
    "rounding": "bold yellow",
    "consistent": "bold cyan",
    "mismatch": "bold red",
    "not_recomputed": "bold yellow",
    "unproved": "bold yellow",
}


def print_answer(console: Console, inspected: Inspected) -> None:
    """Print all but the verdict, which may still be waited for."""
    trace, model = inspected.trace, inspected.model
    if trace.text.chat is None:
        # A pipe's last newline belongs to the text and not to a heading.
        console.print(Line(visible(trace.text.text.rstrip("\r\n")), "bold"))
    else:
        from inspector.report.terminal.chat import print_chat

        print_chat(console, trace.text)
    for second in (trace.text.pair, trace.target and f"→ {trace.target.text}"):
        if second:
            console.print(Line(visible(second), "bold"))
    console.print(
        _counted(trace.text)
        + (f" → {_counted(trace.target)}" if trace.target else "")
        + f" · {visible(model.title)} · {model.family}, {_size(inspected)}",
        style="dim",
        highlight=False,
        markup=False,
    )
    if model.stored_dtypes != (model.computing_dtype,):
        told = precision(model.stored_dtypes, model.computing_dtype)
        console.print(f"Weights {told}.", style="dim", highlight=False, markup=False)
    console.print()
    print_notices(console, inspected)
    print_written(console, inspected)
    # What is asked of a model that has words to say comes first.
    print_predictions(console, trace.predictions, trace.text)
    print_link(console, inspected)
    print_links(console, inspected)
    print_ladder(console, inspected)
    print_shares(console, inspected.shares)
    print_embedding(console, inspected)


def print_verdict(console: Console, inspected: Inspected) -> None:
    """Print what the proof found."""
    count = sum(len(layer.attention) for layer in inspected.rebuild.layers)
    console.print(verdict_line(inspected.verification, count, inspected.generation))


def print_files(console: Console, files: dict[str, str]) -> None:
    """Say what was written where."""
    for kind, path in files.items():
        console.print(
            Line.assemble((f"{kind.capitalize().replace('_', ' ')}: ", "bold"), visible(path)),
            soft_wrap=True,
        )


@contextmanager
def status() -> Iterator[Callable[[str], None]]:
    """Show one line on standard error that says what is being done, and clear it at the end."""
    with Console(stderr=True).status("Starting") as line:
        yield lambda stage: line.update(f"{stage} …")


def _counted(text: Text) -> str:
    cut = f" of {text.truncated_from}, truncated" if text.truncated_from else ""
    return f"{len(text.tokens)} tokens{cut}"


def _size(inspected: Inspected) -> str:
    """Say how many layers and heads there are, of each site where there are several."""
    trace, model = inspected.trace, inspected.model
    counts = [(site, len(trace.indices(site))) for site in trace.sites]
    if len(counts) == 1:
        return f"{model.layers} layers × {model.heads} heads"
    layers = ", ".join(f"{site} {count}" for site, count in counts)
    return f"{model.layers} layers ({layers}) × {model.heads} heads"


def verdict_line(
    verification: Verification, count: int, generation: Generation | None = None
) -> Line:
    """Say what the proof of ``count`` heads found, and whether the real model writes the same."""
    style = _STYLE[verification.verdict]
    if verification.verdict == "not_recomputed":
        return Line.assemble(
            (f"{MARKS[verification.verdict]} not recomputed", style), f"  {verification.reason}"
        )
    if verification.verdict == "unproved":
        return Line.assemble(
            (f"{MARKS[verification.verdict]} not yet proved", style),
            f"  {count} heads computed from the weights; the real model was not asked",
        )
    heads = [verdict for check in verification.layers for verdict in check.head_verdicts]
    if verification.tier == "captured":
        found = (
            f"{heads.count('consistent')} of {len(heads)} heads rebuilt from the captured q, k, v: "
            "a weaker proof"
        )
    else:
        found = f"{heads.count('verified')} of {len(heads)} heads rebuilt from the weights"
    if "rounding" in heads:
        found += f", {heads.count('rounding')} differ by rounding only"
    if verification.verdict == "mismatch":
        found = _where_wrong(verification)
    mixed = "an output" if verification.tier == "weights" else "A·V"
    return Line.assemble(
        (f"{MARKS[verification.verdict]} {verification.verdict}", style),
        f"  {found}\n"
        f"  largest difference: {verification.attention_max_abs_error:.1e} in an attention weight, "
        f"{verification.output_max_abs_error:.1e} in {mixed}",
        f"\n  {_whole(verification.end_to_end)}" if verification.end_to_end else "",
        written_verdict(generation) if generation else "",
        f"\n  Not from the weights, so the ladder is not measured: {visible(verification.reason)}."
        if verification.reason
        else "",
    )


def _whole(found: EndToEnd) -> str:
    """Say how far our own forward, from the ids alone, is from the real model."""
    errors = {
        "weights": found.attention_max_abs_error,
        "states": found.states_max_abs_error,
        "probabilities": found.probability_max_abs_error,
        "embedding": found.embedding_max_abs_error,
        "cosine": found.similarity_abs_error,
    }
    parts = [f"{name} {error:.1e}" for name, error in errors.items() if error is not None]
    decided = {"rounding": ", which float64 shows to be rounding", "mismatch": ": a mismatch"}
    at = f", from {layer_name(*found.first_layer)} on" if found.first_layer else ""
    return f"from the token ids alone: {', '.join(parts)}{at}{decided.get(found.verdict, '')}"


def _where_wrong(verification: Verification) -> str:
    """Name what does not agree, the first few places of it."""
    places = []
    for check in verification.layers:
        places += [
            f"{layer_name(check.site, check.layer)} head {head}"
            for head, verdict in enumerate(check.head_verdicts)
            if verdict == "mismatch"
        ]
        if check.output_verdict == "mismatch":
            places.append(f"{layer_name(check.site, check.layer)} output")
    if not places:
        return "every layer agrees by itself, but the whole from the token ids does not"
    shown = ", ".join(places[:4])
    more = len(places) - 4
    return f"the rebuild disagrees at {shown}" + (f" and {more} more places" if more > 0 else "")
