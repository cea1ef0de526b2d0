"""What edits come to in one attention sub-layer, and which of them name what is not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inspector.records import (
    Array,
    BlockEdge,
    BlockToken,
    Edit,
    Mask,
    Model,
    PatchHead,
    SilenceHead,
    SiteName,
    Stack,
    Text,
)


@dataclass(frozen=True, slots=True)
class Change:
    """What is changed in one attention sub-layer for one text."""

    #: (T, S) True where a query attends to a key no longer; None for nowhere.
    forbidden: Mask | None = None
    heads: tuple[SilenceHead | PatchHead, ...] = ()

    def apply(self, mixed: Array, start: int = 0) -> None:
        """Change what the heads give, (H, T, d), in place; ``start`` is the first place."""
        for edit in self.heads:
            if isinstance(edit, PatchHead):
                mixed[edit.head] = edit.given[start : start + mixed.shape[1]]
            elif edit.to == "mean":
                mixed[edit.head] = mixed[edit.head].mean(axis=0)
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
                if edit.site == site and edit.first <= layer <= edit.last and 0 <= row < queries:
                    forbidden[row, edit.key] = True
    if start and any(isinstance(edit, SilenceHead) and edit.to == "mean" for edit in heads):
        raise ValueError("a head's mean over the text does not go with a cache")
    return Change(forbidden if forbidden.any() else None, tuple(heads))


def begins(edit: Edit, own: SiteName) -> tuple[int, int]:
    """Return where an edit first changes anything: in which stack, 0 or 1, and at which layer.

    ``own`` is what the first stack's site is called.
    """
    if isinstance(edit, BlockToken):
        return (0 if edit.of == "text" else 1, 0)
    layer = edit.first if isinstance(edit, BlockEdge) else edit.layer
    return (0 if edit.site == own else 1, layer)


def refuse_unknown(model: Model, edits: Sequence[Edit], text: Text, target: Text | None) -> None:
    """Refuse an edit of a layer, a head or a token that is not there.

    Raises
    ------
    ValueError
        Naming what there is none of.
    """
    for edit in edits:
        if isinstance(edit, BlockToken):
            read = text if edit.of == "text" else target
            if read is None or not 0 <= edit.token < len(read):
                raise ValueError(f"there is no token {edit.token}")
            continue
        stack = _stack(model, edit.site)
        if isinstance(edit, BlockEdge):
            _refuse_edge(edit, stack, text, target)
            continue
        if not 0 <= edit.layer < len(stack.blocks):
            raise ValueError(f"there is no layer {edit.layer}")
        block = stack.blocks[edit.layer]
        known = block.cross if edit.site == "cross" and block.cross else block.attention
        if not 0 <= edit.head < known.config.heads:
            raise ValueError(f"layer {edit.layer} has no head {edit.head}")
        if isinstance(edit, PatchHead):
            asking = text if target is None or edit.site == "encoder" else target
            width = known.weights.output.weight.shape[1] // known.config.heads
            if edit.given.shape != (len(asking), width):
                raise ValueError(
                    f"a head gives {(len(asking), width)} here, and the patch is {edit.given.shape}"
                )


def _refuse_edge(edit: BlockEdge, stack: Stack, text: Text, target: Text | None) -> None:
    asking = text if target is None or edit.site == "encoder" else target
    attended = asking if edit.site != "cross" else text
    if not (0 <= edit.query < len(asking) and 0 <= edit.key < len(attended)):
        raise ValueError(f"there is no edge from token {edit.query} to token {edit.key}")
    if not 0 <= edit.first <= edit.last < len(stack.blocks):
        raise ValueError(f"there are no layers {edit.first} to {edit.last}")


def _stack(model: Model, site: SiteName) -> Stack:
    own = "self" if model.decoder is None else "encoder"
    if site == own:
        return model.stack
    if model.decoder is None or site not in ("decoder", "cross"):
        raise ValueError(f"there is no site {site!r}")
    return model.decoder
