"""The ladder on its way into a page: its words, its measures, its matrices and its shares."""

from __future__ import annotations

import numpy as np

from inspector.records import Agreement, Array, Float32, Inspected, RungResult, SiteName, Trace
from inspector.report.html.blobs import Blob, Header, half_where_it_fits, patches

#: Up to this many tokens the ladder's matrices are shipped whole, beyond it pooled.
WHOLE_LADDER_TOKENS = 128
#: Side of a pooled ladder matrix.
POOLED_SIDE = 64
#: Rungs whose matrix the page is given; it works out the others from these or from A.
SHIPPED_RUNGS = ("classroom", "learned")


def pack_ladder(inspected: Inspected) -> tuple[list[Header], list[Blob]]:
    """Pack the rungs' words, their measures, (rungs, 2, 3, N, H), and their matrices."""
    layers = inspected.trace.layers
    if not inspected.ladder or not layers:
        return [], []
    most_heads = max(layer.attention.shape[0] for layer in layers)
    measures = np.full((len(inspected.ladder), 2, 3, len(layers), most_heads), np.nan, np.float32)
    blobs: list[Blob] = []
    rungs: list[Header] = []
    for index, rung in enumerate(inspected.ladder):
        measured = rung.all_tokens is not None or rung.content is not None
        for side, agreement in enumerate((rung.all_tokens, rung.content)):
            if agreement is not None:
                for which, values in enumerate(
                    (agreement.jsd_bits, agreement.rank_correlation, agreement.top1_agreement)
                ):
                    measures[index, side, which, :, : values.shape[1]] = values
        carried = {}
        for site in inspected.trace.sites:
            how, blob = _rung_matrices(rung, site, inspected.trace)
            if blob is not None:
                carried[site] = how
                blobs.append(blob)
        rungs.append(
            {
                "name": rung.name,
                "formula": rung.formula,
                "adds": rung.adds,
                "reference": rung.reference,
                "applies": rung.applies,
                "sites": rung.sites,
                "measured": measured,
                "jsd_bits_error": rung.jsd_bits_error,
                "matrices": carried,
                "constant_rows": [a.constant_rows if a else None for a in _sides(rung)],
                "empty_rows": [a.empty_rows if a else None for a in _sides(rung)],
            }
        )
    return rungs, [Blob.pack("measures", measures), *blobs]


def pack_shares(inspected: Inspected) -> tuple[list[Header], list[Blob]]:
    """Pack the ingredients' words and what each buys each head, (ingredients, N, H)."""
    shares = inspected.shares
    if not shares:
        return [], []
    per_head = np.stack([share.per_head for share in shares]).astype(np.float32)
    words = [{"ingredient": share.ingredient, "adds": share.adds} for share in shares]
    return words, [Blob.pack("shares", per_head)]


def _sides(rung: RungResult) -> tuple[Agreement | None, Agreement | None]:
    return rung.all_tokens, rung.content


def _rung_matrices(
    rung: RungResult, site: SiteName, trace: Trace
) -> tuple[str | None, Blob | None]:
    """How a rung's matrices of one site travel: whole, as a triangle, pooled, or not at all."""
    indices = () if rung.matrices is None else trace.indices(site)
    there = [found for index in indices if (found := (rung.matrices or ())[index]) is not None]
    pooled = trace.longest > WHOLE_LADDER_TOKENS
    # What the layer's heads do on average the page works out itself, and some rungs from others.
    if not there or rung.name == "layer_mean" or not (pooled or rung.name in SHIPPED_RUNGS):
        return None, None
    name = f"ladder.{rung.name}.{site}"
    matrices = np.stack(there)
    if pooled:
        return "pooled", Blob.pack(name, half_where_it_fits(_mean_pooled(matrices)))
    if rung.name != "classroom":
        return "whole", Blob.pack(name, half_where_it_fits(matrices))
    # Interactions in one text are mutual: x_i·x_j is x_j·x_i, and half of R says it all.
    if site == "cross" or not np.array_equal(matrices, matrices.swapaxes(1, 2)):
        return "whole", Blob.pack(name, matrices)
    rows, cols = np.tril_indices(matrices.shape[1])
    return "triangle", Blob.pack(name, matrices[:, rows, cols])


def _mean_pooled(matrices: Float32) -> Float32:
    """(layers, ≤64, ≤64) mean of each patch, for matrices too large to travel whole."""
    pooled: Array = matrices
    for axis in (1, 2):
        starts = patches(matrices.shape[axis], POOLED_SIDE)
        counts = np.diff(np.append(starts, matrices.shape[axis]))
        shape = [1, 1, 1]
        shape[axis] = len(counts)
        pooled = np.add.reduceat(pooled, starts, axis=axis) / counts.reshape(shape)
    return pooled.astype(np.float32)
