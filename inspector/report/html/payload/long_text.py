"""What the page of a long text is given: pooled pictures of every head, and some heads exactly.

Of every head the page has what spans give to spans. Queries and keys, from which it computes single
weights, are a megabyte a head for a text of 4,096 tokens: as many heads have them as the page's
budget allows, those that were asked for first, then those of the strongest links, then those that
write most. The page says which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from inspector.parallel import parallel_map
from inspector.records import Array, Bias, Text
from inspector.records.long_text import LongEffects, LongFindings, LongLayer
from inspector.report.export.summary import finite
from inspector.report.html.blobs import Blob, Header, rounded
from inspector.report.html.payload.answer import describe_answer_of, describe_verification
from inspector.report.html.payload.build import VERSION, Payload

#: Bytes of a page, unless somebody says otherwise.
BUDGET = 25_000_000
#: Characters that a span is named by.
_NAMED = 80
_BEYOND = 0x10000

Place = tuple[int, int]


def build_long_payload(
    found: LongFindings,
    asked: Sequence[Place] = (),
    *,
    budget: int = BUDGET,
    command: str | None,
    reading: str | None = None,
    version: str,
) -> Payload:
    """Return everything that the page of a long text shows; ``asked`` heads it has in any case.

    ``reading`` is by what name a server has the heads that are left out; None where there is none.
    """
    shared = [
        _places(found.text),
        Blob.pack("map", found.lifts.astype(np.float32)),
        Blob.pack("readings", _readings(found)),
        Blob.pack("written", _written(found)),
    ]
    later = [Blob.pack(f"flow.{layer.layer}", _quantised(layer.flow)) for layer in found.layers]
    parallel_map(lambda blob: blob.deflated, [*shared, *later], tokens=len(found.text))
    spent = sum(len(blob.text) for blob in (*shared, *later))
    carried: list[Header] = []
    linking = [(link.layer, link.head) for link in found.links]
    wanted = list(dict.fromkeys((*asked, *linking, *found.by_writing)))
    for number, (at, head) in enumerate(wanted):
        one, blobs = _carry(found.layers[at], head)
        new = [blob for blob in blobs if all(blob.name != known.name for known in later)]
        size = sum(len(blob.text) for blob in new)
        if spent + size > budget and number >= len(asked):
            break
        carried.append(one)
        later += new
        spent += size
    header: Header = {
        "payload": VERSION,
        "inspector": version,
        "command": command,
        "reading": reading,
        "model": asdict(found.model),
        "text": _read_part(found.text),
        "tokens": len(found.text),
        "truncated_from": found.text.truncated_from,
        "spans": [
            {"start": span.start, "end": span.end, "name": _name(span.text)} for span in found.spans
        ],
        "layers": [_numbers(layer) for layer in found.layers],
        "rows": found.rows.tolist(),
        "verification": describe_verification(found.verification),
        **describe_answer_of(found.predictions, found.embedding),
        "labels": [head.label for head in found.heads],
        "links": [asdict(link) | {"lift": finite(link.lift)} for link in found.links],
        "sinks": [asdict(sink) for sink in found.sinks],
        "carried": carried,
        "effects": None if found.effects is None else _effects(found.effects),
        "notices": list(found.notices),
        # What is read only when it is looked at.
        "later": [blob.name for blob in later],
        "blobs": {blob.name: blob.entry for blob in (*shared, *later)},
    }
    return Payload(header, (*shared, *later))


def head_payload(layer: LongLayer, head: int) -> Payload:
    """Return one head exactly, as its page has those that it carries."""
    one, blobs = _carry(layer, head)
    entries = {blob.name: blob.entry for blob in blobs}
    return Payload({"payload": VERSION, "carried": one, "blobs": entries}, tuple(blobs))


def _effects(found: LongEffects) -> Header:
    return {
        "measure": found.measure,
        "stretches": rounded([finite(one.size) for one in found.stretches]),
        "strongest": found.strongest,
        "tokens": rounded([finite(one.size) for one in found.tokens]),
    }


def _name(text: str) -> str:
    return text if len(text) <= _NAMED else f"{text[: _NAMED - 1]}…"


def _read_part(text: Text) -> str:
    """Return what of a text was read: of one that was cut, the rest is not on its page."""
    if text.truncated_from is None:
        return text.text
    return text.text[: max(0, int(text.spans.max()))]


def _places(text: Text) -> Blob:
    """Pack where each token stands, (T, 2), counted as JavaScript counts; a large number for none.

    JavaScript counts a character beyond the first 65,536 as two.
    """
    beyond = np.cumsum([0, *(ord(letter) >= _BEYOND for letter in text.text)])
    spans = np.where(text.spans < 0, 0, text.spans)
    moved = spans + beyond[spans]
    moved[text.spans < 0] = np.iinfo(np.uint32).max
    return Blob.pack("token_spans", moved.astype(np.uint32))


def _readings(found: LongFindings) -> Array:
    """Return each head's entropy in bits and its distance in tokens, (heads, 2)."""
    return np.array([[head.entropy_bits, head.distance] for head in found.heads], dtype=np.float32)


def _written(found: LongFindings) -> Array:
    """Return each head's part of what its layer's heads write, (N, H), NaN where there is none."""
    most = max(len(layer.written) for layer in found.layers)
    shares = np.full((len(found.layers), most), np.nan, dtype=np.float32)
    for at, layer in enumerate(found.layers):
        shares[at, : len(layer.written)] = layer.written / max(float(layer.written.sum()), 1e-30)
    return shares


def _quantised(flow: Array) -> Array:
    """Return shares as bytes, on the scale of their square roots: small ones are told apart."""
    steps: Array = np.rint(np.sqrt(np.clip(flow, 0, 1)) * 255).astype(np.uint8)
    return steps


def _numbers(layer: LongLayer) -> Header:
    config = layer.config
    return {
        "layer": layer.layer,
        "heads": config.heads,
        "kv_heads": config.kv_heads,
        "scale": config.scale,
        "softcap": config.softcap,
        "causal": config.causal,
        "window": config.window,
    }


def _carry(layer: LongLayer, head: int) -> tuple[Header, list[Blob]]:
    """Return what a page computes a head's weights from."""
    shared = head // (layer.config.heads // layer.config.kv_heads)
    names = {"query": f"query.{layer.layer}.{head}", "key": f"key.{layer.layer}.{shared}"}
    blobs = [
        Blob.pack(names["query"], layer.query[head]),
        Blob.pack(names["key"], layer.key[shared]),
    ]
    terms = {}
    for term, values in _terms(layer.bias, head).items():
        # Which row a distance has is the same for all heads of a layer.
        of = f"{layer.layer}" if term == "distance_rows" else f"{layer.layer}.{head}"
        terms[term] = f"{term}.{of}"
        blobs.append(Blob.pack(terms[term], values))
    return {
        "layer": layer.layer,
        "head": head,
        "shared": shared,
        "terms": terms,
        "sink": None if layer.sink is None else float(layer.sink[head]),
        "error": float(layer.arithmetic_error[head]),
    }, blobs


def _terms(bias: Bias | None, head: int) -> dict[str, Array]:
    """Return what is added to a head's scores, as ``assets/attention/score_terms.js`` reads it."""
    if bias is None:
        return {}
    given = {"by_key": bias.by_key, "by_distance": bias.by_distance}
    rows = {}
    if bias.vectors is not None:
        given |= {"distance_keys": bias.vectors.keys, "distance_queries": bias.vectors.queries}
        rows["distance_rows"] = bias.vectors.rows.astype(np.uint32)
    added = {term: of[head].astype(np.float32) for term, of in given.items() if of is not None}
    return rows | added
