"""From a source to a model ready to run.

Only safetensors are read and no code from a checkpoint is ever run. The hub is contacted only when
a hub id was asked for. The model is loaded eager, in float32 and in evaluation mode: transformers'
default attention returns no weights, and in training mode the weights have been through dropout.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import CONFIG_MAPPING, AutoConfig, AutoTokenizer

from inspector.checkpoint.config import Config, read_config
from inspector.checkpoint.folder import read_folder
from inspector.checkpoint.model.attention import attention_layers
from inspector.checkpoint.sources import Source
from inspector.errors import InputError, ModelError
from inspector.families.registry import row_of
from inspector.families.spec import Family
from inspector.panics import hushed
from inspector.records import Array, AttentionLayer, Checkpoint
from inspector.referee.answers.lm_head import Kind, head_of, part_missing
from inspector.referee.faults.culprit import config_culprit, model_culprit
from inspector.referee.faults.explain import explained
from inspector.referee.hub import fetch
from inspector.referee.quiet import quiet
from inspector.referee.text import halves_of, window

DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to run on many texts: load once, inspect often."""

    #: What it is called, and what its attention is rebuilt from.
    checkpoint: Checkpoint
    #: The transformers model (its base, without a task head) and its tokenizer.
    model: Any
    tokenizer: Any
    #: The registered family; None where there is none.
    family: Family | None
    #: The same model with its head for words, and what kind of head; None where it has none.
    with_head: Any | None = None
    head: Kind | None = None

    def __repr__(self) -> str:
        """Say in one line what it is: torch would else print every module of it."""
        return f"<LoadedModel {self.title!r}, {self.checkpoint.family}>"

    @property
    def title(self) -> str:
        """What the model is called on a page."""
        return self.checkpoint.title

    @property
    def takes_target(self) -> bool:
        """Whether it is an encoder–decoder, whose decoder reads a text of its own."""
        return bool(self.model.config.is_encoder_decoder)


def load(source: Source, *, device: str) -> LoadedModel:
    """Load a model from where its name leads.

    Raises
    ------
    InputError
        When the device is unknown or not there.
    ModelError
        When the model cannot be had, is damaged, or is of a kind that cannot be inspected.
    """
    where = _device(device)
    model, head, tokenizer = _read(source)
    loaded = prepare(source, model, tokenizer, head=head)
    try:
        model.to(where)
    except RuntimeError as error:
        raise InputError(
            f"The model cannot be moved to the device {where}: {_first_line(error)}",
            "Use --device cpu.",
        ) from error
    return loaded


def prepare(source: Source, model: Any, tokenizer: Any, *, head: Kind | None) -> LoadedModel:
    """Put a transformers model together with its family's row and its copied weights.

    ``model`` has its head for words where ``head`` says so, and is the base model else.
    """
    base = model if head is None else model.base_model
    family, no_rebuild = row_of(base.config)
    return LoadedModel(
        checkpoint=Checkpoint(
            name=source.name,
            title=source.title,
            family=base.config.model_type,
            window=window(tokenizer, base.config),
            sha256=source.sha256,
            origin=source.origin,
            attention=_attention(model, family, source.title),
            no_rebuild=no_rebuild,
        ),
        model=base,
        tokenizer=tokenizer,
        family=family,
        with_head=None if head is None else model,
        head=head,
    )


def _attention(model: Any, family: Family | None, title: str) -> tuple[AttentionLayer, ...] | None:
    """Copy what attention is rebuilt from out of the loaded model, before it runs."""
    if family is None:
        return None
    return attention_layers(_Copies(model.state_dict()), family, model.config, title)


class _Copies(Mapping[str, Array]):
    """The tensors of a model by name, each copied when it is asked for."""

    def __init__(self, state: Mapping[str, torch.Tensor]) -> None:
        self._state = state

    def __getitem__(self, name: str) -> Array:
        return np.array(self._state[name].cpu().numpy(), copy=True)

    def __iter__(self) -> Iterator[str]:
        return iter(self._state)

    def __len__(self) -> int:
        return len(self._state)


def _device(name: str) -> str:
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.mps.is_available()}
    if name == "auto":
        return next(device for device in ("cuda", "mps", "cpu") if there[device])
    if name not in there:
        raise InputError(f"There is no device {name!r}.", f"Use one of {', '.join(DEVICES)}.")
    if not there[name]:
        raise InputError(
            f"This machine has no {name} device that torch can use.", "Use --device cpu."
        )
    return name


def _read(source: Source) -> tuple[Any, Kind | None, Any]:
    """Read model, head and tokenizer; every failure becomes a ModelError that says where."""
    # What was checked is what is loaded: of a hub id, the folder of the cache.
    folder, revision = Path(source.path), None
    with quiet():
        if not source.local:
            with explained(source, None, f"The model {source.path} cannot be downloaded"):
                folder, revision = fetch(source)
        said = read_config(folder)
        config = _config(source, said)
        tokenizer = _tokenizer(source, folder, revision)
        if not source.local:
            read_folder(folder)
        head, automatic = head_of(config)
        with explained(
            source,
            folder,
            f"transformers cannot build the model in {folder} from its files",
            lambda: model_culprit(said),
        ):
            model, loading = automatic.from_pretrained(
                str(folder),
                config=config,
                attn_implementation="eager",
                dtype=torch.float32,
                use_safetensors=True,
                output_loading_info=True,
                # What does not fit is refused below, with its name and both shapes.
                ignore_mismatched_sizes=True,
                trust_remote_code=False,
                local_files_only=True,
            )
    missing = sorted(loading["missing_keys"])
    if head is not None:
        missing, without = part_missing(model, missing)
        if without:  # what is there is a base model, whatever its config says
            model, head = model.base_model, None
    _refuse_incomplete(source, missing, loading["mismatched_keys"])
    return model.eval(), head, tokenizer


def _tokenizer(source: Source, folder: Path, revision: str | None) -> Any:
    with (
        explained(source, folder, f"The tokenizer of {source.title} cannot be read from its files"),
        hushed(),
    ):
        return AutoTokenizer.from_pretrained(
            source.path,
            revision=revision or "main",
            trust_remote_code=False,
            local_files_only=source.local,
        )


def _config(source: Source, said: Config) -> Any:
    if said.model_type not in CONFIG_MAPPING:
        raise ModelError(
            f"{said.path} says that the model is a {said.model_type}, which this version of "
            "transformers does not know.",
            "Use a newer transformers or another model; code that comes with a checkpoint is "
            "never run.",
        )
    with explained(
        source,
        said.path.parent,
        f"transformers cannot make sense of {said.path}",
        lambda: config_culprit(said),
    ):
        config = AutoConfig.from_pretrained(
            str(said.path.parent), trust_remote_code=False, local_files_only=True
        )
    # How outputs are packed, and in how many parts the work is done: neither changes a number, and
    # with the first off or the second not dividing the text the model could not be read.
    config.return_dict = True
    for part in (config, *halves_of(config)):
        if hasattr(part, "chunk_size_feed_forward"):
            part.chunk_size_feed_forward = 0
    return config


def _refuse_incomplete(source: Source, absent: list[str], mismatched: Iterable[Any]) -> None:
    """Refuse a checkpoint in which weights are missing: transformers fills them with noise.

    A pooler is the exception: many checkpoints come without one, and it is behind the attention.
    """
    missing = [key for key in absent if not key.startswith(("pooler.", "encoder.pooler."))]
    wrong = sorted(mismatched, key=lambda one: str(one[0]))
    if not missing and not wrong:
        return
    first = f"the first is {missing[0]}" if missing else ""
    if wrong:
        name, stored, expected = wrong[0]
        first = f"{name} is {tuple(stored)} and would be {tuple(expected)}"
    raise ModelError(
        f"The weights of {source.title} do not fit its config: {len(missing)} missing, "
        f"{len(wrong)} of the wrong shape, {first}.",
        "Use a complete checkpoint whose config.json belongs to its weights.",
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]
