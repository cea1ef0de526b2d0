"""A whole model put together: its embeddings, its blocks, its head for words.

float32 tensors are views of the mapped file: a block costs nothing until it is calculated with.
float16 and bfloat16 are widened when a block is asked for, and forgotten with it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from inspector.checkpoint.model.block import Blocks, block, body_of
from inspector.checkpoint.model.modules import Modules
from inspector.checkpoint.model.sinusoids import sinusoids
from inspector.errors import ModelError
from inspector.families.attention_numbers import rope_windows
from inspector.families.parts import Embed, WordHead, found
from inspector.families.spec import Family
from inspector.records import Array, Embeddings, Head, Model, Stack


def assemble(
    tensors: Mapping[str, Array],
    family: Family,
    config: Any,
    title: str,
    *,
    architectures: Sequence[str] = (),
    kept: bool = True,
) -> Model:
    """Return the model that the row of a family describes.

    ``architectures`` are those of the config: the head for words is there where it is named among
    them and the file has all of it. ``kept`` says whether blocks are kept once they are built.

    Raises
    ------
    ModelError
        When the row names a tensor that the file lacks.
    """
    rows = {row.site: row for row in family.sites}
    encoder = _stack(tensors, family, None, config, title, kept=kept)
    if family.bridge and _widths_differ(family, config):
        bridge = Modules(tensors, family, config, title).projection(family.bridge, within_file=True)
        encoder = replace(encoder, projection=bridge)
    decoder = (
        _stack(tensors, rows["decoder"], rows["cross"], config, title, kept=kept)
        if family.others
        else None
    )
    # The head is behind the last stack.
    modules = Modules(tensors, family.sites[-1], config, title)
    named = family.head is not None and family.head.architecture in architectures
    return Model(
        stack=encoder,
        decoder=decoder,
        head=_head(modules, family, config, (decoder or encoder).embeddings.words)
        if named
        else None,
        float32_parts=any(_in_float32(row, config) for row in family.sites),
        rope_windows=rope_windows(family, config),
    )


def _widths_differ(family: Family, config: Any) -> bool:
    """Say whether an encoder's states are of another width than its decoder's."""
    return len({int(site.own(config).hidden_size) for site in family.sites}) > 1


def _in_float32(family: Family, config: Any) -> bool:
    """Say whether something is taken in float32, where what is made of it differs at the end."""
    places = "" if family.body is None else family.body.embeddings.sinusoids
    sines = family.turns(config) or places in ("ctrl", "fairseq")
    return family.float32_softmax or family.float32_norms or sines


def _stack(
    tensors: Mapping[str, Array],
    family: Family,
    cross: Family | None,
    config: Any,
    title: str,
    *,
    kept: bool,
) -> Stack:
    config = family.own(config)
    modules = Modules(tensors, family, config, title)
    body = body_of(family)
    norm = found(body.final_norm, config)
    back = body.projection if _narrower(body.embeddings, config) else ""
    return Stack(
        embeddings=_embeddings(modules, body.embeddings, config),
        blocks=Blocks(
            partial(block, modules, family, cross, config),
            int(getattr(config, family.layers)),
            kept=kept,
        ),
        norm=modules.norm(norm) if norm else None,
        projection=modules.linear(back) if back else None,
    )


def _narrower(embed: Embed, config: Any) -> bool:
    """Say whether the words' vectors have another width than the states."""
    width = int(config.hidden_size)
    return not embed.width or int(getattr(config, embed.width, None) or width) != width


def _embeddings(modules: Modules, embed: Embed, config: Any) -> Embeddings:
    words = next((path for path in embed.words if modules.has(f"{path}.weight")), embed.words[-1])
    table = modules.tensor(f"{words}.weight")
    positions, types, tasks = (
        found(where, config) for where in (embed.positions, embed.types, embed.tasks)
    )
    has_types = types and (embed.types_are_words or int(config.type_vocab_size) > 0)
    padding = getattr(config, "pad_token_id", None) if embed.padding is None else embed.padding
    return Embeddings(
        words=table,
        positions=_places(modules, embed, positions, config, padding) if positions else None,
        # Places among the words begin behind the padding token's own.
        offset=int(padding) if embed.counted == "ids" and padding is not None else embed.offset,
        counted=embed.counted,
        padding=_whole(padding),
        types=modules.tensor(f"{types}.weight") if has_types else None,
        types_if_told=embed.types_are_words,
        task=modules.tensor(f"{tasks}.weight")[0] if tasks else None,
        scale=_scale(embed, config),
        norm=modules.norm(norm) if (norm := found(embed.norm, config)) else None,
        projection=modules.linear(embed.projection)
        if embed.projection and _narrower(embed, config)
        else None,
        projected=embed.projected,
        padding_is_zero=embed.padding_is_zero,
        normed=embed.normed,
        dropped=_whole(getattr(config, "mask_token_id", None))
        if embed.dropped_if and getattr(config, embed.dropped_if)
        else None,
    )


def _scale(embed: Embed, config: Any) -> float | None:
    if embed.multiplier:
        return float(getattr(config, embed.multiplier))
    if not embed.scale or not getattr(config, embed.scale_if or "", True):
        return None
    root = math.sqrt(int(config.hidden_size))
    return float(np.float32(root)) if embed.scale == "float32 root" else root


def _places(modules: Modules, embed: Embed, path: str, config: Any, padding: int | None) -> Array:
    # Whatever an older file of fairseq's kin has: the model makes the table anew.
    if embed.sinusoids == "fairseq" or (embed.sinusoids and not modules.has(f"{path}.weight")):
        first = embed.offset if embed.counted != "ids" or padding is None else padding + 1
        places = int(config.max_position_embeddings) + first
        return sinusoids(embed.sinusoids, places, int(config.hidden_size), padding)
    return modules.tensor(f"{path}.weight")


def _head(modules: Modules, family: Family, config: Any, table: Array) -> Head | None:
    """Return the head for words, or None where the file has only a part of it."""
    if (row := family.head) is None:
        return None
    # The last stack's own config says what there is to say of its end; whether words are tied, only
    # where the stack is a model by itself.
    own = family.sites[-1].own(config)
    tied = (own if family.sites[-1].stands else config).tie_word_embeddings
    config = own
    transform, norm = found(row.transform, config), found(row.norm, config)
    own = [modules.within_file(f"{path}.weight") for path in row.words]
    words = next((one for one in own if one is not None), None)
    if tied and not row.never_tied:
        words = table
    biases = row.bias if getattr(config, row.bias_if or "", True) else ()
    # The words' own module has one too: the same where words are tied, else the one that counts.
    ordered = biases if tied and not row.never_tied else biases[::-1]
    bias = next((b for b in map(modules.within_file, ordered) if b is not None), None)
    try:
        return (
            None
            if words is None or (biases and bias is None)
            else Head(
                kind=row.kind,
                transform=modules.projection(transform, within_file=True) if transform else None,
                activation=row.fixed or (str(getattr(config, row.activation)) if transform else ""),
                norm=modules.norm(norm, within_file=True) if norm else None,
                words=words,
                bias=None if bias is None else bias.reshape(-1),
                scale=_head_scale(row, config),
                softcap=_number(getattr(config, row.softcap or "", None)),
            )
        )
    except ModelError:  # what is there is a base model, whatever its config says
        return None


def _head_scale(row: WordHead, config: Any) -> float | None:
    """Return what makes the logits of the states beside the words: a product is one either way."""
    if row.multiplier:
        return float(getattr(config, row.multiplier))
    if row.divisor:
        return 1 / float(getattr(config, row.divisor))
    if row.scale_if and getattr(config, row.scale_if):
        return float(int(config.hidden_size) ** -0.5)
    return None


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
