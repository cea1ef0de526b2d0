"""What matters to the answer, as JSON has it."""

from __future__ import annotations

from typing import Any

from inspector.records.effects import (
    Answer,
    AnsweredPlace,
    Contributions,
    Effect,
    Effects,
    Explanation,
)
from inspector.records.long_text import LongEffects


def summarise_effects(found: Effects | None) -> dict[str, Any] | None:
    """Return the effects of heads and tokens; None where they were not measured."""
    if found is None:
        return None
    size = found.measure
    return {
        "measure": size,
        "knockout": found.knockout,
        "answer": _answer(found.answer),
        "heads": None
        if found.heads is None
        else [
            {"site": one.site, "layer": one.layer, "head": one.head, **_effect(one.effect, size)}
            for one in found.heads
        ],
        "tokens": None
        if found.tokens is None
        else [
            {"of": one.of, "index": one.index, "special": one.special, **_effect(one.effect, size)}
            for one in found.tokens
        ],
        "left_out": found.left_out,
    }


def summarise_long_effects(found: LongEffects | None) -> dict[str, Any] | None:
    """Return what stretches do to the answer; None where it was not measured."""
    if found is None:
        return None
    return {
        "measure": found.measure,
        "answer": _answer(found.answer),
        "stretches": [_effect(one, found.measure) for one in found.stretches],
        "strongest": found.strongest,
        "tokens": [_effect(one, found.measure) for one in found.tokens],
    }


def summarise_explanations(found: Effects | None) -> list[dict[str, Any]] | None:
    """Return the second ladder; None where it was not measured."""
    return None if found is None else [_explanation(one) for one in found.explanations]


def summarise_contributions(found: Effects | None) -> dict[str, Any] | None:
    """Return the parts of the answer's logit; None where it is no sum, or was not taken apart."""
    if found is None or found.contributions is None:
        return None
    return _contributions(found.contributions)


def _answer(answer: Answer) -> dict[str, Any]:
    places = [_place(place) for place in answer.places]
    one = places[0] if len(places) == 1 else dict.fromkeys(("position", "token", "probability"))
    return {"kind": answer.kind, **one, "places": places}


def _place(place: AnsweredPlace) -> dict[str, Any]:
    return {
        "position": place.position,
        "token": place.token,
        "probability": place.probability,
    }


def _effect(effect: Effect, measure: str) -> dict[str, Any]:
    return {
        measure: effect.size,
        "drop": effect.drop,
        "logit_difference": effect.logit_difference,
    }


def _explanation(one: Explanation) -> dict[str, Any]:
    return {
        "rung": one.rung,
        "rank_correlation": one.rank_correlation,
        "top1": one.top1,
        "scores": one.scores.tolist(),
    }


def _contributions(found: Contributions) -> dict[str, Any]:
    by_token = found.from_tokens.sum(axis=(0, 1))
    return {
        "answer": found.answer.token,
        "position": found.answer.position,
        "logit": found.answer.logit,
        "sum_error": found.sum_error,
        "parts": [
            {"kind": part.kind, "layer": part.layer, "head": part.head, "value": part.value}
            for part in found.parts
        ],
        "tokens": [{"index": index, "value": float(value)} for index, value in enumerate(by_token)],
    }
