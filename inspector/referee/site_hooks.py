"""What enters a model's layers, what their attention gives and what the model ends with, copied.

It is read by hooks on the modules that the family's row names; they are set last, so that they see
what the module really takes and gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch

from inspector.families.spec import Family
from inspector.record import record
from inspector.records import Array, SiteName


@record(frozen=True, slots=True)
class SiteStates:
    """What enters a site's layers and what their attention gives, in the order of the layers."""

    hidden: list[Array]
    output: list[Array]


@contextmanager
def watch_sites(model: Any, family: Family | None) -> Iterator[dict[SiteName, SiteStates]]:
    """Copy what enters the layers of every site and what their attention gives.

    Copied at once: what comes after may change a tensor in place.
    """
    seen: dict[SiteName, SiteStates] = {}
    with ExitStack() as hooks:
        for site in () if family is None else family.sites:
            seen[site.site] = _watch_one(model, site, hooks)
        yield seen


@contextmanager
def watch_bridge(model: Any, family: Family | None, heard: list[Array]) -> Iterator[None]:
    """Copy an encoder's states as a decoder of another width hears them, where there is one."""
    bridge = getattr(model, family.bridge, None) if family and family.bridge else None
    with ExitStack() as hooks:
        if bridge is not None:
            hooks.enter_context(
                bridge.register_forward_hook(
                    lambda _module, _args, result: heard.append(copied(result))
                )
            )
        yield


@contextmanager
def watch_end(model: Any, family: Family | None, final: list[Array]) -> Iterator[None]:
    """Copy the states that the base model ends with, of an encoder–decoder its decoder's."""

    def keep(_module: Any, _args: Any, result: Any) -> None:
        if (states := getattr(result, "last_hidden_state", None)) is not None:
            final.append(copied(states))

    with model.get_submodule(family.sites[-1].stands if family else "").register_forward_hook(keep):
        yield


def _watch_one(model: Any, family: Family, hooks: ExitStack) -> SiteStates:
    seen = SiteStates([], [])
    # An empty path is the model itself.
    stack = model.get_submodule(family.stands)
    # A module that several layers share is called once for each of them, in their order.
    for path in dict.fromkeys(family.layer_paths(model.config)):
        layer = stack.get_submodule(path)
        hooks.enter_context(
            # An empty path is the layer itself.
            layer.get_submodule(family.entry).register_forward_pre_hook(
                lambda _module, args, named: seen.hidden.append(
                    copied(args[0] if args else named["hidden_states"])
                ),
                with_kwargs=True,
            )
        )
        hooks.enter_context(
            layer.get_submodule(family.output).register_forward_hook(
                lambda _module, _args, result: seen.output.append(copied(result))
            )
        )
    return seen


def copied(tensor: torch.Tensor) -> Array:
    """Copy the only text of a batch out of torch; (1, …) → (…), float32 or float64."""
    array: Array = np.array(tensor[0].detach().cpu().numpy(), copy=True)
    return array
