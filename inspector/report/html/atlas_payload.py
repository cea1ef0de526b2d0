"""What the atlas is given: one JSON header and the columns as blobs.

This is the only contract between Python and the atlas' JavaScript (``assets/atlas/data.js`` reads
it). The tidy columns become one array each, a row for every measure and a column for every head: a
statistic is a measure, and so is a relation in one direction, whose baseline then is its null. The
example sentences travel deflated as well, because a large model has thousands of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from shlex import join
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from inspector.records.corpus import CorpusResult, HeadExample, HeadStatistics, RelationFindings
from inspector.report.corpus_words import gloss, places
from inspector.report.export.summary import finite
from inspector.report.html.blobs import Blob, Header, script_json
from inspector.report.html.payload.build import VERSION, Payload

Place = tuple[str, int, int]

#: Decimals of an example's attention weights.
WEIGHT_DECIMALS = 4


def build_atlas(result: CorpusResult) -> Payload:
    """Everything that the atlas shows of one corpus."""
    heads = places(result.heads)
    where = {place: column for column, place in enumerate(heads)}
    measures, blobs = _measures(result, where)
    header: Header = {
        "payload": VERSION,
        "inspector": result.facts.version,
        "heads": [list(place) for place in heads],
        "labels": _labels(result.heads, result.heads.labelled(), where),
        "resting": _labels(result.heads, result.heads.resting(), where),
        "measures": measures,
        "findings": [] if result.findings is None else _findings(result.findings, where),
        "treebank": result.findings is not None,
    }
    blobs.append(_examples(result, where))
    header["blobs"] = {blob.name: blob.entry for blob in blobs}
    return Payload(header, tuple(blobs))


def _measures(result: CorpusResult, where: dict[Place, int]) -> tuple[list[Header], list[Blob]]:
    """Lay every statistic and relation out as a row with a column for each head."""
    found = result.heads
    keys = found.statistic.tolist()
    names: list[Header] = [{"name": key, "kind": "statistic"} for key in dict.fromkeys(keys)]
    columns: list[tuple[NDArray[Any], ...]] = [
        (found.value, found.low, found.high, found.null, found.n)
    ]
    rows = [_numbered(keys)]
    cells = [_columns(found.site, found.layer, found.head, where)]
    if (arcs := result.relations) is not None:
        pairs = list(zip(arcs.relation.tolist(), arcs.direction.tolist(), strict=True))
        rows.append(_numbered(pairs) + len(names))
        names += [
            {"name": f"{relation} {direction}", "kind": "relation"}
            for relation, direction in dict.fromkeys(pairs)
        ]
        columns.append((arcs.accuracy, arcs.low, arcs.high, arcs.baseline, arcs.n))
        cells.append(_columns(arcs.site, arcs.layer, arcs.head, where))
    at = np.concatenate(rows), np.concatenate(cells)
    blobs = []
    for number, name in enumerate(("value", "low", "high", "null", "n")):
        whole = name == "n"
        laid = np.full(
            (len(names), len(where)), 0 if whole else np.nan, np.uint32 if whole else np.float32
        )
        laid[at] = np.concatenate([column[number] for column in columns])
        blobs.append(Blob.pack(name, laid))
    return names, blobs


def _numbered(keys: Sequence[object]) -> NDArray[np.intp]:
    """Return for each key which one it is, in the order in which they first come."""
    number = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    return np.array([number[key] for key in keys], dtype=np.intp)


def _columns(
    site: NDArray[Any], layer: NDArray[Any], head: NDArray[Any], where: dict[Place, int]
) -> NDArray[np.intp]:
    rows: Iterable[Place] = zip(site.tolist(), layer.tolist(), head.tolist(), strict=True)
    return np.array([where[row] for row in rows], dtype=np.intp)


def _labels(
    heads: HeadStatistics, rows: NDArray[np.bool_], where: dict[Place, int]
) -> list[list[str]]:
    """Return the shares among these rows that each head has, the largest first."""
    found: list[list[str]] = [[] for _ in where]
    at = np.flatnonzero(rows)
    at = at[np.argsort(-heads.value[at], kind="stable")]
    columns = _columns(heads.site[at], heads.layer[at], heads.head[at], where)
    for column, name in zip(columns.tolist(), heads.statistic[at].tolist(), strict=True):
        found[column].append(name)
    return found


def _findings(findings: RelationFindings, where: dict[Place, int]) -> list[Header]:
    columns = _columns(findings.site, findings.layer, findings.head, where)
    found = findings.found()
    return [
        {
            "relation": str(findings.relation[row]),
            "gloss": gloss(str(findings.relation[row])),
            "direction": str(findings.direction[row]),
            "head": int(columns[row]),
            "offset": int(findings.offset[row]),
            **{
                name: finite(float(getattr(findings, name)[row]))
                for name in (
                    "accuracy",
                    "low",
                    "high",
                    "baseline",
                    "difference",
                    "difference_low",
                    "difference_high",
                )
            },
            "n": int(findings.n[row]),
            "found": bool(found[row]),
        }
        for row in range(len(findings))
    ]


def _examples(result: CorpusResult, where: dict[Place, int]) -> Blob:
    """Pack the examples, each sentence once, as the bytes of a JSON object."""
    sentences: dict[tuple[str, int], int] = {}
    told: list[Header] = []
    examples: list[Header] = []
    for example in result.examples:
        key = (example.file, example.row)
        if key not in sentences:
            sentences[key] = len(told)
            told.append(_sentence(example, result.facts.model.name))
        examples.append(
            {
                "head": where[example.site, example.layer, example.head],
                "sentence": sentences[key],
                "query": example.query,
                "key": example.key,
                "measure": example.measure,
                "weights": [round(float(weight), WEIGHT_DECIMALS) for weight in example.weights],
            }
        )
    text = script_json({"sentences": told, "examples": examples})
    return Blob.pack("examples", np.frombuffer(text.encode(), dtype=np.uint8))


def _sentence(example: HeadExample, model: str) -> Header:
    text = example.text
    return {
        "file": example.file,
        "row": example.row,
        "text": text.text,
        "pair": text.pair,
        # Text, word, whether special, segment, span and text as read, in this order.
        "tokens": [
            [token.text, token.word, int(token.special), token.segment, token.span, shown]
            for token, shown in zip(text.tokens, text.shown, strict=True)
        ],
        "report": None if example.report is None else "./" + quote(example.report),
        "command": _command(example, model),
    }


def _command(example: HeadExample, model: str) -> str:
    """Return the command that makes the sentence's report."""
    text = example.text
    options = [] if model == "bundled" else ["--model", model]
    if text.truncated_from is not None:
        options.append("--truncate")
    if text.pair is not None:
        options += ["--pair", text.pair]
    if text.text.startswith("-"):
        return join(["inspect", "show", *options, "--", text.text])
    # One word may be the name of a command.
    verb = [] if " " in text.text else ["show"]
    return join(["inspect", *verb, text.text, *options])
