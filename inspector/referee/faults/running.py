"""What may go wrong when a loaded model runs, said in a sentence that names the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from inspector.checkpoint.encoded import SEE
from inspector.errors import InspectorError, ModelError
from inspector.referee.faults.explain import out_of_memory, raised_here
from inspector.referee.loading import LoadedModel


def named(loaded: LoadedModel) -> str:
    """Return what to call a model in a sentence: its title and its kind."""
    return f"{loaded.title} ({loaded.model.config.model_type})"


@contextmanager
def run_explained(loaded: LoadedModel) -> Iterator[None]:
    """Turn what transformers' code for a model raises while it runs into a sentence.

    What this package itself raises goes through, and so does that memory has run out.

    Raises
    ------
    ModelError
        When the model cannot be run.
    """
    try:
        yield
    except InspectorError:
        raise
    except Exception as error:
        if out_of_memory(error) or raised_here(error):
            raise
        raise ModelError(
            f"{named(loaded)} cannot be run on this text: transformers' own code for it fails.",
            SEE,
        ) from error


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
