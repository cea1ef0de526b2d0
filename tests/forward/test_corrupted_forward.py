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
from inspector.records import Array, Block, Experts, FeedForward, Model, Norms, Stack

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


def without_the_residuals_factor(model: Model) -> Model | None:
    if model.stack.blocks[0].attention_norms.factor is None:
        return None
    return each_block(
        model,
        lambda block: replace(block, attention_norms=replace(block.attention_norms, factor=None)),
    )


def first_feed_forward(model: Model) -> FeedForward:
    feed = model.stack.blocks[0].feed_forward
    return feed.each[0] if isinstance(feed, Experts) else feed


def each_feed_forward(model: Model, change: Callable[[FeedForward], FeedForward]) -> Model:
    """Change every feed-forward, and of a mixture every expert and the shared one."""

    def changed(block: Block) -> Block:
        feed = block.feed_forward
        if not isinstance(feed, Experts):
            return replace(block, feed_forward=change(feed))
        shared = None if feed.shared is None else change(feed.shared)
        each = [change(expert) for expert in feed.each]
        return replace(block, feed_forward=replace(feed, each=each, shared=shared))

    return each_block(model, changed)


def with_another_activation(model: Model) -> Model | None:
    feed = first_feed_forward(model)
    if feed.bounded is not None:
        return each_feed_forward(model, lambda feed: replace(feed, activation="silu", bounded=None))
    other = "relu" if feed.activation != "relu" else "silu"
    return each_feed_forward(model, lambda feed: replace(feed, activation=other))


def with_gate_and_up_exchanged(model: Model) -> Model | None:
    if first_feed_forward(model).gate is None:
        return None

    def exchange(feed: FeedForward) -> FeedForward:
        assert feed.gate is not None
        return replace(feed, up=feed.gate, gate=feed.up)

    return each_feed_forward(model, exchange)


def of_experts(change: Callable[[Experts], Experts | None]) -> Callable[[Model], Model | None]:
    """Change every mixture; None where the last block has none, or one that is not changed."""

    def corrupt(model: Model) -> Model | None:
        last = model.stack.blocks[-1].feed_forward
        if not isinstance(last, Experts) or change(last) is None:
            return None

        def changed(block: Block) -> Block:
            feed = block.feed_forward
            given = change(feed) if isinstance(feed, Experts) else feed
            assert given is not None
            return replace(block, feed_forward=given)

        return each_block(model, changed)

    return corrupt


def with_one_expert_too_few(feed: Experts) -> Experts:
    return replace(feed, router=replace(feed.router, chosen=feed.router.chosen - 1))


def with_other_shares(feed: Experts) -> Experts | None:
    router = feed.router
    if router.kind in ("chosen", "sparse"):
        return replace(feed, router=replace(router, kind="softmax"))
    return replace(feed, router=replace(router, normalised=not router.normalised))


def without_a_shared_expert(feed: Experts) -> Experts | None:
    return None if feed.shared is None else replace(feed, shared=None)


def without_the_share_of_the_shared(feed: Experts) -> Experts | None:
    return None if feed.shared_share is None else replace(feed, shared_share=None)


def without_a_correction(feed: Experts) -> Experts | None:
    if feed.router.correction is None:
        return None
    return replace(feed, router=replace(feed.router, correction=None))


def without_groups(feed: Experts) -> Experts | None:
    if feed.router.groups == feed.router.best_groups:
        return None
    return replace(feed, router=replace(feed.router, best_groups=feed.router.groups))


def without_the_scale_of_shares(feed: Experts) -> Experts | None:
    return None if feed.router.scale == 1 else replace(feed, router=replace(feed.router, scale=1.0))


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
    "the residual's factor left out": without_the_residuals_factor,
    "activation exchanged": with_another_activation,
    "gate and up exchanged": with_gate_and_up_exchanged,
    "an expert too few": of_experts(with_one_expert_too_few),
    "experts' shares taken otherwise": of_experts(with_other_shares),
    "the shared expert left out": of_experts(without_a_shared_expert),
    "the shared expert's share left out": of_experts(without_the_share_of_the_shared),
    "the router's correction left out": of_experts(without_a_correction),
    "experts of all groups": of_experts(without_groups),
    "the experts' scale left out": of_experts(without_the_scale_of_shares),
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
    variants = ("bert", "gemma2", "qwen2_moe", "glm4_moe", "t5", "bart, scaled embeddings")
    others = ("deberta-v2, convolved", "granite", "xmod", "ernie", "esm")
    models = [Made(name).checkpoint.model for name in (*variants, *others)]
    for name, corrupt in CORRUPTIONS.items():
        assert any(model is not None and corrupt(model) is not None for model in models), name
