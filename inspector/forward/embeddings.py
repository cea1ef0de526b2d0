"""What the tokens are before the first block: words, places and segments."""

from __future__ import annotations

from typing import Any

import numpy as np

from inspector.forward.casting import cast
from inspector.forward.norms import apply_norm
from inspector.forward.products import project
from inspector.records import Array, Embeddings, Mask, Text
from inspector.records.text import Int64


def embed(
    text: Text,
    tables: Embeddings,
    present: Mask | None = None,
    dtype: type[np.floating[Any]] = np.float32,
    start: int = 0,
) -> Array:
    """Return the states that enter the first block, (T, D).

    ``present`` is (T,), False where a token is padding; ``start`` is how many tokens, none of them
    padding, came before the text. Only the rows that the text needs are taken out of the tables.
    """
    states: Array = tables.words[text.ids].astype(dtype)
    projection, norm = cast(tables.projection, dtype), cast(tables.norm, dtype)
    if tables.dropped is not None:
        _drop(states, text.ids == tables.dropped, len(text) if present is None else present.sum())
    if tables.scale is not None:
        states *= dtype(tables.scale)
    if projection is not None and tables.projected == "words":
        states = project(states, projection)
    if norm is not None and tables.normed == "words":
        states = apply_norm(states, norm)
    if tables.types is not None and not (tables.types_if_told and text.token_types is None):
        told = np.zeros_like(text.ids) if text.token_types is None else text.token_types
        types = tables.types[told].astype(dtype, copy=False)
        # Where they are words themselves, they are scaled as words are.
        states += types * dtype(tables.scale) if tables.types_if_told and tables.scale else types
    if tables.positions is not None:
        states += tables.positions[places(text.ids, tables, present) + start]
    if tables.task is not None:
        states += tables.task
    if projection is not None and tables.projected == "sum":
        states = project(states, projection)
    if norm is not None and tables.normed == "sum":
        states = apply_norm(states, norm)
    if tables.padding_is_zero and present is not None:
        states[~present] = 0
    if projection is not None and tables.projected == "norm":
        states = project(states, projection)
    return states


def _drop(states: Array, masked: Mask, tokens: int | np.integer[Any]) -> None:
    """Take masked tokens for dropped out, in place, as ESM does (Rives et al. 2021).

    They become zeros. In training 80 % of the 15 % of tokens that were asked for were masked: what
    is left here is scaled to the share that was left there.
    """
    states[masked] = 0
    states *= states.dtype.type((1 - 0.15 * 0.8) / (1 - masked.sum() / tokens))


def places(ids: Int64, tables: Embeddings, present: Mask | None) -> Int64:
    """Return the row of the table of places that each token takes."""
    if tables.counted == "order":
        return np.arange(len(ids)) + tables.offset
    if tables.counted == "ids":
        counted: Int64 = (ids != tables.padding).astype(np.int64)
    else:
        counted = np.ones_like(ids) if present is None else present.astype(np.int64)
    found: Int64 = np.cumsum(counted) * counted + tables.offset
    # Among the words the first place is 1, behind the padding token's own.
    return found if tables.counted == "ids" else found - 1
