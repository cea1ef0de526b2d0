"""The blocks of a stack: each its attention, its feed-forward and the norms around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

from inspector.checkpoint.model.attention import attention_layer
from inspector.checkpoint.model.experts import experts
from inspector.checkpoint.model.modules import Modules
from inspector.families.covered import LEARNED
from inspector.families.parts import Adapters, Body, Feed, Where, found, holds
from inspector.families.spec import Family
from inspector.records import (
    Adapter,
    Block,
    Convolution,
    FeedForward,
    Norm,
    Norms,
    Projection,
    Xielu,
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
        feed_forward=experts(modules, feed, feed.mixture, config, at)
        if feed.mixture is not None and feed.mixture.within(config, layer)
        else _feed_forward(modules, feed, config, at),
        feed_forward_norms=_norms(modules, body, config, at, layer),
        parallel=holds(body.parallel, config),
        residual_is_normed=bool(getattr(config, body.residual_is_normed or "", False)),
        adapter=_adapter(modules, body.adapters, feed.activates(config), config, at)
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
    inside, after = (
        _norm(modules, at, where, config, layer)
        for where in (family.norm_inside, family.norm_after)
    )
    factor = None if family.body is None else _factor(family.body, config)
    return Norms(before, inside, after, factor)


def _norms(modules: Modules, body: Body, config: Any, at: str, layer: int) -> Norms:
    feed = body.feed_forward
    before, inside, after = (
        _norm(modules, at, where, config, layer) for where in (feed.before, feed.inside, feed.after)
    )
    return Norms(before, inside, after, _factor(body, config))


def _norm(modules: Modules, at: str, where: Where, config: Any, layer: int) -> Norm | None:
    """Return a norm of a layer, which may stand in a list of its own."""
    if not (path := found(where, config)):
        return None
    return modules.norm(path.format(i=layer) if "{i}" in path else f"{at}.{path}")


def _factor(body: Body, config: Any) -> float | None:
    return float(getattr(config, body.residual_multiplier)) if body.residual_multiplier else None


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
        activation=_activation(modules, feed, config, at),
        up=up,
        gate=gate,
        down=modules.projection(f"{at}.{feed.down}"),
    )


def _activation(modules: Modules, feed: Feed, config: Any, at: str) -> str | Xielu:
    name = feed.activates(config)
    if name not in LEARNED:
        return name
    parts = ("alpha_p", "alpha_n", "beta", "eps")
    positive, negative, beta, eps = (
        modules.tensor(f"{at}.{feed.learned}.{part}") for part in parts
    )
    return Xielu(positive=positive, negative=negative, beta=beta, eps=eps)


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
