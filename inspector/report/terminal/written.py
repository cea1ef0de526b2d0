"""What the model wrote itself, in the terminal, and whether the real model writes the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text as Line

from inspector.plain import visible
from inspector.records import Inspected

if TYPE_CHECKING:
    from inspector.records.generation import Generation

#: Up to this many tokens each is told with what came second; beyond, only the first of them.
_EACH = 24
_SMALLEST = 0.001


def print_written(console: Console, inspected: Inspected) -> None:
    """Print each token that was written, how likely it was, and what came second."""
    generation = inspected.generation
    if generation is None:
        return
    whole = inspected.trace.target or inspected.trace.text
    shown = whole.shown[len(generation.begun) :]
    console.print("What the model wrote", style="bold")
    said = [
        f"{_word(name)} {_percent(one.probability)}, before "
        f"{_word(one.second.text) or f'#{one.second.id}'} {_percent(one.second.probability)}"
        for name, one in zip(shown, generation.tokens, strict=True)
    ]
    more = len(said) - _EACH
    text = " · ".join(said[:_EACH]) + (f" · and {more} more" if more > 0 else "")
    console.print(f"{_how(generation)}: {text}", highlight=False, markup=False)
    console.print()


def written_verdict(generation: Generation) -> Line:
    """Say whether the real model writes the same; of one that was not asked, nothing."""
    count = len(generation.tokens)
    if generation.verdict == "unproved":
        return Line()
    apart = f"{generation.probability_max_abs_error or 0:.1e} in a probability"
    if generation.parts_at is None:
        said = f"the real model writes the same {count} tokens" if count > 1 else "the same token"
        wrong = ", which is a mismatch" if generation.verdict == "mismatch" else ""
        return Line(f"\n  written on: {said}, {apart}{wrong}")
    decided = (
        "where rounding decides between two" if generation.verdict == "rounding" else "a mismatch"
    )
    return Line(
        f"\n  written on: the real model parts at the token {generation.parts_at + 1} of {count}, "
        f"{decided}; {apart}"
    )


def _how(generation: Generation) -> str:
    asked = generation.asked
    if asked.greedy:
        how = "the likeliest each time"
    else:
        among = f"the {asked.top_k} likeliest" if asked.top_k else "all"
        how = f"drawn among {among} at temperature {asked.temperature or 1:g}, seed {asked.seed}"
    ended = ", and ended the text" if generation.ended else ""
    count = len(generation.tokens)
    return f"{count} token{'' if count == 1 else 's'}, {how}{ended}"


def _word(text: str) -> str:
    return visible(text.strip()) or (repr(text) if text else "")


def _percent(share: float) -> str:
    return f"{share:.1%}" if share >= _SMALLEST else f"< {_SMALLEST:.1%}"
