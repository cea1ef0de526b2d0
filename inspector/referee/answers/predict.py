"""What the real model answers: off its logits what it says of the words, or a text's embedding."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from inspector.checkpoint.pieces import read_entry
from inspector.forward.pooling import pool
from inspector.forward.predictions import read_predictions
from inspector.records import Array, Predictions, Text, Trace
from inspector.referee.tokenizing import decode

if TYPE_CHECKING:
    from inspector.referee.answers.lm_head import Kind
    from inspector.referee.loading import LoadedModel


def with_answer(loaded: LoadedModel, trace: Trace) -> Trace:
    """Add to a pass what the model answers; an encoder–decoder answers nothing here."""
    if trace.logits is not None and loaded.head is not None:
        said = predict(trace.logits, trace.text, loaded.tokenizer, loaded.head)
        return replace(trace, predictions=said)
    pooling, final = loaded.checkpoint.pooling, trace.final
    if loaded.takes_target or pooling is None or final is None:
        return trace
    return replace(trace, embedding=pool(final, pooling))


def predict(logits: Array, text: Text, tokenizer: Any, kind: Kind) -> Predictions:
    """Read the predictions off the logits of a text, (T, vocabulary), whoever computed them."""

    def read(entry: int) -> str:
        (piece,) = tokenizer.convert_ids_to_tokens([entry])
        return read_entry(piece or "", decode(tokenizer, [entry]))

    return read_predictions(logits, text, kind, mask=tokenizer.mask_token_id, read=read)
