"""Which word, through which head, put the answer there: the answer's logit as a sum of parts.

Where a residual stream is a sum, a logit is one too, once the statistics of the norms on the way
are taken as they are: of the embedding, of every feed-forward, every bias, and of every head and
each token that it reads (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits").
All in float64, on what the pass computed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from inspector.forward.casting import cast
from inspector.forward.core import repeat_heads
from inspector.forward.feed_forward import feed_forward
from inspector.forward.norms import apply_norm, spread_of
from inspector.parallel import Workers
from inspector.records import Block, Checkpoint, Float64, Head, Norm, Norms, RebuiltLayer, Trace
from inspector.records.effects import Answer, Contributions, Part


def no_contributions(checkpoint: Checkpoint) -> str | None:
    """Return why a model's logit is no sum of parts; None where it is."""
    model = checkpoint.model
    if model is None or model.head is None:
        return "the model has no head for words"
    if model.head.kind != "causal" or model.decoder is not None:
        return "only a causal model's next word is taken apart"
    if model.head.transform is not None or model.stack.projection is not None:
        return "between its last block and its words stands one more layer"
    after = [
        norms.after
        for block in model.stack.blocks
        for norms in (block.attention_norms, block.feed_forward_norms)
    ]
    if any(after) or any(block.residual_is_normed for block in model.stack.blocks):
        return "its norms stand behind the sub-layers, so its stream is no sum"
    return None


def contributions_of(checkpoint: Checkpoint, trace: Trace, answer: Answer) -> Contributions | None:
    """Take the logit of a causal model's answer apart; None where ``no_contributions`` says why."""
    model = checkpoint.model
    if model is None or model.head is None or no_contributions(checkpoint) or not answer.places:
        return None
    place = answer.places[0]
    row = len(trace.text) - 1
    streams = _Streams(model.stack.blocks, trace, row)
    direction, bias = _towards(streams.end, model.stack.norm, model.head, place.id)
    parts = [Part("embedding", None, None, float(streams.entering @ direction))]
    from_tokens = np.zeros((len(trace.computed), trace.heads, len(trace.text)))
    for index, layer in enumerate(trace.computed):
        norms = model.stack.blocks[index].attention_norms
        factor = 1.0 if norms.factor is None else norms.factor
        here, beside = _through(norms.inside, streams.attention[index], direction * factor)
        each = _by_token(layer, row, here)
        from_tokens[index, : len(each)] = each
        parts += [Part("head", layer.layer, head, float(of.sum())) for head, of in enumerate(each)]
        if layer.output_projection.bias is not None:
            beside += float(layer.output_projection.bias.astype(np.float64) @ here)
        if beside:
            parts.append(Part("bias", layer.layer, None, beside))
        fed = float(streams.feed_forward[index] @ direction)
        parts.append(Part("feed_forward", layer.layer, None, fed))
    if bias:
        parts.append(Part("bias", None, None, bias))
    total = _capped(math.fsum(part.value for part in parts), model.head)
    error = abs(total - place.logit) / max(1.0, abs(place.logit))
    return Contributions(place, tuple(parts), from_tokens, error)


class _Streams:
    """What is added to the residual stream at one row: (D,) float64 each."""

    def __init__(self, blocks: Sequence[Block], trace: Trace, row: int) -> None:
        self.entering = trace.layers[0].hidden[row].astype(np.float64)
        #: Attention's output, and what the feed-forward adds, norms inside the latter applied.
        self.attention: list[Float64] = []
        self.feed_forward: list[Float64] = []
        self.end = self.entering
        for block, layer in zip(blocks, trace.computed, strict=True):
            around = cast(block.attention_norms, np.float64)
            norms = cast(block.feed_forward_norms, np.float64)
            given = layer.output[row].astype(np.float64)
            added = _multiplied(_normed(given, around.inside), around)
            if block.parallel:
                stays = layer.states[row].astype(np.float64)
                read = stays if norms.before is None else _normed(self.end, norms.before)
            else:
                read = _normed(self.end + added, norms.before)
            with Workers(1) as workers:
                weights = cast(block.feed_forward, np.float64)
                fed = feed_forward(read[None], weights, workers)[0]
            if not block.parallel:
                fed = _multiplied(_normed(fed, norms.inside), norms)
            self.attention.append(given)
            self.feed_forward.append(fed)
            self.end = self.end + added + fed


def _multiplied(given: Float64, norms: Norms) -> Float64:
    return given if norms.factor is None else given * norms.factor


def _normed(states: Float64, norm: Norm | None) -> Float64:
    return states if norm is None else apply_norm(states[None], cast(norm, np.float64))[0]


def _towards(end: Float64, norm: Norm | None, head: Head, entry: int) -> tuple[Float64, float]:
    """Return what a part of the stream is multiplied with to be a part of the logit, and the rest.

    The rest is what biases add behind the stream.
    """
    words = head.words[entry].astype(np.float64)
    if head.scale is not None:
        words = words * head.scale
    direction, bias = _through(norm, end, words)
    if head.bias is not None:
        bias += float(head.bias[entry])
    return direction, bias


def _through(norm: Norm | None, states: Float64, direction: Float64) -> tuple[Float64, float]:
    """Return a direction behind a norm as one before it, the norm's statistics those of ``states``.

    And what the norm's bias adds in that direction.
    """
    if norm is None:
        return direction, 0.0
    before = direction / spread_of(states, norm)
    if norm.weight is not None:
        before = before * norm.weight
    if norm.centred:
        before = before - before.mean()
    return before, 0.0 if norm.bias is None else float(norm.bias.astype(np.float64) @ direction)


def _by_token(layer: RebuiltLayer, row: int, direction: Float64) -> Float64:
    """Return A_ij·(v_j·Wo_h) in a direction for every head and source token of a row, (H, S)."""
    weights = layer.attention[:, row].astype(np.float64)
    heads = len(weights)
    turned = (direction @ layer.output_projection.weight.astype(np.float64)).reshape(heads, -1)
    values = repeat_heads(layer.value, heads).astype(np.float64)
    each: Float64 = weights * np.einsum("hsd,hd->hs", values, turned)
    return each


def _capped(logit: float, head: Head) -> float:
    """Return a logit behind the cap that a model puts on it.

    The other way round a logit at the cap could come from anything above it.
    """
    return logit if head.softcap is None else head.softcap * math.tanh(logit / head.softcap)
