"""Calling a tokenizer, which may fail in ways of its own: each of them in a sentence."""

from __future__ import annotations

from typing import Any

from inspector.errors import MachineError, ModelError
from inspector.referee.explain import SEE, out_of_memory


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
        unknown = tokenizer.unk_token
        if unknown is not None and unknown not in tokenizer.get_vocab():
            raise ModelError(
                f"The model's tokenizer has no entry {unknown}, which stands for what it does not "
                "know, and the text holds something of that kind.",
                "Use a complete tokenizer.",
            ) from error
        raise ModelError("The model's tokenizer fails on this text.", SEE) from error
