"""What matters to the answer on its way into a page: effects, the second ladder, contributions."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from inspector.records import Float32, Inspected
from inspector.records.effects import Contributions, Effect, Effects, TokenEffect
from inspector.report.html.blobs import Blob, Header, rounded


def pack_effects(inspected: Inspected) -> tuple[Header | None, list[Blob]]:
    """Pack what was measured; None where nothing was.

    ``effects.heads`` is (3, N, H): size, drop, and fall of the logits' difference, NaN where there
    is none. ``effects.tokens`` is (3, T), of an encoder–decoder those of its source and then of its
    target. ``contributions.tokens`` is (N, H, T), what each head brings from each token.
    """
    found = inspected.effects_measured
    if found is None:
        return None, []
    blobs = []
    if found.heads is not None:
        blobs.append(Blob.pack("effects.heads", _heads(inspected, found)))
    if found.tokens is not None:
        blobs.append(Blob.pack("effects.tokens", _tokens(found.tokens)))
    taken = found.contributions
    if taken is not None:
        blobs.append(Blob.pack("contributions.tokens", taken.from_tokens.astype(np.float32)))
    return {
        "measure": found.measure,
        "knockout": found.knockout,
        "answer": asdict(found.answer),
        "left_out": found.left_out,
        "explanations": [
            {
                "rung": one.rung,
                "rank_correlation": one.rank_correlation,
                "top1": one.top1,
                "scores": rounded(one.scores.tolist()),
            }
            for one in found.explanations
        ],
        "contributions": None if taken is None else _contributions(taken),
        "no_contributions": found.no_contributions,
    }, blobs


def _heads(inspected: Inspected, found: Effects) -> Float32:
    layers = inspected.trace.layers
    index = {(layer.site, layer.layer): at for at, layer in enumerate(layers)}
    packed = np.full((3, len(layers), inspected.trace.heads), np.nan, dtype=np.float32)
    for one in found.heads or ():
        packed[:, index[one.site, one.layer], one.head] = _numbers(one.effect)
    return packed


def _tokens(tokens: tuple[TokenEffect, ...]) -> Float32:
    return np.array([_numbers(one.effect) for one in tokens], dtype=np.float32).T


def _numbers(effect: Effect) -> tuple[float, float, float]:
    return (
        effect.size,
        np.nan if effect.drop is None else effect.drop,
        np.nan if effect.logit_difference is None else effect.logit_difference,
    )


def _contributions(taken: Contributions) -> Header:
    return {
        "answer": asdict(taken.answer),
        "sum_error": taken.sum_error,
        "parts": [asdict(part) | {"value": rounded([part.value])[0]} for part in taken.parts],
    }
