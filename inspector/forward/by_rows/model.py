"""The forward of a text that is too long for its attention to be kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from inspector.errors import ModelError
from inspector.forward.block import Around, run_block
from inspector.forward.by_rows.rows import Prepared, Rows, attend_by_rows, prepare
from inspector.forward.embeddings import embed
from inspector.forward.head import word_logits
from inspector.forward.model import finish
from inspector.parallel import Workers
from inspector.record import record
from inspector.records import Array, AttentionLayer, Checkpoint, Mask, Text


class LayerReader(Protocol):
    """Reads one layer's attention as it goes by."""

    def __call__(self, rows: Rows) -> None:
        """Take in some rows of one head; called from several threads."""
        ...

    def end(self) -> None:
        """Do what is to be done behind the layer's last row."""
        ...


#: Is told of each layer before its weights are computed, by its number and what entered it,
#: (T, D), and says who reads them.
ReadLayer = Callable[[int, Array, Prepared, AttentionLayer], LayerReader | None]


@record(frozen=True, slots=True)
class LongPass:
    """What is left of a pass of which no attention was kept."""

    #: (T, D) the states behind the last block and the last norm.
    final: Array
    #: (R, V) the logits of the head for words at the rows that were asked for; None without either.
    logits: Array | None


def forward_by_rows(
    checkpoint: Checkpoint,
    text: Text,
    read: ReadLayer | None = None,
    *,
    rows: list[int],
    blocked: Mask | None = None,
    dtype: type[np.floating[Any]] = np.float32,
) -> LongPass:
    """Run a model of one stack on a text, attention by blocks of query rows.

    The same as ``forward`` but for what it keeps: memory grows with the text and not with its
    square, and what is to be known of the weights is read off as they pass.

    Parameters
    ----------
    read:
        Is told of each layer and returns what reads its rows.
    rows:
        At which R tokens the head for words is asked.
    blocked:
        (T,) True where nobody but the token itself attends to a token.
    dtype:
        float32, or float64, in which everything is then calculated.

    Raises
    ------
    ModelError
        When nobody knows how this checkpoint is put together, or it is an encoder–decoder.
    """
    model = checkpoint.model
    if model is None or model.decoder is not None:
        raise ModelError(
            f"{checkpoint.title} cannot read a text as long as this.",
            "Give a shorter text, or choose a model of one stack that is rebuilt whole.",
        )

    def by_rows(
        layer: int, hidden: Array, known: AttentionLayer, workers: Workers
    ) -> tuple[Array, Array]:
        prepared = prepare(hidden, known, workers)
        reader = None if read is None else read(layer, hidden, prepared, known)
        given = attend_by_rows(prepared, known, watch=reader, blocked=blocked, workers=workers)
        if reader is not None:
            reader.end()
        return prepared.states, given

    with Workers(len(text)) as workers:
        around = Around("self", workers, by_rows=by_rows)
        states = embed(text, model.stack.embeddings, None, dtype, 0)
        for layer, block in enumerate(model.stack.blocks):
            states, _ = run_block(states, block, layer, around)
        final = finish(states, model.stack, workers)
        logits = None
        if model.head is not None and rows:
            logits = word_logits(final[rows], model.head, workers)
    return LongPass(final, logits)
