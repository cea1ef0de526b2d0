"""``run.json``: what a run read, with which options, what it left out and what it wrote."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from inspector.corpus.reading import Survey
from inspector.corpus.work import Work
from inspector.records.corpus import CorpusResult
from inspector.version import __version__

SCHEMA = 1


def run_record(
    result: CorpusResult,
    shift: dict[str, float],
    files: dict[str, str],
    *,
    work: Work,
    seen: Survey,
) -> dict[str, Any]:
    """Return what ``run.json`` holds, ready for JSON; ``files`` says what was written where."""
    facts = result.facts
    absent = [
        name
        for name in ("same_word", "entropy_bits_moved")
        if name not in set(result.heads.statistic.tolist())
    ]
    reasons = {
        "same_word": "same_word: the model's tokenizer cannot say which pieces make a word",
        "entropy_bits_moved": "…_moved: nobody declared where this family's Wo is",
    }
    return {
        "schema": SCHEMA,
        "version": __version__,
        "command": facts.command,
        "complete": True,
        "model": asdict(facts.model) | {"fingerprint": work.fingerprint},
        "files": list(facts.files),
        "input_sha256": seen.sha256,
        "sentences": facts.sentences,
        "tokens": facts.tokens,
        "truncated": facts.truncated,
        "unread_arcs": facts.unread_arcs,
        "skipped": [asdict(one) for one in facts.skipped],
        "broken": seen.reasons,
        "statistics": work.statistics,
        "left_out": [reasons[name] for name in absent],
        "dtype": work.dtype,
        "bfloat16_largest_shift": shift or None,
        "bootstrap": {"seed": facts.seed, "resamples": facts.resamples},
        "seconds": facts.seconds,
        "reading_seconds": facts.reading_seconds,
        "sentences_this_run": facts.sentences_this_run,
        "outputs": {name: Path(path).name for name, path in files.items()},
    }
