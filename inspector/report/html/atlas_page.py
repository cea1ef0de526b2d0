"""The atlas of a corpus as one self-contained HTML file."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from inspector.plain import head_name, precision
from inspector.records.corpus import CorpusResult
from inspector.records.effects import READINGS
from inspector.report.corpus_words import (
    Claim,
    corpus_name,
    finding_claims,
    head_claims,
    matter_most,
    median_effect,
    places,
    resting_words,
    widest,
)
from inspector.report.html.atlas_payload import build_atlas
from inspector.report.html.page import printable, render_template


def render_atlas(result: CorpusResult) -> str:
    """Return the atlas of a corpus as one HTML file."""
    payload = build_atlas(result)
    # Of every sentence that was measured; a rank correlation takes two words.
    measured = result.heads.n[result.heads.statistic == "effect"]
    return render_template(
        "atlas/atlas.html.jinja",
        title=printable(corpus_name(result)),
        # Safe as it stands: script_json leaves no <, > or & in it.
        header=Markup(payload.json),  # noqa: S704
        blobs=payload.blobs,
        facts=result.facts,
        files=[printable(name) for name in result.facts.files],
        skipped=[
            (each.count, printable(each.reason), printable(each.first))
            for each in result.facts.skipped
        ],
        command=printable(result.facts.command),
        model=printable(result.facts.model.title),
        precision=precision(result.facts.model.stored_dtypes, result.facts.model.computing_dtype),
        heads=len(places(result.heads)),
        claims=[_drawn(claim) for claim in head_claims(result.heads)],
        resting=resting_words(result.heads),
        syntax=None if result.findings is None else _syntax(result),
        widest=widest(result.heads),
        explanations=_explanations(result),
        matter=[
            {"name": printable(head_name(*one.head, sentence=True)), "effect": one.effect}
            for one in matter_most(result.heads)
        ],
        effect_sentences=int(measured.max(initial=0)),
        median=median_effect(result.heads),
    )


def _explanations(result: CorpusResult) -> list[dict[str, Any]]:
    """Return how far each reading of attention tells which words matter; nothing unasked."""
    found = result.explanations
    if found is None:
        return []
    return [
        {
            "name": READINGS[str(found.rung[row])],
            "value": float(found.rank_correlation[row]),
            "low": float(found.low[row]),
            "high": float(found.high[row]),
            "n": int(found.n[row]),
        }
        for row in range(len(found))
    ]


def _syntax(result: CorpusResult) -> dict[str, Any]:
    """Say which relations are claimed, of how many."""
    assert result.findings is not None  # noqa: S101
    return {
        "claims": [_drawn(claim) for claim in finding_claims(result.findings)],
        "found": int(result.findings.found().sum()),
        "total": len(result.findings),
    }


def _drawn(claim: Claim) -> dict[str, Any]:
    """Return a claim as the template takes it; text that no file can hold replaced."""
    site, layer, head = claim.head
    return {
        "about": printable(claim.about),
        "detail": printable(claim.detail),
        "words": printable(claim.words),
        "head": f"{site}.{layer}.{head}",
        "statistic": printable(claim.statistic),
        "interval": claim.interval,
    }
