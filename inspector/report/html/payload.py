"""What a report's page is given: one JSON header and named blobs of numbers.

This is the only contract between Python and the report's JavaScript: ``assets/payload.d.ts``
describes it, ``assets/shared/decode.js`` and ``assets/report/data.js`` read it.

Attention is quadratic in the text, so above 32 tokens a page
is not given the matrices: it is given q and k, half as many numbers as one head's matrix at 64
tokens, and does the last multiplication itself. Up to 32 tokens it is given both, the matrices to
show and q and k to say why. How far its multiplication lies from the model's own attention is
measured here, for every head, before anything is shipped, and travels along.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector.forward.core import transformed_norms
from inspector.parallel import parallel_map
from inspector.records import (
    LABELS,
    Array,
    Float32,
    HeadReading,
    Inspected,
    Predictions,
    RebuiltLayer,
    RecomputedLayer,
    Text,
    TracedLayer,
    Verification,
)
from inspector.report.export.summary import finite
from inspector.report.html.blobs import Blob, Header, half_where_it_fits, patches, script_json
from inspector.report.html.payload_ladder import pack_ladder, pack_shares
from inspector.report.html.payload_scores import carry, largest_each
from inspector.report.html.payload_written import pack_written

#: Raised whenever a page of an older payload could be misread by a newer page.
VERSION = 2

#: Up to this many tokens the model's A and its difference from the rebuild are shipped exactly.
EXACT_TOKENS = 32
#: Side of a thumbnail.
THUMBNAIL_SIDE = 32


@dataclass(frozen=True, slots=True)
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
        lambda each: _layer(*each),
        zip(range(len(trace.layers)), trace.layers, rebuilt, strict=True),
        tokens=trace.longest,
    )
    layers = [layer for layer, _ in packed]
    blobs = [blob for _, layer_blobs in packed for blob in layer_blobs]
    ladder, ladder_blobs = pack_ladder(inspected)
    shares, share_blobs = pack_shares(inspected)
    blobs += ladder_blobs + share_blobs
    if inspected.heads:
        blobs.append(Blob.pack("readings", _readings(inspected.heads)))
    errors = [e for layer in layers for e in layer["arithmetic_error"]]
    header: Header = {
        "payload": VERSION,
        "inspector": version,
        "command": command,
        "model": asdict(inspected.model),
        "text": _text(trace.text),
        "target": None if trace.target is None else _text(trace.target),
        # Every attention layer: `site` and `layer` name it, and its index here names its blobs.
        "layers": layers,
        "arithmetic_max_abs_error": max(errors, default=None),
        "verification": _verification(inspected.verification),
        "predictions": None if trace.predictions is None else _predictions(trace.predictions),
        "generation": None if inspected.generation is None else pack_written(inspected.generation),
        "ladder": ladder,
        "ladder_rows": None if inspected.ladder_rows is None else asdict(inspected.ladder_rows),
        "shares": shares,
        # The page puts these labels and the readings' numbers together again.
        "labels": [head.label for head in inspected.heads],
        "links": [asdict(link) | {"lift": finite(link.lift)} for link in inspected.links],
        "subwords": inspected.pieces,
        # Keys that the default view sets aside, and what is to be said above everything.
        "sinks": [asdict(sink) for sink in inspected.sinks],
        "notices": list(inspected.notices),
        "blobs": {blob.name: blob.entry for blob in blobs},
    }
    return Payload(header, tuple(blobs))


def _text(text: Text) -> Header:
    """Return a text with its tokens one by one, as the page goes over them."""
    return {
        "text": text.text,
        "pair": text.pair,
        "tokens": [
            asdict(token) | {"shown": shown}
            for token, shown in zip(text.tokens, text.shown, strict=True)
        ],
        "truncated_from": text.truncated_from,
    }


# --- one layer ------------------------------------------------------------------------------


def _layer(
    index: int, captured: TracedLayer, rebuilt: RecomputedLayer | None
) -> tuple[Header, list[Blob]]:
    """One attention layer's header entry and blobs; ``index`` counts the layers of the run."""
    model = captured.attention.astype(np.float32, copy=False)
    heads, rows, cols = model.shape
    exact = max(rows, cols) <= EXACT_TOKENS
    layer: Header = {
        "site": captured.site,
        "layer": captured.layer,
        "heads": heads,
        "rows": rows,
        "cols": cols,
        "exact": exact,
        "recomputed": rebuilt is not None,
        "source": "exact",
        "precision": "float32",
        # What q and k were rounded to, where they travel.
        "key_precision": None,
        "scale": None,
        "softcap": None,
        "arithmetic_error": [],
    }
    arrays: dict[str, NDArray[Any]] = {
        "key_state_norm": np.linalg.norm(_key_states(captured, rebuilt), axis=1).astype(np.float32)
    }
    if exact:
        arrays["model"] = model
    else:
        arrays["thumbnail"] = _thumbnails(model)
    if rebuilt is None:
        if not exact:
            arrays["attention"] = half_where_it_fits(model)
            layer |= {"source": "attention", "precision": arrays["attention"].dtype.name}
            error = largest_each(arrays["attention"].astype(np.float32) - model)
            layer["arithmetic_error"] = _rounded(error)
    else:
        if isinstance(rebuilt, RebuiltLayer):
            arrays["value_norm"] = half_where_it_fits(
                transformed_norms(rebuilt.value, rebuilt.output_projection, heads)
            )
        if not rebuilt.visible.all():
            arrays["visible"] = np.packbits(rebuilt.visible, axis=1, bitorder="little")
        if exact:
            arrays["difference"] = _steps(model, rebuilt.attention)
        else:
            arrays["row_error"] = _row_error(rebuilt.attention.astype(np.float32) - model)
        source, precision, error, carried = carry(rebuilt, model)
        if not exact:
            layer |= {"source": source, "precision": precision}
        if source == "query_key":
            layer |= {
                "key_precision": precision,
                "scale": float(rebuilt.scale),
                "softcap": rebuilt.softcap,
            }
        if source == "query_key" or not exact:
            arrays |= carried
            layer["arithmetic_error"] = _rounded(error)
    return layer, [Blob.pack(f"{index}.{name}", array) for name, array in arrays.items()]


def _key_states(captured: TracedLayer, rebuilt: RecomputedLayer | None) -> Array:
    """Return what the keys are made of, (S, D)."""
    if isinstance(rebuilt, RebuiltLayer):
        return rebuilt.key_states
    return captured.hidden if captured.key_states is None else captured.key_states


def _rounded(numbers: Sequence[float | None]) -> list[float | None]:
    """Six digits of each: the page shows fewer."""
    return [None if number is None else float(f"{number:.6g}") for number in numbers]


def _steps(model: Float32, rebuilt: Array) -> NDArray[np.uint32]:
    """How many float32 numbers on from ``model`` the rebuild is, with the sign in the last bit.

    Neighbouring floats have neighbouring bits, so this is a small whole number and gives every
    bit of the rebuild back; the difference itself is as long as any float.
    """
    ours = np.ascontiguousarray(rebuilt, dtype=np.float32).view(np.int32)
    steps = ours - np.ascontiguousarray(model).view(np.int32)
    return ((steps << 1) ^ (steps >> 31)).view(np.uint32)


def _row_error(difference: Float32) -> Float32:
    """(H, T) the largest |difference| in each row."""
    largest: Float32 = np.maximum(difference.max(axis=2), -difference.min(axis=2))
    return largest


def _thumbnails(attention: Float32) -> NDArray[np.uint8]:
    """(H, ≤32, ≤32) largest weight in each patch, 255 for 1; a mean would erase diagonals."""
    _, rows, cols = attention.shape
    pooled = np.maximum.reduceat(attention, patches(rows, THUMBNAIL_SIDE), axis=1)
    pooled = np.maximum.reduceat(pooled, patches(cols, THUMBNAIL_SIDE), axis=2)
    bytes_: NDArray[np.uint8] = np.clip(np.rint(pooled * 255), 0, 255).astype(np.uint8)
    return bytes_


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


# --- verdict --------------------------------------------------------------------------------


def _verification(verification: Verification) -> Header:
    """Return the verdicts with every NaN as null."""
    whole = verification.end_to_end
    return {
        "verdict": verification.verdict,
        "attention_max_abs_error": finite(verification.attention_max_abs_error),
        "output_max_abs_error": finite(verification.output_max_abs_error),
        "tier": verification.tier,
        "reason": verification.reason,
        "end_to_end": None
        if whole is None
        else {
            "verdict": whole.verdict,
            "attention_max_abs_error": finite(whole.attention_max_abs_error),
        },
        "layers": [
            {
                "site": check.site,
                "layer": check.layer,
                "verdict": check.verdict,
                "heads": list(check.head_verdicts),
                "max_abs_error": _rounded([finite(e) for e in check.attention_max_abs_error]),
                "arbitrated": _rounded([finite(e) for e in check.arbitrated_max_abs_error]),
                "output": {
                    "verdict": check.output_verdict,
                    "max_abs_error": finite(check.output_max_abs_error),
                    "bound": finite(check.output_bound),
                },
            }
            for check in verification.layers
        ],
    }


# --- what the model says ----------------------------------------------------------------------


def _predictions(predictions: Predictions) -> Header:
    """Return what is predicted, with the probability of each token as null where there is none."""
    return {
        "kind": predictions.kind,
        "probabilities": _rounded([finite(p) for p in predictions.probabilities]),
        "guesses": [asdict(guess) for guess in predictions.guesses],
    }
