"""Ids for which a model has no embedding: its tokenizer is another model's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from inspector.errors import ModelError
from inspector.referee.loading import LoadedModel


def named(loaded: LoadedModel) -> str:
    """Return what to call a model in a sentence: its title and its kind."""
    return f"{loaded.title} ({loaded.model.config.model_type})"


def refuse_foreign_ids(loaded: LoadedModel, inputs: Mapping[str, torch.Tensor]) -> None:
    """Refuse ids beyond the rows of the model's embeddings.

    Raises
    ------
    ModelError
        With the first of them and its piece.
    """
    for name, whose in (("input_ids", None), ("decoder_input_ids", "decoder")):
        if name not in inputs or (rows := _rows(loaded.model, whose)) is None:
            continue
        beyond = inputs[name][(inputs[name] >= rows) | (inputs[name] < 0)]
        if len(beyond):
            first = int(beyond[0])
            piece = loaded.tokenizer.convert_ids_to_tokens(first) if first >= 0 else None
            raise ModelError(
                f"The tokenizer of {named(loaded)} gives the id {first} ({piece}), and the model "
                f"has {rows:,} embeddings.",
                "Use the tokenizer that belongs to the model.",
            )


def _rows(model: Any, part: str | None) -> int | None:
    """Return how many rows the embeddings have; None where a model looks ids up otherwise."""
    try:
        table = (getattr(model, part) if part else model).get_input_embeddings()
    except (AttributeError, NotImplementedError):
        return None
    return getattr(table, "num_embeddings", None)
