"""The model's answer and the verdict on their way into a page."""

from __future__ import annotations

from dataclasses import asdict

from inspector.records import Embedding, EndToEnd, Predictions, Trace, Verification
from inspector.report.export.summary import finite
from inspector.report.html.blobs import Header, rounded


def describe_answer(trace: Trace) -> Header:
    """Return what the model says of the words, or how it made its text one vector."""
    alike = trace.similarity
    return {
        **describe_answer_of(trace.predictions, trace.embedding),
        "similarity": None if alike is None else {"cosine": finite(alike.cosine)},
    }


def describe_answer_of(predictions: Predictions | None, embedding: Embedding | None) -> Header:
    """Return the same of an answer by itself."""
    return {
        "predictions": None if predictions is None else _predictions(predictions),
        "embedding": None if embedding is None else _embedding(embedding),
    }


def describe_verification(verification: Verification) -> Header:
    """Return the verdicts with every NaN as null."""
    whole = verification.end_to_end
    return {
        "verdict": verification.verdict,
        "attention_max_abs_error": finite(verification.attention_max_abs_error),
        "output_max_abs_error": finite(verification.output_max_abs_error),
        "tier": verification.tier,
        "reason": verification.reason,
        "end_to_end": None if whole is None else _end_to_end(whole),
        "layers": [
            {
                "site": check.site,
                "layer": check.layer,
                "verdict": check.verdict,
                "heads": list(check.head_verdicts),
                "max_abs_error": rounded([finite(e) for e in check.attention_max_abs_error]),
                "arbitrated": rounded([finite(e) for e in check.arbitrated_max_abs_error]),
                "output": {
                    "verdict": check.output_verdict,
                    "max_abs_error": finite(check.output_max_abs_error),
                    "bound": finite(check.output_bound),
                },
            }
            for check in verification.layers
        ],
    }


def _end_to_end(whole: EndToEnd) -> Header:
    return {
        "verdict": whole.verdict,
        "attention_max_abs_error": finite(whole.attention_max_abs_error),
        "states_max_abs_error": finite(whole.states_max_abs_error),
        "probability_max_abs_error": finite(whole.probability_max_abs_error),
        "embedding_max_abs_error": finite(whole.embedding_max_abs_error),
        "similarity_abs_error": finite(whole.similarity_abs_error),
    }


def _predictions(predictions: Predictions) -> Header:
    """Return what is predicted, with the probability of each token as null where there is none."""
    return {
        "kind": predictions.kind,
        "probabilities": rounded([finite(p) for p in predictions.probabilities]),
        "guesses": [asdict(guess) for guess in predictions.guesses],
    }


def _embedding(embedding: Embedding) -> Header:
    """Return how the text's vector was made; its numbers are for programs, in ``--json``."""
    return {
        "pooling": embedding.pooling.kind,
        "normalised": embedding.pooling.normalised,
        "size": len(embedding.values),
    }
