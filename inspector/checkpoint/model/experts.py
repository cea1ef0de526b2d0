"""A router and its experts, out of a file in which they lie together or each by itself.

There may be hundreds of experts in a layer, of which a text goes through a few: each is put
together, and widened where that is needed, when the router has chosen it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, overload

from inspector.checkpoint.model.modules import Modules
from inspector.errors import ModelError
from inspector.families.parts import Feed, Mixture
from inspector.records import BoundedGate, Experts, FeedForward, Projection, Router

#: Makes a feed-forward of its three projections: the rest is the same for all experts.
Plain = Callable[..., FeedForward]


class Each(Sequence[FeedForward]):
    """The experts of a layer; none is kept."""

    def __init__(self, build: Callable[[int], FeedForward], count: int) -> None:
        self._build = build
        self._count = count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> FeedForward: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[FeedForward]: ...
    def __getitem__(self, index: int | slice) -> FeedForward | Sequence[FeedForward]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self._count))]
        if not 0 <= index < self._count:
            raise IndexError(index)
        return self._build(index)

    def __iter__(self) -> Iterator[FeedForward]:
        return (self[i] for i in range(self._count))


def experts(modules: Modules, feed: Feed, mixture: Mixture, config: Any, at: str) -> Experts:
    """Return the experts of the layer at a path, and what chooses among them.

    Raises
    ------
    ModelError
        When the file lacks a tensor, or when the numbers of the config do not fit it.
    """
    router = _router(modules, mixture, config, at)
    bounded = mixture.bounded
    plain = partial(
        FeedForward,
        activation="" if bounded else feed.activates(config),
        bounded=BoundedGate(float(config.swiglu_alpha), float(config.swiglu_limit))
        if bounded
        else None,
    )
    shared = mixture.shared
    return Experts(
        router=router,
        each=Each(_builder(modules, mixture, at, plain), len(router.scores.weight)),
        shared=_by_itself(modules, shared, at, plain) if shared else None,
        shared_share=modules.linear(f"{at}.{path}") if (path := mixture.shared_share) else None,
    )


def _router(modules: Modules, mixture: Mixture, config: Any, at: str) -> Router:
    places = [f"{at}.{path}" for path in mixture.router]
    place = next((path for path in places if modules.has(f"{path}.weight")), places[-1])
    scores = modules.linear(place)
    groups, best = (
        (int(getattr(config, name) or 0) for name in mixture.groups)
        if mixture.groups and _grouped(mixture, config)
        else (1, 1)
    )
    count, chosen = (int(getattr(config, name) or 0) for name in (mixture.count, mixture.chosen))
    if count != len(scores.weight):
        raise _unfit(f"{count} experts, and {place} chooses among {len(scores.weight)}")
    if groups < 1 or count % groups or not 1 <= best <= groups:
        raise _unfit(f"{best} of {groups} groups of {count} experts")
    if not 1 <= chosen <= count // groups * best:
        raise _unfit(f"{chosen} of {count // groups * best} experts for each token")
    named = mixture.normalised
    return Router(
        scores=scores,
        kind=mixture.kind,
        chosen=chosen,
        normalised=bool(getattr(config, named)) if isinstance(named, str) else named,
        scale=float(getattr(config, mixture.scale)) if mixture.scale else 1.0,
        correction=modules.tensor(f"{at}.{mixture.correction}") if mixture.correction else None,
        groups=groups,
        best_groups=best,
        best_of_group=mixture.best_of_group,
        tolerance=float(getattr(config, mixture.tolerance)) if mixture.tolerance else 0.0,
    )


def _grouped(mixture: Mixture, config: Any) -> bool:
    """Say whether only the experts of some groups are chosen from."""
    if mixture.grouped is None:
        return True
    name, without, within = mixture.grouped
    if (said := getattr(config, name)) not in (without, within):
        raise ModelError(
            f"The config says {name} = {said!r}, and {without!r} and {within!r} are known.",
            "Use a checkpoint whose router chooses in one of these ways.",
        )
    return bool(said == within)


def _unfit(said: str) -> ModelError:
    return ModelError(
        f"The config says that a layer has {said}, which does not fit.",
        "Use a checkpoint whose config.json belongs to its weights.",
    )


def _builder(
    modules: Modules, mixture: Mixture, at: str, plain: Plain
) -> Callable[[int], FeedForward]:
    """Return what puts one expert together, by how the file has them."""
    for names in mixture.together:
        if modules.has(f"{at}.{names[0]}"):
            return partial(_of_all, modules, mixture.turned, [f"{at}.{n}" for n in names], plain)

    def build(expert: int) -> FeedForward:
        ways = [tuple(path.format(e=expert) for path in way) for way in mixture.apart]
        way = next((way for way in ways if modules.has(f"{at}.{way[0]}.weight")), ways[-1])
        return _by_itself(modules, way, at, plain)

    if mixture.apart:
        return build
    raise _unfit("experts that the weights have in no way that is known")


def _by_itself(modules: Modules, way: Sequence[str], at: str, plain: Plain) -> FeedForward:
    gate, up, down = (modules.projection(f"{at}.{path}") for path in way)
    return plain(gate=gate, up=up, down=down)


def _of_all(
    modules: Modules, turned: bool, names: Sequence[str], plain: Plain, expert: int
) -> FeedForward:
    """Take one expert's part of the tensors that have all of them."""
    both, down = (modules.one_of(name, expert) for name in names)
    if not turned:
        half = len(both) // 2
        return plain(
            gate=Projection(both[:half], None),
            up=Projection(both[half:], None),
            down=Projection(down, None),
        )
    both_bias, down_bias = (modules.one_of(f"{name}_bias", expert) for name in names)
    gate, up = (Projection(both[:, one::2].T, both_bias[one::2]) for one in (0, 1))
    return plain(gate=gate, up=up, down=Projection(down.T, down_bias))
