"""What a report's page is given: one JSON header and named blobs of numbers.

This is the only contract between Python and the report's JavaScript: ``assets/payload.d.ts``
describes it, ``assets/shared/decode.js`` and ``assets/report/shipped.js`` read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from inspector.parallel import parallel_map
from inspector.record import record
from inspector.records import (
    LABELS,
    AskedLink,
    Float32,
    HeadReading,
    Inspected,
    RecomputedLayer,
    Text,
)
from inspector.report.export.summary import finite
from inspector.report.html.blobs import Blob, Header, script_json
from inspector.report.html.payload.answer import describe_answer, describe_verification
from inspector.report.html.payload.effects import pack_effects
from inspector.report.html.payload.ladder import pack_ladder, pack_shares
from inspector.report.html.payload.layers import pack_layer
from inspector.report.html.payload.written import pack_written

#: Raised whenever a page of an older payload could be misread by a newer page.
VERSION = 3


@record(frozen=True, slots=True)
class Payload:
    """A header that is ready for JSON, and the blobs that it lists."""

    header: Header
    blobs: tuple[Blob, ...]

    @property
    def json(self) -> str:
        """The header as JSON that cannot end, open or comment out anything in HTML."""
        return script_json(self.header)


def build_payload(inspected: Inspected, *, command: str | None, version: str) -> Payload:
    """Everything the page shows of one inspection."""
    trace = inspected.trace
    rebuilt: Sequence[RecomputedLayer | None] = inspected.rebuild.layers or [None] * len(
        trace.layers
    )
    # NumPy and zlib let go of the interpreter's lock, so layers can be packed side by side.
    packed = parallel_map(
        lambda each: pack_layer(*each),
        zip(range(len(trace.layers)), trace.layers, rebuilt, strict=True),
        tokens=trace.longest,
    )
    layers = [layer for layer, _ in packed]
    blobs = [blob for _, layer_blobs in packed for blob in layer_blobs]
    ladder, ladder_blobs = pack_ladder(inspected)
    shares, share_blobs = pack_shares(inspected)
    effects, effect_blobs = pack_effects(inspected)
    blobs += ladder_blobs + share_blobs + effect_blobs
    if inspected.heads:
        blobs.append(Blob.pack("readings", _readings(inspected.heads)))
    errors = [e for layer in layers for e in layer["arithmetic_error"]]
    header: Header = {
        "payload": VERSION,
        "inspector": version,
        "command": command,
        "model": asdict(inspected.model),
        "text": text_header(trace.text),
        "target": None if trace.target is None else text_header(trace.target),
        # Every attention layer: `site` and `layer` name it, and its index here names its blobs.
        "layers": layers,
        "arithmetic_max_abs_error": max(errors, default=None),
        "verification": describe_verification(inspected.verification),
        **describe_answer(trace),
        "generation": None if inspected.generation is None else pack_written(inspected.generation),
        "ladder": ladder,
        "ladder_rows": None if inspected.ladder_rows is None else asdict(inspected.ladder_rows),
        "shares": shares,
        "effects": effects,
        # The page puts these labels and the readings' numbers together again.
        "labels": [head.label for head in inspected.heads],
        "links": [asdict(link) | {"lift": finite(link.lift)} for link in inspected.links],
        "asked": _asked(inspected.link_asked),
        "subwords": inspected.pieces,
        # Keys that the default view sets aside, and what is to be said above everything.
        "sinks": [asdict(sink) for sink in inspected.sinks],
        "notices": list(inspected.notices),
        "blobs": {blob.name: blob.entry for blob in blobs},
    }
    return Payload(header, tuple(blobs))


def _asked(link: AskedLink | None) -> Header | None:
    """Return the two words that were asked about, at the head that links them most."""
    if link is None:
        return None
    most = link.heads[0]
    return {
        "site": most.site,
        "layer": most.layer,
        "head": most.head,
        "source_token": link.source_token,
        "target_token": link.target_token,
    }


def text_header(text: Text) -> Header:
    """Return a text with its tokens one by one, as the page goes over them."""
    roles: list[Header] = [{} for _ in text.pieces]
    if text.chat is not None:
        roles = [{"role": role} for role in text.chat.roles]
    return {
        "text": text.text,
        "pair": text.pair,
        "tokens": [
            asdict(token) | {"shown": shown} | role
            for token, shown, role in zip(text.tokens, text.shown, roles, strict=True)
        ],
        "truncated_from": text.truncated_from,
    }


# --- the heads ------------------------------------------------------------------------------


def _readings(heads: Sequence[HeadReading]) -> Float32:
    """Pack what each head does, (heads, 8); its masses are in the order of ``HeadLabel``."""
    return np.array(
        [
            [
                head.entropy_bits,
                head.distance,
                np.nan if head.score is None else head.score,
                *(head.masses[target] for target in LABELS),
            ]
            for head in heads
        ],
        dtype=np.float32,
    )
