"""One attention layer as the page is given it: its weights, or what they are made of.

Attention is quadratic in the text, so above 32 tokens a page is not given the matrices: it is given
q and k, half as many numbers as one head's matrix at 64 tokens, and does the last multiplication
itself. Up to 32 tokens it is given both, the matrices to show and q and k to say why. How far its
multiplication lies from the model's own attention is measured here, for every head, before anything
is shipped, and travels along.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector.forward.core import transformed_norms
from inspector.records import Array, Float32, RebuiltLayer, RecomputedLayer, TracedLayer
from inspector.report.html.blobs import Blob, Header, half_where_it_fits, patches, rounded
from inspector.report.html.payload.scores import carry, largest_each
from inspector.report.html.steps import Steps

#: Up to this many tokens the model's A and its difference from the rebuild are shipped exactly.
EXACT_TOKENS = 32
#: Side of a thumbnail.
THUMBNAIL_SIDE = 32


def pack_layer(
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
    arrays: dict[str, NDArray[Any] | Steps] = {
        "key_state_norm": np.linalg.norm(_key_states(captured, rebuilt), axis=1).astype(np.float32)
    }
    if exact:
        arrays["model"] = model
    else:
        arrays["thumbnail"] = _thumbnails(model)
    if rebuilt is None:
        if not exact:
            attention = arrays["attention"] = half_where_it_fits(model)
            layer |= {"source": "attention", "precision": attention.dtype.name}
            error = largest_each(attention.astype(np.float32) - model)
            layer["arithmetic_error"] = rounded(error)
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
        source, precision, error, carried = carry(rebuilt, model, beside=exact)
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
            layer["arithmetic_error"] = rounded(error)
    return layer, [_blob(f"{index}.{name}", array) for name, array in arrays.items()]


def _blob(name: str, array: NDArray[Any] | Steps) -> Blob:
    return Blob.pack_steps(name, array) if isinstance(array, Steps) else Blob.pack(name, array)


def _key_states(captured: TracedLayer, rebuilt: RecomputedLayer | None) -> Array:
    """Return what the keys are made of, (S, D)."""
    if isinstance(rebuilt, RebuiltLayer):
        return rebuilt.key_states
    return captured.hidden if captured.key_states is None else captured.key_states


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
