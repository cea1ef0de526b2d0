"""What the page of a comparison is given: two sides in one header, the blobs of each with its name.

A side is a header as a report has it, without what a comparison does not show: no ladder, no
effects, no readings. Its blobs are called ``a.…`` and ``b.…`` and hold its attention alone.
"""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np

from inspector.parallel import parallel_map
from inspector.records import Float32, Inspected
from inspector.records.comparison import Compared
from inspector.report.export.comparison import compared
from inspector.report.export.summary import finite
from inspector.report.html.blobs import Blob, Header
from inspector.report.html.payload.answer import describe_answer, describe_verification
from inspector.report.html.payload.build import VERSION, Payload, text_header
from inspector.report.html.payload.layers import pack_layer

#: What of a layer only a report shows.
_LEFT_OUT = {"difference", "key_state_norm", "row_error", "thumbnail", "value_norm"}
#: And where the weights themselves travel, what they are made of.
_MADE_OF = {
    *("query", "key", "sink", "by_key", "by_distance"),
    *("distance_rows", "distance_keys", "distance_queries"),
}


def build_comparison(found: Compared, *, command: str | None, version: str) -> Payload:
    """Everything that the page shows of one comparison."""
    blobs: list[Blob] = []
    sides = []
    for name, side in zip("ab", found.sides, strict=True):
        layers, own = _layers(side) if found.heads is not None else ([], [])
        blobs += [replace(blob, name=f"{name}.{blob.name}") for blob in own]
        sides.append(_side(side, layers))
    said = compared(found)
    if found.heads is not None:
        blobs.append(Blob.pack("heads", _heads(found)))
    header: Header = {
        "payload": VERSION,
        "inspector": version,
        "command": command,
        "kind": found.kind,
        "sides": sides,
        **{name: said[name] for name in ("alignments", "apart", "answers", "cosine")},
        # Numbers of heads travel as one blob.
        "patches": None
        if said["patches"] is None
        else {name: said["patches"][name] for name in ("measure", "first", "second")},
        "no_patches": found.no_patches,
        "notices": list(found.notices),
        "blobs": {blob.name: blob.entry for blob in blobs},
    }
    return Payload(header, tuple(blobs))


def _layers(side: Inspected) -> tuple[list[Header], list[Blob]]:
    rebuilt = side.rebuild.layers or [None] * len(side.trace.layers)
    packed = parallel_map(
        lambda each: pack_layer(*each),
        zip(range(len(side.trace.layers)), side.trace.layers, rebuilt, strict=True),
        tokens=side.trace.longest,
    )
    blobs = []
    for layer, own in packed:
        whole = layer["exact"] or layer["source"] == "attention"
        without = _LEFT_OUT | (_MADE_OF if whole else set())
        blobs += [blob for blob in own if blob.name.split(".")[1] not in without]
    return [layer for layer, _ in packed], blobs


def _side(side: Inspected, layers: list[Header]) -> Header:
    trace = side.trace
    return {
        "payload": VERSION,
        "inspector": "",
        "command": None,
        "model": asdict(side.model),
        "text": text_header(trace.text),
        "target": None if trace.target is None else text_header(trace.target),
        "layers": layers,
        "arithmetic_max_abs_error": max(
            (error for layer in layers for error in layer["arithmetic_error"]), default=None
        ),
        "verification": describe_verification(side.verification),
        **describe_answer(trace) | {"predictions": None},
        "generation": None,
        "ladder": [],
        "ladder_rows": None,
        "shares": [],
        "effects": None,
        "labels": [],
        "links": [asdict(link) | {"lift": finite(link.lift)} for link in side.links],
        "asked": None,
        "subwords": side.pieces,
        "sinks": [asdict(sink) for sink in side.sinks],
        "notices": list(side.notices),
        "blobs": {},
    }


def _heads(found: Compared) -> Float32:
    """Pack what changed of every head, (heads, 8), in the order of the layers.

    Bits; query and key of the largest change on the first side and on the second; the weight there
    on either; the share of the way. NaN where there is none.
    """
    changes = {(one.site, one.layer, one.head): one for one in found.heads or ()}
    own = () if found.patches is None else found.patches.heads
    shares = {(one.site, one.layer, one.head): one.share for one in own}
    rows = []
    for layer in found.first.trace.layers:
        for head in range(len(layer.attention)):
            place = (layer.site, layer.layer, head)
            one = changes.get(place)
            changed = [np.nan] * 7
            if one is not None:
                cells = (*one.first_cell, *one.second_cell)
                changed = [one.jsd_bits, *cells, one.first_weight, one.second_weight]
            rows.append([*changed, shares.get(place, np.nan)])
    return np.array(rows, dtype=np.float32)
