"""Calling a tokenizer, which may fail in ways of its own: each of them in a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from inspector.checkpoint.encoded import failed
from inspector.errors import MachineError
from inspector.panics import hushed
from inspector.referee.faults.explain import out_of_memory


def run_tokenizer(tokenizer: Any, *texts: Any, **options: Any) -> Any:
    """Call a tokenizer, and say why where it fails.

    Raises
    ------
    ModelError
        When the tokenizer's files are such that it cannot read the text.
    MachineError
        When memory runs out.
    """
    with _told(tokenizer):
        # Too long a text is told to the user elsewhere, in our words.
        return tokenizer(*texts, verbose=False, **options)


def tokenize_chat(tokenizer: Any, rendered: str, *, options: dict[str, Any], **cutting: Any) -> Any:
    """Tokenize a rendered chat as the tokenizer does when it has rendered one itself.

    ``options`` are what a tokenizer is called with, ``cutting`` how it cuts.

    Raises
    ------
    ModelError
        When the tokenizer's files are such that it cannot read the text.
    MachineError
        When memory runs out.
    """
    with _told(tokenizer):
        return tokenizer.apply_chat_template(
            [{"role": "user", "content": ""}],
            chat_template="{{ rendered }}",
            rendered=rendered,
            return_dict=True,
            return_tensors="pt",
            tokenizer_kwargs={"verbose": False} | options,
            **cutting,
        )


def decode(tokenizer: Any, entries: Sequence[int]) -> str:
    """Return entries of the vocabulary as a tokenizer writes them together.

    Raises
    ------
    ModelError
        When the tokenizer's files are such that it cannot.
    """
    with _told(tokenizer):
        return str(tokenizer.decode([*entries]))


@contextmanager
def _told(tokenizer: Any) -> Iterator[None]:
    try:
        with hushed():
            yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    # Not only an Exception: Rust's panics are none.
    except BaseException as error:
        if out_of_memory(error):
            raise MachineError(
                "There is not enough memory to tokenize the text.", "Give a shorter text."
            ) from error
        described = tokenizer.backend_tokenizer.to_str() if tokenizer.is_fast else None
        raise failed(described) from error
