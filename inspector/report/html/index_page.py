"""The page in front of a folder of reports, and the record of the run that made them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from inspector.record import record
from inspector.records import Inspected, Link, Verdict
from inspector.report.html.page import render_template

SCHEMA = 1


@record(frozen=True, slots=True)
class IndexRow:
    """What the index says of one report."""

    line: int
    text: str
    pair: str | None
    #: The report's file name; None when none was asked for.
    report: str | None
    verdict: Verdict
    #: The strongest link between words, if there is one.
    link: Link | None
    tokens: int
    #: Bytes of the report.
    size: int | None


def index_row(found: Inspected, line: int, report: str | None, *, size: int | None) -> IndexRow:
    """Return what the index says of an inspection; what was written is a part of the verdict.

    Of a chat it shows what was said, and not what the template made of it.
    """
    trace, written = found.trace, found.generation
    text, second = trace.text.text, trace.text.pair
    if trace.text.chat is not None:
        text = trace.text.chat.user
        answers = [part.letters for part in trace.text.parts if part.role == "assistant"]
        second = "".join(answers) or None
    elif trace.target is not None:
        second = trace.target.text
    wrong = written is not None and written.verdict == "mismatch"
    return IndexRow(
        line=line,
        text=text,
        pair=second,
        report=report,
        verdict="mismatch" if wrong else found.verification.verdict,
        link=found.links[0] if found.links else None,
        tokens=len(trace.text),
        size=size,
    )


@record(frozen=True, slots=True)
class SkippedLine:
    """A line that could not be inspected, and why."""

    line: int
    reason: str


def render_index(
    source: str, rows: list[IndexRow], skipped: list[SkippedLine], *, total: int
) -> str:
    """Return the index as one HTML page; ``total`` is how many lines there are to inspect."""
    return render_template(
        "index/index.html.jinja",
        source=source,
        rows=rows,
        skipped=skipped,
        total=total,
        verified=sum(row.verdict == "verified" for row in rows),
        unproved=sum(row.verdict == "unproved" for row in rows),
    )


def run_record(
    command: str,
    source: str,
    rows: list[IndexRow],
    skipped: list[SkippedLine],
    *,
    total: int,
    prove: bool,
) -> dict[str, Any]:
    """Return what ``run.json`` holds: it is written last, and says what is complete.

    Where proofs were asked for, a run is not complete while an answer waits for its own.
    """
    waiting = prove and any(row.verdict == "unproved" for row in rows)
    return {
        "schema": SCHEMA,
        "command": command,
        "file": source,
        "lines": total,
        "complete": len(rows) + len(skipped) == total and not waiting,
        "reports": [
            {"line": row.line, "report": row.report, "verdict": row.verdict, "bytes": row.size}
            for row in rows
        ],
        "skipped": [asdict(line) for line in skipped],
    }
