"""What a reader should know of a text before its numbers, in the terminal."""

from __future__ import annotations

from rich.console import Console

from inspector.plain import visible
from inspector.records import Inspected, Sink


def print_notices(console: Console, inspected: Inspected) -> None:
    """Print what is odd about the text, and which positions take much of all attention."""
    for notice in inspected.notices:
        console.print(visible(notice), style="yellow", highlight=False, markup=False)
    if inspected.sinks:
        told = "; ".join(map(_told, inspected.sinks))
        console.print(f"Attention sink: {told}.", style="dim", highlight=False, markup=False)
    if inspected.notices or inspected.sinks:
        console.print()


def _told(sink: Sink) -> str:
    where = f"token {sink.index}" + ("" if sink.site == "self" else f", {sink.site}")
    told = f"{visible(sink.token)} ({where}), {sink.share:.0%} of the attention"
    moved = sink.value_weighted_share
    return told if moved is None else f"{told}, {moved:.0%} of what is moved"
