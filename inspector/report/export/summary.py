"""The inspection as one JSON object, for programs."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from inspector.records import (
    Agreement,
    Chat,
    Embedding,
    EndToEnd,
    HeadReading,
    Inspected,
    LayerCheck,
    ModelInfo,
    Predictions,
    RowSample,
    SiteName,
    Text,
    Trace,
    Verification,
)
from inspector.records.generation import Generation
from inspector.report.export.effects import (
    summarise_contributions,
    summarise_effects,
    summarise_explanations,
)
from inspector.verify.verification import conclude

SCHEMA = 1


def summarise(inspected: Inspected, files: dict[str, str]) -> dict[str, Any]:
    """Return what ``--json`` prints; ``files`` says what was written where."""
    model, trace, written = inspected.model, inspected.trace, inspected.generation
    return {
        "schema": SCHEMA,
        "model": summarise_model(model),
        **_text(trace.text, written if trace.target is None else None),
        "chat": None if trace.text.chat is None else _chat(trace.text, trace.text.chat),
        "target": None if trace.target is None else _text(trace.target, written),
        "sites": [_site(trace, site) for site in trace.sites],
        "predictions": summarise_predictions(trace.predictions),
        "embedding": summarise_embedding(trace.embedding),
        "similarity": None
        if trace.similarity is None
        else {"cosine": finite(trace.similarity.cosine)},
        "generation": None if written is None else summarise_generation(written),
        "verification": summarise_verification(inspected.verification),
        "ladder": [
            {
                "rung": rung.name,
                "formula": rung.formula,
                "reference": rung.reference,
                "applies": rung.applies,
                **_measures(rung.all_tokens),
                "jsd_bits_error": rung.jsd_bits_error,
                "content": _measures(rung.content),
                "sites": [
                    {
                        "site": site,
                        "applies": site in rung.sites,
                        **_means(rung.all_tokens, trace.indices(site)),
                    }
                    for site in trace.sites
                ],
            }
            for rung in inspected.ladder
        ],
        "ladder_rows": _rows(inspected.ladder_rows),
        "shares": {share.ingredient: finite(share.bits) for share in inspected.shares},
        "heads": [summarise_head(reading) for reading in inspected.heads],
        "effects": summarise_effects(inspected.effects_measured),
        "explanations": summarise_explanations(inspected.effects_measured),
        "contributions": summarise_contributions(inspected.effects_measured),
        "links": [
            {
                "source": link.source,
                "target": link.target,
                "weight": link.weight,
                "lift": finite(link.lift),
                "site": link.site,
                "layer": link.layer,
                "head": link.head,
            }
            for link in inspected.links
        ],
        "link": None
        if inspected.link_asked is None
        else [asdict(head) for head in inspected.link_asked.heads],
        "sinks": [asdict(sink) for sink in inspected.sinks],
        "notices": list(inspected.notices),
        "files": files,
    }


def summarise_model(model: ModelInfo) -> dict[str, Any]:
    """Return which model it was, and what it was run in."""
    return {
        "name": model.title,
        "family": model.family,
        "layers": model.layers,
        "heads": model.heads,
        "stored_dtypes": list(model.stored_dtypes),
        "computing_dtype": model.computing_dtype,
    }


def _text(text: Text, generation: Generation | None) -> dict[str, Any]:
    written: list[dict[str, Any]] = [{} for _ in text.tokens]
    if generation is not None:
        written[len(generation.begun) :] = [
            {"written": True, "probability": one.probability, "second": asdict(one.second)}
            for one in generation.tokens
        ]
    roles: list[dict[str, Any]] = [{} for _ in text.tokens]
    if text.chat is not None:
        roles = [{"role": role} for role in text.chat.roles]
    return {
        "tokens": [
            {
                "id": token.id,
                "text": token.text,
                "shown": shown,
                "word": token.word,
                "special": token.special,
                "span": token.span,
                **role,
                **more,
            }
            for token, shown, role, more in zip(
                text.tokens, text.shown, roles, written, strict=True
            )
        ],
        "truncated_from": text.truncated_from,
    }


def _chat(text: Text, chat: Chat) -> dict[str, Any]:
    """Return what was said, and what the chat template made of it, in which the spans are."""
    return {"messages": [asdict(message) for message in chat.messages], "text": text.text}


def _site(trace: Trace, site: SiteName) -> dict[str, Any]:
    """Say how many layers and heads there are, and which text attends to which."""
    layers = [trace.layers[index].attention for index in trace.indices(site)]
    rows, columns = ("text" if text is trace.text else "target" for text in trace.texts(site))
    return {
        "site": site,
        "layers": len(layers),
        "heads": max(map(len, layers)),
        "from": rows,
        "to": columns,
    }


def summarise_verification(verification: Verification) -> dict[str, Any]:
    """Return the verdict, the tier and the largest differences: whole, by site, layer and head."""
    by_site: dict[str, list[LayerCheck]] = {}
    for check in verification.layers:
        by_site.setdefault(check.site, []).append(check)
    return {
        **_verdict(verification),
        "tier": verification.tier,
        "reason": verification.reason,
        "end_to_end": _end_to_end(verification.end_to_end),
        "sites": [
            {
                "site": site,
                **_verdict(conclude(tuple(checks), tier=verification.tier)),
                "layers": [_layer(check) for check in checks],
            }
            for site, checks in by_site.items()
        ],
    }


def _end_to_end(found: EndToEnd | None) -> dict[str, Any] | None:
    if found is None:
        return None
    site, layer = found.first_layer or (None, None)
    return {
        "verdict": found.verdict,
        "attention_max_abs_error": finite(found.attention_max_abs_error),
        "states_max_abs_error": finite(found.states_max_abs_error),
        "probability_max_abs_error": finite(found.probability_max_abs_error),
        "embedding_max_abs_error": finite(found.embedding_max_abs_error),
        "similarity_abs_error": finite(found.similarity_abs_error),
        "first_layer": None if site is None else {"site": site, "layer": layer},
    }


def _verdict(verification: Verification) -> dict[str, Any]:
    return {
        "verdict": verification.verdict,
        "attention_max_abs_error": finite(verification.attention_max_abs_error),
        "output_max_abs_error": finite(verification.output_max_abs_error),
    }


def summarise_predictions(predictions: Predictions | None) -> dict[str, Any] | None:
    """Return the probability of every token, and what is guessed where; None without a head."""
    if predictions is None:
        return None
    return {
        "kind": predictions.kind,
        "probabilities": [finite(float(share)) for share in predictions.probabilities],
        "guesses": [asdict(guess) for guess in predictions.guesses],
    }


def summarise_embedding(found: Embedding | None) -> dict[str, Any] | None:
    """Return the text as one vector, and how it was made; None where the model answers in words."""
    if found is None:
        return None
    return {
        "pooling": found.pooling.kind,
        "normalised": found.pooling.normalised,
        "values": [finite(value) for value in found.values.tolist()],
    }


def summarise_generation(generation: Generation) -> dict[str, Any]:
    """Return how a text was written on, and whether the real model writes the same."""
    asked = generation.asked
    return {
        "asked": asked.tokens,
        "temperature": asked.temperature,
        "top_k": asked.top_k,
        "seed": None if asked.greedy else asked.seed,
        "start": len(generation.begun),
        "written": len(generation.tokens),
        "ended": generation.ended,
        "verdict": generation.verdict,
        "parts_at": generation.parts_at,
        "probability_max_abs_error": finite(generation.probability_max_abs_error),
    }


def _layer(check: LayerCheck) -> dict[str, Any]:
    return {
        "layer": check.layer,
        "verdict": check.verdict,
        "output": {
            "verdict": check.output_verdict,
            "max_abs_error": finite(check.output_max_abs_error),
            "bound": finite(check.output_bound),
        },
        "heads": [
            {
                "verdict": verdict,
                "max_abs_error": finite(float(largest)),
                "max_row_error": finite(float(row)),
                "float64_max_abs_error": finite(float(arbitrated)),
            }
            for verdict, largest, row, arbitrated in zip(
                check.head_verdicts,
                check.attention_max_abs_error,
                check.attention_max_row_error,
                check.arbitrated_max_abs_error,
                strict=True,
            )
        ],
    }


def _rows(sample: RowSample | None) -> dict[str, Any] | None:
    """Return the sample that ladder and shares were measured on; None where it was every query."""
    return None if sample is None else asdict(sample)


def _measures(agreement: Agreement | None) -> dict[str, Any]:
    if agreement is None:
        return {**_means(None), "excluded": None}
    return {
        **_means(agreement),
        "excluded": {
            "constant_rows": agreement.constant_rows,
            "empty_rows": agreement.empty_rows,
        },
    }


def _means(agreement: Agreement | None, layers: list[int] | None = None) -> dict[str, Any]:
    if agreement is None:
        return dict.fromkeys(("jsd_bits", "rank_correlation", "top1_agreement"))
    return dict(agreement.means(layers))


def summarise_head(reading: HeadReading) -> dict[str, Any]:
    """Return what one head does in a text."""
    return {
        "site": reading.site,
        "layer": reading.layer,
        "head": reading.head,
        "entropy_bits": finite(reading.entropy_bits),
        "distance": finite(reading.distance),
        "masses": {target: finite(mass) for target, mass in reading.masses.items()},
        "label": reading.label,
        "score": finite(reading.score),
    }


def finite(number: float | None) -> float | None:
    """Return the number, or None for what JSON cannot write: NaN and the infinities."""
    return float(number) if number is not None and math.isfinite(number) else None
