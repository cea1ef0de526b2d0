"""What matters to the answer, in the terminal: a line for the tokens and one for the heads."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text as Line

from inspector.plain import head_number, visible
from inspector.records import Inspected
from inspector.records.effects import READINGS, Effect, Effects, Explanation

#: So many tokens, and so many heads, are named.
_NAMED = 3
#: Fewer content tokens than these tell little of a correlation.
_FEW = 8


def print_effects(console: Console, inspected: Inspected) -> None:
    """Print which tokens and heads the answer rests on most, nothing where it was not measured."""
    found = inspected.effects_measured
    if found is None:
        return
    console.print(Line(f"What the answer{_answer(found)} rests on", "bold"), highlight=False)
    if found.tokens is not None:
        words = sorted(
            (one for one in found.tokens if not one.special), key=lambda one: -one.effect.size
        )
        said = (f"{visible(one.token)} {_size(one.effect, found)}" for one in words[:_NAMED])
        _say(console, f"Tokens, blocked: {' · '.join(said) or 'none'}")
    if found.heads is not None:
        heads = sorted(found.heads, key=lambda one: -one.effect.size)
        said = (
            f"{head_number(one.site, one.layer, one.head)} {_size(one.effect, found)}"
            for one in heads[:_NAMED]
        )
        _say(console, f"Heads, silenced (layer.head): {' · '.join(said)}")
    if (nearest := _nearest(inspected, found)) is not None:
        _say(console, nearest)
    if found.left_out is not None:
        _say(console, f"{found.left_out} --effects measures them.")
    console.print()


def _nearest(inspected: Inspected, found: Effects) -> str | None:
    """Say which reading of attention comes nearest to what blocking the words does."""
    told = [
        (one.rank_correlation, one)
        for one in found.explanations
        if one.rung in READINGS and one.rank_correlation is not None
    ]
    if not told:
        return None
    correlation, best = max(told, key=lambda pair: pair[0])
    words = int((~inspected.trace.text.special).sum())
    few = f"; over {words} content tokens that means little" if words < _FEW else ""
    return (
        f"Of the readings of attention, {_name(best)} comes nearest to that: rank correlation "
        f"{correlation:.2f}{few}"
    )


def _name(one: Explanation) -> str:
    return READINGS[one.rung]


def _answer(found: Effects) -> str:
    """Name the one token that the answer is about; nothing where there are several, or none."""
    if len(found.answer.places) != 1:
        return ""
    (place,) = found.answer.places
    return f" “{visible(place.token.strip() or place.token)}” ({100 * place.probability:.1f} %)"


def _size(effect: Effect, found: Effects) -> str:
    """Say how far the answer moved, and how much less probable it became."""
    if found.measure == "shift":
        return f"{effect.size:.3f}"
    fell = "" if effect.drop is None else f"{100 * -effect.drop:+.1f} points"
    if effect.logit_difference is not None:
        fell += f", {-effect.logit_difference:+.2f} logits"
    return f"{effect.size:.2f} bits ({fell})"


def _say(console: Console, words: str) -> None:
    console.print(Line(words), highlight=False)
