"""The real model writes: transformers' own ``generate``, greedy, with nothing besides.

What a checkpoint says of how it likes to write (beams, penalties, tokens that are forced or
forbidden) is put aside, as ``writing/generate.py`` does.
"""

from __future__ import annotations

from collections.abc import Collection
from inspect import signature
from typing import Any

import torch
from transformers import AutoModelForSeq2SeqLM
from transformers import GenerationConfig as _GenerationConfig

from inspector.errors import MachineError, ModelError
from inspector.records import Array, Text
from inspector.referee.faults.explain import out_of_memory
from inspector.referee.faults.running import run_explained
from inspector.referee.loading import LoadedModel
from inspector.referee.quiet import quiet

# The class carries no annotations.
_config: Any = _GenerationConfig


class Writer:
    """A model with its head for words, of an encoder–decoder too."""

    def __init__(self, loaded: LoadedModel) -> None:
        """Take the model's own head, or load the one of an encoder–decoder from its files.

        Raises
        ------
        ModelError
            When there is no head.
        """
        self._loaded = loaded
        self._model = _with_head(loaded)
        # Others are told of segments too, and make nothing of it; ``generate`` then refuses.
        self._named = signature(self._model.forward).parameters

    def write(
        self, text: Text, target: Text | None, tokens: int, ends: Collection[int]
    ) -> list[int]:
        """Return what is written behind a text, or behind the beginning of a target.

        Raises
        ------
        ModelError
            When the model fails.
        MachineError
            When memory runs out.
        """
        inputs = self._inputs(text, target)
        asked = _config(
            max_new_tokens=tokens,
            do_sample=False,
            num_beams=1,
            eos_token_id=sorted(ends) or None,
            decoder_start_token_id=None if target is None else int(target.ids[0]),
            # Nothing is padded: a batch of one.
            pad_token_id=0,
        )
        own = self._model.generation_config
        self._model.generation_config = _config()
        try:
            found = self._run(lambda: self._model.generate(**inputs, generation_config=asked))
        finally:
            self._model.generation_config = own
        begun = text if target is None else target
        written: list[int] = found[0, len(begun) :].tolist()
        return written

    def logits(self, text: Text, target: Text | None) -> Array:
        """Return the logits, (T, V), at every token of the text, or of what a decoder reads.

        Raises
        ------
        ModelError
            When the model fails.
        MachineError
            When memory runs out.
        """
        inputs = self._inputs(text, target)
        found: Array = self._run(lambda: self._model(**inputs)).logits[0].cpu().numpy()
        return found

    def _inputs(self, text: Text, target: Text | None) -> dict[str, torch.Tensor]:
        ids = torch.from_numpy(text.ids)[None]
        inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        if target is not None:
            inputs["decoder_input_ids"] = torch.from_numpy(target.ids)[None]
        elif text.token_types is not None and "token_type_ids" in self._named:
            inputs["token_type_ids"] = torch.from_numpy(text.token_types)[None]
        return {name: tensor.to(self._model.device) for name, tensor in inputs.items()}

    def _run(self, work: Any) -> Any:
        try:
            with torch.inference_mode(), quiet(), run_explained(self._loaded):
                return work()
        except (MemoryError, RuntimeError) as error:
            if not out_of_memory(error):
                raise
            raise MachineError(
                "There is not enough memory to write the text.", "Ask for fewer tokens."
            ) from error


def _with_head(loaded: LoadedModel) -> Any:
    if not loaded.takes_target:
        if loaded.head != "causal" or loaded.with_head is None:
            raise ModelError(
                f"transformers finds no head that writes in {loaded.title}.",
                "Choose a checkpoint with its language-model head.",
            )
        return loaded.with_head
    with quiet():
        model = AutoModelForSeq2SeqLM.from_pretrained(
            loaded.model.name_or_path,
            # As it was changed for what is proved, such as no feed-forward in pieces.
            config=loaded.model.config,
            attn_implementation="eager",
            dtype=torch.float32,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
        )
    return model.eval().to(loaded.model.device)
