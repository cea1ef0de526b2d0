"""Calling a tokenizer, which may fail in ways of its own: each of them in a sentence."""

from __future__ import annotations

import json
from typing import Any

from inspector.errors import MachineError, ModelError
from inspector.referee.faults.explain import SEE, out_of_memory


def run_tokenizer(tokenizer: Any, *texts: Any, **options: Any) -> Any:
    """Call a tokenizer, and say why where it fails.

    Raises
    ------
    ModelError
        When the tokenizer's files are such that it cannot read the text.
    MachineError
        When memory runs out.
    """
    try:
        # Too long a text is told to the user elsewhere, in our words.
        return tokenizer(*texts, verbose=False, **options)
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    # Not only an Exception: Rust's panics are none.
    except BaseException as error:
        if out_of_memory(error):
            raise MachineError(
                "There is not enough memory to tokenize the text.", "Give a shorter text."
            ) from error
        if (unknown := _missing_unknown(tokenizer)) is not None:
            raise ModelError(
                f"The model's tokenizer has no entry {unknown}, which stands for what it does not "
                "know, and the text holds something of that kind.",
                "Use a complete tokenizer.",
            ) from error
        raise ModelError("The model's tokenizer fails on this text.", SEE) from error


def _missing_unknown(tokenizer: Any) -> str | None:
    """Return the piece for what a tokenizer does not know, where its vocabulary lacks it.

    The whole vocabulary would name it all the same: special tokens are added to that.
    """
    if not tokenizer.is_fast:
        return None
    model = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    unknown, vocabulary = model.get("unk_token"), model.get("vocab")
    missing = isinstance(unknown, str) and isinstance(vocabulary, dict)
    return unknown if missing and unknown not in vocabulary else None
