"""What edits come to in one attention sub-layer, and which of them name what is not there."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np

from inspector.forward.core import repeat_heads
from inspector.record import record
from inspector.records import (
    Array,
    BlockEdge,
    BlockToken,
    Edit,
    Mask,
    Model,
    PatchHead,
    RebuiltLayer,
    SilenceHead,
    SiteName,
    Stack,
    Text,
)


@record(frozen=True, slots=True)
class Change:
    """What is changed in one attention sub-layer for one text."""

    #: (T, S) True where a query attends to a key no longer; None for nowhere.
    forbidden: Mask | None = None
    heads: tuple[SilenceHead | PatchHead, ...] = ()

    def apply(self, mixed: Array, start: int = 0, present: Mask | None = None) -> None:
        """Change what the heads give, (H, T, d), in place; ``start`` is the first place.

        ``present``, (T,), is False where a place is padding, which no mean is of.
        """
        for edit in self.heads:
            if isinstance(edit, PatchHead):
                mixed[edit.head] = edit.given[start : start + mixed.shape[1]]
            elif edit.to == "mean":
                its = mixed[edit.head]
                mixed[edit.head] = (its if present is None else its[present]).mean(axis=0)
            else:
                mixed[edit.head] = 0


def change_at(
    edits: Sequence[Edit], site: SiteName, layer: int, queries: int, keys: int, start: int = 0
) -> Change:
    """Return what edits change at one layer of a site; ``start`` is the place of the first query.

    Raises
    ------
    ValueError
        When a head's mean over the text is asked for where only some places of it are run.
    """
    if not edits:
        return Change()
    forbidden = np.zeros((queries, keys), dtype=np.bool_)
    heads = []
    for edit in edits:
        match edit:
            case SilenceHead() | PatchHead():
                if (edit.site, edit.layer) == (site, layer):
                    heads.append(edit)
            case BlockToken(token, of):
                whose = {"text": ("self", "encoder", "cross"), "target": ("decoder",)}[of]
                # What comes later in a text that is read on is no key yet.
                if site in whose and token < keys:
                    others = np.arange(start, start + queries) != token
                    forbidden[:, token] = True if site == "cross" else others
            case BlockEdge():
                row = edit.query - start
                here = edit.site == site and edit.first <= layer <= edit.last
                if here and 0 <= row < queries and edit.key < keys:
                    forbidden[row, edit.key] = True
    if start and any(isinstance(edit, SilenceHead) and edit.to == "mean" for edit in heads):
        raise ValueError("a head's mean over the text does not go with a cache")
    return Change(forbidden if forbidden.any() else None, tuple(heads))


def given_by(layer: RebuiltLayer) -> Array:
    """Return what the heads of a layer gave in a pass of our own forward, A·V: (H, T, d)."""
    heads = len(layer.attention)
    mixed: Array = layer.attention @ repeat_heads(layer.value, heads)
    return mixed


def begins(edit: Edit, own: SiteName) -> tuple[int, int]:
    """Return where an edit first changes anything: in which stack, 0 or 1, and at which layer.

    ``own`` is what the first stack's site is called.
    """
    if isinstance(edit, BlockToken):
        return (0 if edit.of == "text" else 1, 0)
    layer = edit.first if isinstance(edit, BlockEdge) else edit.layer
    return (0 if edit.site == own else 1, layer)


def refuse_unknown(
    model: Model,
    edits: Sequence[Edit],
    text: Text,
    target: Text | None,
    start: int | None = None,
) -> None:
    """Refuse an edit of a layer, a head or a token that is not there.

    ``start`` is how many tokens were read before, where a text is read on: edits are of places of
    the whole of it, which may come yet. None where ``text`` and ``target`` are all there is.

    Raises
    ------
    ValueError
        Naming what there is none of.
    """
    for edit in edits:
        if isinstance(edit, BlockToken):
            read = text if edit.of == "text" else target
            if read is None or not 0 <= edit.token < _places(read, text, target, start):
                raise ValueError(f"there is no token {edit.token}")
            continue
        stack = _stack(model, edit.site)
        asking = text if target is None or edit.site == "encoder" else target
        places = _places(asking, text, target, start)
        if isinstance(edit, BlockEdge):
            asked = places if edit.site != "cross" else len(text)
            _refuse_edge(edit, len(stack.blocks), places, asked)
            continue
        if not 0 <= edit.layer < len(stack.blocks):
            raise ValueError(f"there is no layer {edit.layer}")
        block = stack.blocks[edit.layer]
        known = block.cross if edit.site == "cross" and block.cross else block.attention
        if not 0 <= edit.head < known.config.heads:
            raise ValueError(f"layer {edit.layer} has no head {edit.head}")
        if isinstance(edit, PatchHead):
            width = known.weights.output.weight.shape[1] // known.config.heads
            tokens = len(asking) if places == len(asking) else (start or 0) + len(asking)
            fits = tokens <= len(edit.given) <= places
            if edit.given.shape[1:] != (width,) or not fits:
                raise ValueError(
                    f"a head gives {(tokens, width)} here, and the patch is {edit.given.shape}"
                )


def _places(read: Text, text: Text, target: Text | None, start: int | None) -> int:
    """Return how many places a text has; of one that is read on, as many as there may be."""
    grows = start is not None and read is (text if target is None else target)
    return sys.maxsize if grows else len(read)


def _refuse_edge(edit: BlockEdge, layers: int, queries: int, keys: int) -> None:
    if not (0 <= edit.query < queries and 0 <= edit.key < keys):
        raise ValueError(f"there is no edge from token {edit.query} to token {edit.key}")
    if edit.site != "cross" and edit.query == edit.key:
        # A causal text's first token would have nobody left.
        raise ValueError(f"token {edit.query} always hears itself")
    if not 0 <= edit.first <= edit.last < layers:
        raise ValueError(f"there are no layers {edit.first} to {edit.last}")


def _stack(model: Model, site: SiteName) -> Stack:
    own = "self" if model.decoder is None else "encoder"
    if site == own:
        return model.stack
    if model.decoder is None or site not in ("decoder", "cross"):
        raise ValueError(f"there is no site {site!r}")
    return model.decoder
