"""A checkpoint opened from its files alone: config, weights, tokenizer, pooling.

Neither torch nor transformers is asked. A kind of checkpoint that nobody has written a row for
comes back without a model, and says why: it goes through the referee first.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from inspector.checkpoint.folder import model_folder, read_folder
from inspector.checkpoint.hub import downloaded
from inspector.checkpoint.model.assemble import assemble
from inspector.checkpoint.model.attention import attention_layers
from inspector.checkpoint.pooling import read_pooling
from inspector.checkpoint.sources import Source
from inspector.checkpoint.tokens import limit, read_tokenizer
from inspector.checkpoint.weights import Weights
from inspector.families.config import FamilyConfig, known
from inspector.families.covered import not_run_because
from inspector.families.registry import row_of
from inspector.records import Checkpoint

#: What is brought to float32 as it is used, and then not kept.
_BROUGHT = ("F16", "BF16", "F64")


def open_checkpoint(source: Source) -> Checkpoint:
    """Open a checkpoint where its name leads.

    Its weights are mapped, not read: what the forward does not touch costs nothing.

    Raises
    ------
    ModelError
        When it cannot be had, when a file is missing or damaged, or when the weights lack a tensor
        that the family's row names.
    """
    folder = model_folder(Path(source.path) if source.local else downloaded(source.path))
    files = read_folder(folder, published=source.known)
    folder, values, model_type = files.folder, files.config.values, files.config.model_type
    config: Any = FamilyConfig(model_type, values) if known(model_type) else _Unknown(model_type)
    family, no_rebuild = row_of(config)
    opened = Checkpoint(
        name=source.name,
        title=source.title,
        family=model_type,
        window=None,
        sha256=source.sha256,
        origin=source.origin,
        attention=None,
        no_rebuild=no_rebuild,
        config=config,
        tokenizer=read_tokenizer(folder, source.title),
        pooling=read_pooling(folder),
        folder=folder,
        stored_dtypes=files.weights.stored_dtypes
        if source.origin is None
        else source.origin.stored_dtypes,
    )
    if family is None:
        return opened
    weights = files.weights
    named = tuple(values.get("architectures") or ())
    reason = not_run_because(family, config)
    return replace(
        opened,
        window=limit(folder, config, family),
        attention=attention_layers(weights, family, config, source.title),
        model=None
        if reason
        else assemble(
            weights,
            family,
            config,
            source.title,
            architectures=named,
            kept=_stored_as_used(weights),
        ),
        no_forward=reason,
        tensors=weights,
    )


class _Unknown:
    """The config of a family that nobody has written a row for."""

    def __init__(self, model_type: str) -> None:
        self.model_type = model_type


def _stored_as_used(weights: Weights) -> bool:
    return all(entry.dtype not in _BROUGHT for entry in weights.entries.values())
