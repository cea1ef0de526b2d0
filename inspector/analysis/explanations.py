"""The second ladder: how far a reading of attention tells which words matter.

Each rung gives every token a score without changing anything, and is set beside what blocking the
token does: from where attention looks, over what it takes from there and what arrives, to what it
does. Of a model of one stack; between two texts the readings are not defined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from inspector.analysis.ladder.ranking import correlation, rank_rows, sort_rows
from inspector.analysis.measures import top1_agreement, tops
from inspector.forward.casting import cast
from inspector.forward.core import repeat_heads
from inspector.forward.norms import apply_norm, spread_of
from inspector.records import Array, Block, Checkpoint, Float64, Mask, Norm, RebuiltLayer, Trace
from inspector.records.effects import Contributions, Explanation


def explain(
    checkpoint: Checkpoint,
    trace: Trace,
    rows: Sequence[int] | None,
    effects: Sequence[float],
    contributions: Contributions | None,
) -> tuple[Explanation, ...]:
    """Set every rung beside the effects of blocking, (T,); ``rows`` are where the answer is read.

    Without a stack of blocks that is known, and for an encoder–decoder, there is no rung.
    """
    model = checkpoint.model
    if model is None or model.decoder is not None:
        return ()
    read = np.arange(len(trace.text)) if rows is None else np.array(rows)
    attention = np.stack([layer.attention.mean(axis=0, dtype=np.float64) for layer in trace.layers])
    scores = {
        "uniform": np.ones(len(trace.text)),
        "last_layer": attention[-1][read].mean(axis=0),
        "all_layers": attention[:, read].mean(axis=(0, 1)),
        "rollout": _rollout(attention)[read].mean(axis=0),
        "value_weighted": np.mean(
            [_value_weighted(layer)[read].mean(axis=0) for layer in trace.computed], axis=0
        ),
        "alti": _alti(model.stack.blocks, trace)[read].mean(axis=0),
    }
    if contributions is not None:
        scores["contributions"] = np.abs(contributions.from_tokens.sum(axis=(0, 1)))
    measured = np.array(effects)
    scores["effect"] = measured
    words = ~trace.text.special
    return tuple(
        Explanation(rung, of, spearman(of, measured, words), _favourite(of, measured, words))
        for rung, of in scores.items()
    )


def spearman(first: Float64, second: Float64, chosen: Mask) -> float | None:
    """Return the rank correlation over the chosen places, ties at their mean rank; None for none.

    Two places are the fewest that have one.
    """
    both = np.stack([first[chosen], second[chosen]]).astype(np.float64)
    if both.shape[1] < 2:  # noqa: PLR2004
        return None
    ranked = rank_rows(sort_rows(both, None), np.ones(both.shape[1], dtype=np.bool_))
    product = np.array([ranked.ranks[0] @ ranked.ranks[1]])
    found = correlation(product, ranked.squares[:1], ranked.squares[1:])
    return None if np.isnan(found[0]) else float(found[0])


def _favourite(first: Float64, second: Float64, chosen: Mask) -> float | None:
    if not chosen.any():
        return None
    marked = [tops(one[None], chosen[None]) for one in (first, second)]
    return float(top1_agreement(*marked)[0])


def _rollout(attention: Float64) -> Float64:
    """Return R, (T, T): R_l = (½·Ā_l + ½·I)·R_{l−1}, from R = I (Abnar & Zuidema 2020).

    ``attention`` is (N, T, T), the mean over the heads of each layer.
    """
    rolled = np.eye(attention.shape[1])
    for layer in attention:
        rolled = (layer @ rolled + rolled) / 2
    return rolled


def _value_weighted(layer: RebuiltLayer) -> Float64:
    """Return ‖Σ_h A_ij·v_j·Wo_h‖, (T, S), each row divided by its sum (Kobayashi et al. 2020)."""
    given = _given(layer)
    lengths = np.stack([np.linalg.norm(given(row), axis=1) for row in range(len(layer.states))])
    return _shares(lengths)


def _alti(blocks: Sequence[Block], trace: Trace) -> Float64:
    """Return C_L⋯C_1, (T, T), of how much of every place's state comes from each token.

    Ferrando et al. 2022, "Measuring the Mixing of Contextual Information in the Transformer":
    c_ij = max(0, ‖y_i‖₁ − ‖y_i − T_i(x_j)‖₁), rows divided by their sums.
    """
    arrived = np.eye(len(trace.text))
    for block, layer, traced in zip(blocks, trace.computed, trace.layers, strict=True):
        arrived = _mixed(block, layer, traced.hidden) @ arrived
    return arrived


def _mixed(block: Block, layer: RebuiltLayer, hidden: Array) -> Float64:
    """Return how much of every place's state behind one attention block is from each token."""
    stays = layer.states if block.residual_is_normed else hidden
    stays = stays.astype(np.float64)
    output = layer.output.astype(np.float64)
    norms = cast(block.attention_norms, np.float64)
    inside, after = norms.inside, norms.after
    factor = 1.0 if norms.factor is None else norms.factor
    end = stays + (output if inside is None else apply_norm(output, inside)) * factor
    shown = end if after is None else apply_norm(end, after)
    given = _given(layer)
    kept = np.empty((len(end), len(end)))
    for row in range(len(end)):
        parts = _scaled(given(row), output[row], inside) * factor
        parts[row] += stays[row]
        parts = _scaled(parts, end[row], after)
        whole = np.abs(shown[row]).sum()
        kept[row] = np.maximum(0, whole - np.abs(shown[row] - parts).sum(axis=1))
    return _shares(kept)


def _scaled(parts: Float64, whole: Float64, norm: Norm | None) -> Float64:
    """Return parts, (S, D), as a norm with the statistics of their ``whole``, (D,), makes them."""
    if norm is None:
        return parts
    centred = parts - parts.mean(axis=1, keepdims=True) if norm.centred else parts
    scaled = centred / spread_of(whole, norm)
    return scaled if norm.weight is None else scaled * norm.weight


def _given(layer: RebuiltLayer) -> Callable[[int], Float64]:
    """Return what gives for a row Σ_h A_ij·v_j·Wo_h of every token, (S, D)."""
    heads = len(layer.attention)
    weight = layer.output_projection.weight.astype(np.float64)
    slices = weight.reshape(len(weight), heads, -1)
    values = repeat_heads(layer.value, heads).astype(np.float64)
    moved = np.einsum("hsd,ohd->hso", values, slices, optimize=True)

    def row(at: int) -> Float64:
        weights = layer.attention[:, at].astype(np.float64)
        given: Float64 = np.einsum("hs,hso->so", weights, moved)
        return given

    return row


def _shares(rows: Float64) -> Float64:
    """Divide every row by its sum; a row of zeros stays one."""
    total = rows.sum(axis=1, keepdims=True)
    shares: Float64 = np.divide(rows, total, out=np.zeros_like(rows), where=total > 0)
    return shares
