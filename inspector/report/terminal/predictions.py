"""What the model answers, in the terminal: what it says of the words, or the text's embedding."""

from __future__ import annotations

import numpy as np
from rich.console import Console
from rich.text import Text as Line

from inspector.plain import visible
from inspector.records import Guess, Inspected, Pooling, Predictions, Text, Token

#: Up to this many tokens each has its number; beyond, only those that the model expected least.
_EACH = 24
_FEWEST = 8
_SMALLEST = 0.001
_POOLED = {
    "mean": "mean over tokens",
    "cls": "first token",
    "max": "largest over tokens",
    "mean_sqrt_len": "sum over tokens / √their number",
}


def print_predictions(console: Console, predictions: Predictions | None, text: Text) -> None:
    """Print what the model guesses, and how likely it holds what stands there."""
    if predictions is None:
        return
    tokens, shown = text.tokens, text.shown
    console.print("What the model says", style="bold")
    for guess in predictions.guesses:
        _say(console, f"{_place(guess, predictions, tokens)}: {_candidates(guess)}")
    if predictions.kind == "causal":
        lead = "given the tokens before it"
    else:
        lead = "where it stands, seen by the model"
    judged = [
        place
        for place, token in enumerate(tokens)
        if not token.special and not np.isnan(predictions.probabilities[place])
    ]
    title = f"Each token {lead}"
    if len(judged) > _EACH:
        judged = sorted(judged, key=lambda place: float(predictions.probabilities[place]))
        judged, title = judged[:_FEWEST], f"Least expected, {lead}"
    said = (
        f"{_word(shown[place])} {_percent(float(predictions.probabilities[place]))}"
        for place in judged
    )
    if judged:
        _say(console, f"{title}: {' · '.join(said)}")
    console.print()


def print_embedding(console: Console, inspected: Inspected) -> None:
    """Say how alike the texts of a pair are, or else how the text was made one vector."""
    found, alike = inspected.embedding, inspected.similarity
    if found is None:
        return
    if alike is None:
        label, said = "Embedding", f"{len(found.values)} numbers, {_made(found.pooling)}, in --json"
    else:
        label, said = "Similarity", f"cosine {alike.cosine:z.3f}, each text alone"
        said += f" ({_made(found.pooling)})"
    console.print(Line.assemble((f"{label}: ", "bold"), said))


def _made(pooling: Pooling) -> str:
    return _POOLED[pooling.kind] + (", unit length" if pooling.normalised else "")


def _place(guess: Guess, predictions: Predictions, tokens: tuple[Token, ...]) -> str:
    if predictions.kind == "causal":
        return "next"
    return f"{visible(tokens[guess.token].text)} (token {guess.token})"


def _candidates(guess: Guess) -> str:
    return " · ".join(
        f"{_word(candidate.text) or f'#{candidate.id}'} {_percent(candidate.probability)}"
        for candidate in guess.candidates
    )


def _word(text: str) -> str:
    """Write a word without the space before it; what is nothing but space, with quotes."""
    return visible(text.strip()) or (repr(text) if text else "")


def _percent(share: float) -> str:
    return f"{share:.1%}" if share >= _SMALLEST else f"< {_SMALLEST:.1%}"


def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False)
