"""Each part of a model, done wrongly once, must be seen end to end, in every family that has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from forward_models import ALL, Made, differences, run_theirs

from inspector.forward import block as block_module
from inspector.forward.model import forward
from inspector.records import Array, Block, Experts, Model, Norms, Stack

#: Far above what rounding does, and above the house's bound.
SEEN = 1e-3


def each_stack(model: Model, change: Callable[[Stack], Stack]) -> Model:
    decoder = None if model.decoder is None else change(model.decoder)
    return replace(model, stack=change(model.stack), decoder=decoder)


def each_block(model: Model, change: Callable[[Block], Block]) -> Model:
    return each_stack(
        model, lambda stack: replace(stack, blocks=[change(block) for block in stack.blocks])
    )


def without_last_norm(model: Model) -> Model | None:
    if model.stack.norm is None:
        return None
    return each_stack(model, lambda stack: replace(stack, norm=None))


def without_embedding_norm(model: Model) -> Model | None:
    if model.stack.embeddings.norm is None:
        return None
    return each_stack(
        model, lambda stack: replace(stack, embeddings=replace(stack.embeddings, norm=None))
    )


def without_a_norm(where: str) -> Callable[[Model], Model | None]:
    def corrupt(model: Model) -> Model | None:
        if getattr(model.stack.blocks[0].feed_forward_norms, where) is None:
            return None
        return each_block(
            model,
            lambda block: replace(
                block, feed_forward_norms=replace(block.feed_forward_norms, **{where: None})
            ),
        )

    return corrupt


def without_norms_behind_attention(model: Model) -> Model | None:
    norms = model.stack.blocks[0].attention_norms
    if norms.inside is None and norms.after is None:
        return None
    return each_block(model, lambda block: replace(block, attention_norms=Norms()))


def with_another_activation(model: Model) -> Model | None:
    feed = model.stack.blocks[0].feed_forward
    if isinstance(feed, Experts):
        return None
    other = "relu" if feed.activation != "relu" else "silu"
    return each_block(
        model,
        lambda block: replace(
            block,
            feed_forward=replace(block.feed_forward, activation=other),  # type: ignore[type-var]
        ),
    )


def with_gate_and_up_exchanged(model: Model) -> Model | None:
    feed = model.stack.blocks[0].feed_forward
    if isinstance(feed, Experts) or feed.gate is None:
        return None

    def exchange(block: Block) -> Block:
        feed: Any = block.feed_forward
        return replace(block, feed_forward=replace(feed, up=feed.gate, gate=feed.up))

    return each_block(model, exchange)


def with_one_expert_too_few(model: Model) -> Model | None:
    if not isinstance(model.stack.blocks[0].feed_forward, Experts):
        return None

    def fewer(block: Block) -> Block:
        feed: Any = block.feed_forward
        return replace(block, feed_forward=replace(feed, chosen=feed.chosen - 1))

    return each_block(model, fewer)


def with_positions_shifted(model: Model) -> Model | None:
    tables = model.stack.embeddings
    if tables.positions is None:
        return None
    moved = replace(tables, offset=tables.offset + 1)
    return replace(model, stack=replace(model.stack, embeddings=moved))


def without_token_types(model: Model) -> Model | None:
    tables = model.stack.embeddings
    if tables.types is None or tables.types_if_told or len(tables.types) < 2:
        return None
    return replace(model, stack=replace(model.stack, embeddings=replace(tables, types=None)))


def without_the_scale(model: Model) -> Model | None:
    if model.stack.embeddings.scale is None:
        return None
    return each_stack(
        model, lambda stack: replace(stack, embeddings=replace(stack.embeddings, scale=None))
    )


def beside_and_behind_exchanged(model: Model) -> Model | None:
    if model.decoder is not None or model.stack.blocks[0].residual_is_normed:
        return None
    if any(block.attention_norms.after for block in model.stack.blocks):
        return None
    return each_block(model, lambda block: replace(block, parallel=not block.parallel))


def without_the_convolution(model: Model) -> Model | None:
    if model.stack.blocks[0].convolution is None:
        return None
    return each_block(model, lambda block: replace(block, convolution=None))


def without_adapters(model: Model) -> Model | None:
    if model.stack.blocks[0].adapter is None:
        return None
    return each_block(model, lambda block: replace(block, adapter=None))


def with_adapters_read_otherwise(model: Model) -> Model | None:
    """Added to what went into their norm, and not to what came out, or the other way around."""
    if model.stack.blocks[0].adapter is None:
        return None

    def otherwise(block: Block) -> Block:
        adapter: Any = block.adapter
        other = replace(adapter, residual_is_normed=not adapter.residual_is_normed)
        return replace(block, adapter=other)

    return each_block(model, otherwise)


def without(part: str) -> Callable[[Model], Model | None]:
    def corrupt(model: Model) -> Model | None:
        tables: Any = model.stack.embeddings
        if getattr(tables, part) is None:
            return None
        cut = replace(tables, **{part: None})
        return replace(model, stack=replace(model.stack, embeddings=cut))

    return corrupt


def with_an_untied_head(model: Model) -> Model:
    assert model.head is not None
    return replace(model, head=replace(model.head, words=np.roll(model.head.words, 1, axis=0)))


def without_the_heads_transform(model: Model) -> Model | None:
    if model.head is None or model.head.norm is None:
        return None
    return replace(model, head=replace(model.head, norm=None))


def without_the_heads_bias(model: Model) -> Model | None:
    if model.head is None or model.head.bias is None or not model.head.bias.any():
        return None
    return replace(model, head=replace(model.head, bias=None))


def without_the_heads_scale_and_cap(model: Model) -> Model | None:
    if model.head is None or (model.head.scale is None and model.head.softcap is None):
        return None
    return replace(model, head=replace(model.head, scale=None, softcap=None))


CORRUPTIONS: dict[str, Callable[[Model], Model | None]] = {
    "the last norm left out": without_last_norm,
    "the embeddings' norm left out": without_embedding_norm,
    "the norm before the feed-forward left out": without_a_norm("before"),
    "the norm within the feed-forward left out": without_a_norm("inside"),
    "the norm behind the feed-forward left out": without_a_norm("after"),
    "the norms behind attention left out": without_norms_behind_attention,
    "activation exchanged": with_another_activation,
    "gate and up exchanged": with_gate_and_up_exchanged,
    "an expert too few": with_one_expert_too_few,
    "positions shifted by one": with_positions_shifted,
    "segments left out": without_token_types,
    "the embeddings' scale left out": without_the_scale,
    "beside and behind exchanged": beside_and_behind_exchanged,
    "the convolution left out": without_the_convolution,
    "adapters left out": without_adapters,
    "adapters read otherwise": with_adapters_read_otherwise,
    "the task left out": without("task"),
    "masked tokens left in": without("dropped"),
    "the head untied": with_an_untied_head,
    "the head's norm left out": without_the_heads_transform,
    "the head's bias left out": without_the_heads_bias,
    "the head's scale and cap left out": without_the_heads_scale_and_cap,
}


@pytest.mark.parametrize("variant", ALL)
def test_what_is_done_wrongly_is_seen(variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    it = Made(variant)
    theirs = run_theirs(it.model, it.text, it.target)
    right = it.checkpoint.model
    assert right is not None
    for name, corrupt in CORRUPTIONS.items():
        if (wrong := corrupt(right)) is None:
            continue
        ours = forward(
            replace(it.checkpoint, model=wrong), it.text, it.target, keep=("layers", "logits")
        )
        found = differences(ours, theirs, slice(None))
        assert max(found.values()) > SEEN, name

    def doubled(states: Array, weights: Any, workers: Any) -> Array:
        given: Array = real(states, weights, workers) + states
        return given

    real = block_module.feed_forward
    monkeypatch.setattr(block_module, "feed_forward", doubled)
    ours = forward(it.checkpoint, it.text, it.target, keep=("layers", "logits"))
    assert max(differences(ours, theirs, slice(None)).values()) > SEEN


def test_every_corruption_is_of_something() -> None:
    variants = ("bert", "gemma2", "gpt_oss", "t5", "bart, scaled embeddings")
    models = [
        Made(name).checkpoint.model
        for name in (*variants, "deberta-v2, convolved", "xmod", "ernie", "esm")
    ]
    for name, corrupt in CORRUPTIONS.items():
        assert any(model is not None and corrupt(model) is not None for model in models), name
