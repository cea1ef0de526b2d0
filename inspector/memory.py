"""Whether there is memory for a text, told before it is begun and not when none is left."""

from __future__ import annotations

from inspector.errors import MachineError
from inspector.files.machine import available_memory
from inspector.records import Checkpoint

_FLOAT32, _FLOAT16 = 4, 2
_GIGA = 1_000_000_000


def matrices_size(checkpoint: Checkpoint, tokens: int, seconds: int) -> int:
    """Return the bytes of all attention weights of a text, and of its target's ``seconds`` tokens.

    0 where nobody knows how many heads there are.
    """
    rows = max(tokens, seconds)
    return sum(layer.config.heads * rows**2 * _FLOAT32 for layer in checkpoint.attention or ())


def readings_size(checkpoint: Checkpoint, tokens: int, spans: int, rows: int) -> int:
    """Return the bytes of what is kept of a long text: queries, keys, readings and some rows.

    An estimate from below: biases, what one layer needs while it is read, and queries and keys for
    which float16 is not enough are not in it. 0 where nobody knows how many heads there are.
    """
    total = 0
    for layer in checkpoint.attention or ():
        config = layer.config
        total += (config.heads + config.kv_heads) * tokens * config.head_dim * _FLOAT16
        total += config.heads * _FLOAT32 * (rows * tokens + spans**2 + tokens)
    return total


def refuse_no_memory(
    checkpoint: Checkpoint, needed: int, tokens: int, hint: str = "Give a shorter text."
) -> None:
    """Refuse a text that needs more bytes of memory than can be had.

    Raises
    ------
    MachineError
        With both sizes, where what can be had is known.
    """
    free = available_memory()
    if free is not None and needed > free:
        raise MachineError(
            f"{tokens:,} tokens through {checkpoint.title} need {_size(needed)} of memory, and "
            f"{_size(free)} are free.",
            hint,
        )


def _size(count: int) -> str:
    return f"{count / 1e6:.0f} MB" if count < _GIGA else f"{count / _GIGA:.1f} GB"
