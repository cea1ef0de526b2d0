"""The blocks of a stack: each its attention, its feed-forward and the norms around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

from inspector.checkpoint.model.attention import attention_layer
from inspector.checkpoint.model.modules import Modules
from inspector.families.parts import Adapters, Body, Feed, found, holds
from inspector.families.spec import Family
from inspector.records import (
    Adapter,
    Block,
    Convolution,
    Experts,
    FeedForward,
    Norm,
    Norms,
    Projection,
)


class Blocks(Sequence[Block]):
    """The blocks of a stack, each put together when it is asked for.

    ``kept`` says whether they are then kept: views are, what had to be widened is not.
    """

    def __init__(self, build: Callable[[int], Block], count: int, *, kept: bool) -> None:
        self._build = build
        self._count = count
        self._known: dict[int, Block] | None = {} if kept else None

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Block: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Block]: ...
    def __getitem__(self, index: int | slice) -> Block | Sequence[Block]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self._count))]
        if not -self._count <= index < self._count:
            raise IndexError(index)
        index %= self._count
        if self._known is None:
            return self._build(index)
        if index not in self._known:
            self._known[index] = self._build(index)
        return self._known[index]

    def __iter__(self) -> Iterator[Block]:
        return (self[i] for i in range(self._count))


def body_of(family: Family) -> Body:
    """Return what a row says of what is around its attention."""
    if family.body is None:
        raise ValueError(f"the row of {family.model_type} ({family.site}) says nothing around it")
    return family.body


def block(modules: Modules, family: Family, cross: Family | None, config: Any, layer: int) -> Block:
    """Put one block together; ``cross`` is the row of its attention on the encoder, if it has one.

    Raises
    ------
    ModelError
        When the row names a tensor that the file lacks.
    """
    body = body_of(family)
    attention = attention_layer(modules, family, config, layer)
    feed = body.feed_forward
    at = feed.layer.format(i=layer) if feed.layer else family.layer_paths(config)[layer]
    return Block(
        attention=attention,
        attention_norms=_attention_norms(modules, family, config, layer, attention.weights.norm),
        cross=None if cross is None else (beside := attention_layer(modules, cross, config, layer)),
        cross_norms=Norms()
        if cross is None
        else _attention_norms(modules, cross, config, layer, beside.weights.norm),
        feed_forward=_experts(modules, feed, config, at)
        if feed.experts
        else _feed_forward(modules, feed, config, at),
        feed_forward_norms=Norms(
            *(
                modules.norm(f"{at}.{path}") if (path := found(where, config)) else None
                for where in (feed.before, feed.inside, feed.after)
            )
        ),
        parallel=holds(body.parallel, config),
        residual_is_normed=bool(getattr(config, body.residual_is_normed or "", False)),
        adapter=_adapter(modules, body.adapters, _activation(feed, config), config, at)
        if body.adapters
        else None,
        convolution=_convolution(modules, body.convolution, config)
        if body.convolution and layer == 0
        else None,
    )


def _attention_norms(
    modules: Modules, family: Family, config: Any, layer: int, before: Norm | None
) -> Norms:
    at = family.layer_paths(config)[layer]
    inside, after = (found(where, config) for where in (family.norm_inside, family.norm_after))
    return Norms(
        before,
        modules.norm(f"{at}.{inside}") if inside else None,
        modules.norm(f"{at}.{after}") if after else None,
    )


def _feed_forward(modules: Modules, feed: Feed, config: Any, at: str) -> FeedForward:
    if feed.fused:
        both = modules.projection(f"{at}.{feed.fused}")
        half = len(both.weight) // 2
        gate: Projection | None
        gate, up = (
            Projection(both.weight[rows], None if both.bias is None else both.bias[rows])
            for rows in (slice(0, half), slice(half, None))
        )
    else:
        path = found(feed.gate, config)
        gate = modules.projection(f"{at}.{path}") if path else None
        up = modules.projection(f"{at}.{found(feed.up, config)}")
    return FeedForward(
        activation=_activation(feed, config),
        up=up,
        gate=gate,
        down=modules.projection(f"{at}.{feed.down}"),
    )


def _activation(feed: Feed, config: Any) -> str:
    return feed.fixed or str(getattr(config, feed.activation))


def _experts(modules: Modules, feed: Feed, config: Any, at: str) -> Experts:
    parts = ("gate_up_proj", "gate_up_proj_bias", "down_proj", "down_proj_bias")
    gate_up, gate_up_bias, down, down_bias = (
        modules.tensor(f"{at}.{feed.experts}.{part}") for part in parts
    )
    return Experts(
        router=modules.linear(f"{at}.{feed.router}"),
        gate_up=gate_up,
        gate_up_bias=gate_up_bias,
        down=down,
        down_bias=down_bias,
        chosen=int(config.num_experts_per_tok),
        slope=float(config.swiglu_alpha),
        limit=float(config.swiglu_limit),
    )


def _adapter(
    modules: Modules, adapters: Adapters, activation: str, config: Any, at: str
) -> Adapter:
    one = f"{at}.{adapters.path}.{getattr(config, adapters.chosen)}"
    norm = found(adapters.norm, config)
    return Adapter(
        feed_forward=FeedForward(
            activation=activation,
            up=modules.projection(f"{one}.{adapters.up}"),
            gate=None,
            down=modules.projection(f"{one}.{adapters.down}"),
        ),
        norm=modules.norm(f"{at}.{norm}") if norm else None,
        residual_is_normed=bool(getattr(config, adapters.residual_is_normed)),
    )


def _convolution(modules: Modules, path: str, config: Any) -> Convolution | None:
    if int(getattr(config, "conv_kernel_size", 0)) <= 0:
        return None
    return Convolution(
        weight=modules.tensor(f"{path}.conv.weight"),
        bias=modules.tensor(f"{path}.conv.bias"),
        groups=int(getattr(config, "conv_groups", 1)),
        activation=str(getattr(config, "conv_act", "tanh")),
        norm=modules.norm(f"{path}.LayerNorm"),
    )
